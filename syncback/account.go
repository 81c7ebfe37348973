package syncback

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
)

// Span is the time that an account is about: from Since on and before Until; zero Until: now.
type Span struct{ Since, Until time.Time }

// ends is Until in milliseconds, for queries.
func (p Span) ends() int64 {
	if p.Until.IsZero() {
		return 1 << 62
	}
	return millis(p.Until)
}

// scope selects columns of the rows of a span: what happened in it, and what is older and still had to
// be told when it began. Its three parts use three indexes.
func scope(columns string) string {
	from := `SELECT ` + columns + ` FROM syncback_item WHERE `
	return `(` + from + `at>=? AND at<? UNION ALL ` + from + `at<? AND changed>=? AND state IN ('verified', 'parked')
		UNION ALL ` + from + `at<? AND state<>'verified' AND state<>'parked')`
}

func (p Span) scopeArgs() []any {
	return []any{millis(p.Since), p.ends(), millis(p.Since), millis(p.Since), millis(p.Since)}
}

// ranked numbers the states from what a person must see to what is done, as State.rank orders them.
const ranked = `CASE state WHEN 'parked' THEN 0 WHEN 'in doubt' THEN 1 WHEN 'trying' THEN 2 WHEN 'waiting' THEN 3 WHEN 'accepted' THEN 4 ELSE 5 END`

var byRank = []State{Parked, InDoubt, Trying, Waiting, Accepted, Verified}

// isMessage is the condition on the changes of one item that they give Exchange a message: it came
// in, was sent, or is a draft. Other items are messages that Exchange had already, and folders.
const isMessage = `MAX(CASE WHEN op IN ('deliver', 'append', 'draft') THEN 1 ELSE 0 END)`

// Tally counts the messages and changes of one mailbox or of all. A message stands where the least
// settled of its changes stands. Both counts close: Total is the sum of the states.
type Tally struct {
	Messages Counts
	Changes  Counts
	Notes    map[Note]int // of the verified messages, how they were found
	Resent   int          // messages that were sent again, since Exchange had accepted and lost them
	Hints    int          // messages accepted and not seen, with words of Exchange that speak of quarantine
}

func (t *Tally) add(other Tally) {
	t.Messages.plus(other.Messages)
	t.Changes.plus(other.Changes)
	t.Resent += other.Resent
	t.Hints += other.Hints
	for note, n := range other.Notes {
		t.note(note, n)
	}
}

func (t *Tally) note(note Note, n int) {
	if note == "" || n == 0 {
		return
	}
	if t.Notes == nil {
		t.Notes = map[Note]int{}
	}
	t.Notes[note] += n
}

func (c *Counts) plus(other Counts) {
	for _, state := range byRank {
		c.add(state, other.Of(state))
	}
}

// Of is the count of one state; "" is the total.
func (c Counts) Of(state State) int {
	switch state {
	case Waiting:
		return c.Waiting
	case Trying:
		return c.Trying
	case InDoubt:
		return c.InDoubt
	case Accepted:
		return c.Accepted
	case Verified:
		return c.Verified
	case Parked:
		return c.Parked
	}
	return c.Total
}

// Closes says that the parts make up the whole.
func (c Counts) Closes() bool {
	return c.Total == c.Waiting+c.Trying+c.InDoubt+c.Accepted+c.Verified+c.Parked
}

// BoxTally is one mailbox's part of an account.
type BoxTally struct {
	Mailbox  email.MailboxID
	Position Position
	Tally
}

// Account accounts for a span of time.
type Account struct {
	Tally
	Boxes []BoxTally // by id
}

// Closes says that the sums close, in all and for each mailbox, and that the mailboxes make up the
// whole.
func (a Account) Closes() bool {
	var sum Tally
	for _, box := range a.Boxes {
		if !box.Messages.Closes() || !box.Changes.Closes() {
			return false
		}
		sum.add(box.Tally)
	}
	return a.Messages.Closes() && a.Changes.Closes() && sum.Messages == a.Messages && sum.Changes == a.Changes
}

// Done says that everything was seen in Exchange, once.
func (a Account) Done() bool { return a.Changes.Done() && a.Notes[Twice] == 0 }

