package syncback

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
	"holdover/mailstore"
)

func everyone(email.MailboxID) bool { return true }

// randomLedger writes rows as no drain would make them: any state, any age, any order.
func randomLedger(b *bench, rnd *rand.Rand) (rows []row) {
	b.t.Helper()
	since := b.clock.now()
	ops := []operation{deliver, put, draft, erase, flags, move, folder}
	notes := []Note{"", "", "", Junk, Moved, Trash, Twice, Gone}
	for i := range 20 + rnd.IntN(150) {
		r := row{mailbox: []email.MailboxID{anna, bert}[rnd.IntN(2)], seq: mailstore.Seq(i + 1), item: fmt.Sprintf("item%d", rnd.IntN(40)), kind: mailstore.Moved,
			op: ops[rnd.IntN(len(ops))], state: byRank[rnd.IntN(6)], words: []string{"2.6.0 queued", "quarantined"}[rnd.IntN(2)],
			at: millis(since) + int64(rnd.IntN(5)-2)*1000, changed: millis(since) + int64(rnd.IntN(5)-2)*1000, resent: rnd.IntN(3)}
		if r.state == Verified {
			r.note = notes[rnd.IntN(len(notes))]
		}
		rows = append(rows, r)
	}
	b.must(b.db.Write(b.ctx, func(tx *database.Tx) error {
		for _, r := range rows {
			if err := insert(tx, r); err != nil {
				return err
			}
		}
		return nil
	}))
	return rows
}

// counted is the account as one would count by hand.
func counted(rows []row, span Span, covers func(email.MailboxID) bool) (t Tally) {
	type item struct {
		mailbox email.MailboxID
		item    string
	}
	least, message, note, resent, hint := map[item]int{}, map[item]bool{}, map[item]Note{}, map[item]int{}, map[item]bool{}
	for _, r := range rows {
		at := fromMillis(r.at)
		inside := !at.Before(span.Since) && (span.Until.IsZero() || at.Before(span.Until))
		leftOver := at.Before(span.Since) && (r.state != Verified && r.state != Parked || !fromMillis(r.changed).Before(span.Since))
		if !inside && !leftOver || !covers(r.mailbox) {
			continue
		}
		t.Changes.add(r.state, 1)
		k := item{r.mailbox, r.item}
		if old, ok := least[k]; !ok || r.state.rankNumber() < old {
			least[k] = r.state.rankNumber()
		}
		if r.op == deliver || r.op == put || r.op == draft {
			message[k], note[k] = true, max(note[k], r.note)
		}
		resent[k] = max(resent[k], r.resent)
		hint[k] = hint[k] || r.state == Accepted && r.words == "quarantined"
	}
	for k := range message {
		state := byRank[least[k]]
		t.Messages.add(state, 1)
		if resent[k] > 0 {
			t.Resent++
		}
		if state == Verified {
			t.note(note[k], 1)
		}
		if state == Accepted && hint[k] {
			t.Hints++
		}
	}
	return t
}

// TestAccountCloses: whatever the ledger, the account closes, for each mailbox and in all, it counts
// what one counts by hand, and every number has a list of just that many lines, page by page.
func TestAccountCloses(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		for seed := range uint64(6) {
			b := newBenchOn(t, open(t))
			rnd := rand.New(rand.NewPCG(seed, 3))
			rows := randomLedger(b, rnd)
			span := Span{Since: b.clock.now()}
			if seed%2 == 1 {
				span.Until = span.Since.Add(time.Second)
			}
			covers := func(m email.MailboxID) bool { return seed%3 != 2 || m == bert }
			account, err := b.sync.Account(b.ctx, span, covers)
			b.must(err)
			want := counted(rows, span, covers)
			if got := account.Tally; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || !account.Closes() {
				t.Errorf("seed %d, closes %v:\n%+v, want\n%+v", seed, account.Closes(), got, want)
			}
			for _, box := range account.Boxes {
				if alone := counted(rows, span, func(m email.MailboxID) bool { return m == box.Mailbox }); fmt.Sprintf("%+v", alone) != fmt.Sprintf("%+v", box.Tally) {
					t.Errorf("seed %d, %s: %+v, want %+v", seed, box.Mailbox, box.Tally, alone)
				}
			}
			checkLists(b, account, span, covers)
		}
	})
}

func checkLists(b *bench, account Account, span Span, covers func(email.MailboxID) bool) {
	b.t.Helper()
	var boxes []email.MailboxID
	for _, m := range []email.MailboxID{anna, bert} {
		if covers(m) {
			boxes = append(boxes, m)
		}
	}
	check := func(what string, want int, f Filter) {
		b.t.Helper()
		f.Span, f.Mailboxes, f.Limit = span, boxes, 7
		seen := map[string]bool{}
		for pages := 0; ; pages++ {
			lines, next, err := b.sync.List(b.ctx, f)
			b.must(err)
			for _, l := range lines {
				key := fmt.Sprint(l.Mailbox, l.Seq)
				if seen[key] || len(f.States) > 0 && l.State != f.States[0] {
					b.t.Fatalf("%s: %+v is listed twice or is no such line", what, l)
				}
				seen[key] = true
			}
			if f.After = next; next == "" {
				break
			}
			if pages > 100 {
				b.t.Fatalf("%s: pages without end", what)
			}
		}
		if len(seen) != want {
			b.t.Errorf("%s: the account says %d, its list has %d", what, want, len(seen))
		}
	}
	for _, state := range append([]State{""}, byRank...) {
		states := []State{state}
		if state == "" {
			states = nil
		}
		check("messages "+string(state), account.Messages.Of(state), Filter{Messages: true, States: states})
		check("changes "+string(state), account.Changes.Of(state), Filter{States: states})
	}
	for note, n := range account.Notes {
		check("found "+string(note), n, Filter{Messages: true, States: []State{Verified}, Note: note})
	}
	check("sent again", account.Resent, Filter{Messages: true, Resent: true})
	check("in quarantine", account.Hints, Filter{Messages: true, States: []State{Accepted}, Hint: true})
}

// TestCrosscheck: what the store took on is compared with the ledger. An entry that never became a
// row, one that is not planned yet, and a row that vanished are told apart.
func TestCrosscheck(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		b := newBenchOn(t, open(t))
		began := b.clock.now()
		e := b.start(continuity.Outage, continuity.Scope{All: true})
		b.history(anna, "alt@x") // Exchange's own: not owed
		for i := range 5 {
			b.arrive(anna, fmt.Sprintf("neu%d@x", i))
		}
		b.colleague(bert, "intern@x")
		draft, version := b.draft(anna, "", 0, "gesendet@x", "eins")
		b.draft(anna, "", 0, "bleibt@x", "noch nicht") // a draft is not owed
		b.send(anna, draft, version, "gesendet@x")
		b.release()
		check := func(want Crosscheck) {
			t.Helper()
			got, err := b.sync.Crosscheck(b.ctx, Span{Since: began}, everyone)
			b.must(err)
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || got.Good() != (len(want.Missing) == 0) {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		check(Crosscheck{Store: 7, Coming: 7})
		_, err := b.pass()
		b.must(err)
		check(Crosscheck{Store: 7, Ledger: 7})
		b.end(e)
		b.drain()
		check(Crosscheck{Store: 7, Ledger: 7})
		gone := b.row(bert, 1)
		b.must(b.db.Write(b.ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`DELETE FROM syncback_item WHERE mailbox=? AND seq=1`, string(bert))
			return err
		}))
		check(Crosscheck{Store: 7, Ledger: 6, Missing: []Orphan{{bert, gone.message()}}})
		if c, err := b.sync.Crosscheck(b.ctx, Span{Since: began}, func(m email.MailboxID) bool { return m == anna }); err != nil || !c.Good() || c.Store != 6 {
			t.Errorf("Anna's alone: %+v %v", c, err)
		}
	})
}

// TestSkippedEntryShows: the planted mistake of a cursor that skips an entry is named, message by
// message.
func TestSkippedEntryShows(t *testing.T) {
	b := newBench(t)
	b.o.faults.skipEntry = true
	b.restart()
	began := b.clock.now()
	lost := b.arrive(anna, "uebersprungen@x")
	b.arrive(anna, "gesehen@x")
	b.drain()
	account, err := b.sync.Account(b.ctx, Span{Since: began}, everyone)
	b.must(err)
	check, err := b.sync.Crosscheck(b.ctx, Span{Since: began}, everyone)
	b.must(err)
	if !account.Done() {
		t.Fatalf("the ledger alone should see nothing wrong: %+v", account.Tally)
	}
	if check.Good() || len(check.Missing) != 1 || check.Missing[0] != (Orphan{anna, lost}) {
		t.Errorf("%+v", check)
	}
}

// TestMessagesAndChanges: a message with three changes is one message.
func TestMessagesAndChanges(t *testing.T) {
	b := newBench(t)
	old := b.history(anna, "alt@x")
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	began := b.clock.now()
	id := b.arrive(anna, "neu@x")
	b.flag(anna, id, true, false)
	b.move(anna, id, mailstore.Archive)
	b.flag(anna, old, true, false)
	b.draft(anna, "", 0, "entwurf@x", "eins")
	_, err := b.pass()
	b.must(err)
	account, err := b.sync.Account(b.ctx, Span{Since: began}, everyone)
	b.must(err)
	if account.Messages.Total != 2 || account.Changes.Total != 5 || account.Messages.Waiting != 2 || account.Done() {
		t.Errorf("%+v", account.Tally)
	}
	b.clock.move(time.Second)
	b.end(e)
	b.drain()
	account, err = b.sync.Account(b.ctx, Span{Since: began, Until: b.clock.now()}, everyone)
	b.must(err)
	if account.Messages.Verified != 2 || account.Changes.Verified != 5 || !account.Done() {
		t.Errorf("%+v", account.Tally)
	}
}

// TestRetryAll lets everything parked of a scope try again, and nothing else.
func TestRetryAll(t *testing.T) {
	b := newBench(t)
	b.world.script = func(op, _ string) fault { return refused }
	for i := range 3 {
		b.arrive(anna, fmt.Sprintf("a%d@x", i))
	}
	b.arrive(bert, "b@x")
	b.drain()
	b.world.script = func(string, string) fault { return fine }
	n, err := b.sync.RetryAll(b.ctx, Filter{Mailboxes: []email.MailboxID{anna}}, "admin")
	b.must(err)
	b.drain()
	account, err := b.sync.Account(b.ctx, Span{}, everyone)
	b.must(err)
	if n != 3 || account.Messages.Verified != 3 || account.Messages.Parked != 1 {
		t.Errorf("%d retried, %+v", n, account.Tally)
	}
}

// TestCarried: mail from outside goes through Exchange's transport, which journals it; what is put into
// a mailbox is not seen by its journal.
func TestCarried(t *testing.T) {
	b := newBench(t)
	b.arrive(anna, "aussen@x")
	b.arrive(bert, "aussen@x")
	b.colleague(anna, "intern@x")
	b.drain()
	list, err := b.sync.Carried(b.ctx, Span{}, everyone)
	b.must(err)
	if want := fmt.Sprint([]Carried{{"SMTP", true, 2}, {"IMAP", false, 1}}); fmt.Sprint(list) != want {
		t.Errorf("%v, want %s", list, want)
	}
}