// Account accounts for the mailboxes for which covers is true: every change of the span, and every
// older one that still had to be told when it began, stands in exactly one state.
func (s *Syncback) Account(ctx context.Context, span Span, covers func(email.MailboxID) bool) (Account, error) {
	var account Account
	boxes := map[email.MailboxID]*Tally{}
	of := func(m email.MailboxID) *Tally {
		if boxes[m] == nil {
			boxes[m] = &Tally{}
		}
		return boxes[m]
	}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(boxes)
		return sumUp(tx, span, func(m email.MailboxID) *Tally {
			if !covers(m) {
				return nil
			}
			return of(m)
		})
	})
	if err != nil {
		return account, err
	}
	changes := map[email.MailboxID]*Counts{}
	for m, t := range boxes {
		changes[m] = &t.Changes
	}
	positions, err := s.positions(ctx, changes)
	if err != nil {
		return account, err
	}
	for m, t := range boxes {
		account.Boxes = append(account.Boxes, BoxTally{Mailbox: m, Position: positions[m], Tally: *t})
		account.add(*t)
	}
	slices.SortFunc(account.Boxes, func(a, b BoxTally) int { return cmp.Compare(a.Mailbox, b.Mailbox) })
	return account, nil
}

// sumUp counts each message once, by the least settled of its changes, and every change, in one reading.
// of answers where a mailbox is counted, nil not at all.
func sumUp(tx *database.Tx, span Span, of func(email.MailboxID) *Tally) error {
	each, sums := "", ""
	for n, state := range byRank {
		each += fmt.Sprintf(`, SUM(CASE WHEN state='%s' THEN 1 ELSE 0 END) AS c%d`, state, n)
		sums += fmt.Sprintf(`, SUM(c%d)`, n)
	}
	rows, err := tx.Query(`SELECT mailbox, message, place, note, hint, COUNT(*), SUM(CASE WHEN resent>0 THEN 1 ELSE 0 END)`+sums+` FROM (
		SELECT mailbox, item, `+isMessage+` AS message, MIN(`+ranked+`) AS place, MAX(CASE WHEN op IN ('deliver', 'append', 'draft') THEN note ELSE '' END) AS note,
			MAX(resent) AS resent, MAX(CASE WHEN `+hinted+` THEN 1 ELSE 0 END) AS hint`+each+`
		FROM `+scope(`mailbox, item, op, state, note, resent, CASE WHEN state='accepted' THEN words ELSE '' END AS words`)+` r GROUP BY mailbox, item) m
		GROUP BY mailbox, message, place, note, hint`, span.scopeArgs()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m email.MailboxID
		var message, place, hint, n, resent int
		var note Note
		var changes [6]int
		if err := rows.Scan(&m, &message, &place, &note, &hint, &n, &resent, &changes[0], &changes[1], &changes[2], &changes[3], &changes[4], &changes[5]); err != nil {
			return err
		}
		t := of(m)
		if t == nil {
			continue
		}
		for n, state := range byRank {
			t.Changes.add(state, changes[n])
		}
		if message == 1 {
			t.count(byRank[place], note, n, resent, hint*n)
		}
	}
	return rows.Err()
}

// count adds n messages that stand in one state.
func (t *Tally) count(state State, note Note, n, resent, hints int) {
	t.Messages.add(state, n)
	t.Resent += resent
	switch state {
	case Verified:
		t.note(note, n)
	case Accepted:
		t.Hints += hints
	}
}

// Own counts one mailbox's changes of a span, quickly enough for every page of the person.
func (s *Syncback) Own(ctx context.Context, m email.MailboxID, span Span) (c Counts, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		c = Counts{}
		return eachCount(tx, func(_ email.MailboxID, state State, n int, _ int64) { c.add(state, n) },
			`SELECT mailbox, state, COUNT(*), 0 FROM syncback_item WHERE mailbox=? AND (at>=? AND at<? OR at<? AND
				(state NOT IN ('verified', 'parked') OR changed>=?)) GROUP BY mailbox, state`,
			string(m), millis(span.Since), span.ends(), millis(span.Since), millis(span.Since))
	})
	return c, err
}
