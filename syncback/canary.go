package syncback

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// CanaryState is how far a way's canary has come.
type CanaryState string

const (
	CanaryNew    CanaryState = "new"    // none has gone in yet
	CanarySent   CanaryState = "sent"   // Exchange has it, or may have it: it is being looked for
	CanaryPassed CanaryState = "passed" // seen in the mailbox and taken away again
	CanaryFailed CanaryState = "failed" // refused, or never seen: tried again at Next
)

// Canary is one way's proof that Exchange takes mail again.
type Canary struct {
	Way     string // its name in the ledger; ScoutWay is an item that goes first
	Title   string // for people
	State   CanaryState
	Address string // of the probe mailbox
	Mailbox email.MailboxID
	Seq     int64 // scout: the item's entry
	Tries   int
	Sent    time.Time
	Next    time.Time
	Words   string // Exchange's, or what is known
	Remedy  string

	msgid string
	looks int
}

const (
	// canaryCall bounds one call about a canary; Exchange's back pressure delays answers by up to 55 s.
	canaryCall = 2 * time.Minute
	// canaryPatience is how long a canary that Exchange has taken is looked for: it may lie in a queue.
	canaryPatience = 45 * time.Minute
	// canaryUnsure is how long one is looked for of which nobody knows whether Exchange has taken it: its
	// answer was lost, or we ended while it was sent. Then another one goes in; two do no harm.
	canaryUnsure = 20 * time.Second
	// canaryPause is the longest pause between two tries.
	canaryPause = time.Minute
)

// What the words about a canary begin with from Exchange's yes on, and once it was seen.
const (
	canaryTaken = "taken by Exchange"
	canarySeen  = "seen"
)

// canaryLooks are the looks for a canary after it went in; the last pause repeats.
func canaryLooks() []time.Duration {
	return []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
}

// fly takes one way's canary as far as it comes now. What it answers was saved before and after each
// call: a restart goes on looking for the canary that went in, and sends no second one.
func (s *Syncback) fly(ctx context.Context, event string, w *traffic.Way, c Canary) (Canary, error) {
	ctx, cancel := context.WithTimeout(ctx, canaryCall)
	defer cancel()
	if c.State != CanarySent {
		var err error
		if c, err = s.sendCanary(ctx, event, w, c); err != nil || c.State != CanarySent {
			return c, err
		}
	}
	return s.seekCanary(ctx, event, w, c)
}

// sendCanary puts a new one into Exchange.
func (s *Syncback) sendCanary(ctx context.Context, event string, w *traffic.Way, c Canary) (Canary, error) {
	c.State, c.msgid, c.looks, c.Sent = CanarySent, "canary."+strings.ToLower(rand.Text())+"@holdover.invalid", 0, s.now()
	c.Words, c.Remedy, c.Next = "on its way in", "", s.now()
	c.Tries++
	octets, err := s.canaryOctets(c)
	if err != nil {
		return c, err
	}
	err = s.write(ctx, "", func(tx *database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO syncback_litter (address, msgid, at) VALUES (?,?,?)`, c.Address, c.msgid, millis(s.now())); err != nil {
			return err
		}
		return saveCanary(tx, event, c)
	})
	if err != nil {
		return c, err
	}
	words := canaryTaken + "; looked for in the probe mailbox"
	if w.Speaks.Delivers() {
		var said string
		said, err = w.SMTP.Deliver(ctx, s.o.Probe.Sender, []string{c.Address}, octets)
		words += " (" + said + ")"
	} else {
		_, err = w.Mailbox(c.Address).Append(ctx, exchange.Folder{Role: exchange.Inbox}, exchange.Item{Octets: octets, Date: s.now(), Note: s.sideLitter(ctx, w, c.Address)})
	}
	switch {
	case err == nil:
		c.Words = words
	case errors.Is(err, exchange.ErrDoubt): // it may be there: look for it before another one goes in
		c.Words = "the answer was lost; looked for in the probe mailbox"
	default:
		s.failCanary(&c, err)
	}
	return c, s.keepCanary(ctx, event, c)
}

// seekCanary reads it back and takes it away.
func (s *Syncback) seekCanary(ctx context.Context, event string, w *traffic.Way, c Canary) (Canary, error) {
	copies, by, err := s.findCanary(ctx, w, c)
	switch {
	case err != nil:
		f := failureOf(err)
		c.Words, c.Remedy = "it cannot be looked for: "+wordsOf(err), f.Remedy
		c.Next = s.now().Add(max(f.After, traffic.Backoff(c.looks+1, canaryPause)))
		c.looks++
	case len(copies) > 0:
		// Noted before it is taken away: what is gone then is known to have been there.
		c.Words = canarySeen + " in the folder " + copies[0].Folder
		if err := s.keepCanary(ctx, event, c); err != nil {
			return c, err
		}
		for _, found := range copies {
			if err := by.Remove(ctx, found.Place); err != nil && !errors.Is(err, exchange.ErrGone) {
				c.Words = canarySeen + ", but it cannot be taken away again: " + wordsOf(err)
				c.Remedy = "Give the account the right to delete in the probe mailbox."
				c.looks++
				c.Next = s.now().Add(traffic.Backoff(c.looks, canaryPause))
				return c, s.keepCanary(ctx, event, c)
			}
		}
		c.pass("went in, was seen and taken away again")
		if copies[0].Role != exchange.Inbox {
			c.Words = "went in and was seen, but in the folder " + copies[0].Folder + "; taken away again"
		}
	case strings.HasPrefix(c.Words, canarySeen): // and gone: the answer to that was lost, or we ended
		c.pass("went in, was seen and taken away again")
	case s.now().Sub(c.Sent) > canaryUnsure && !strings.HasPrefix(c.Words, canaryTaken):
		s.failCanary(&c, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "look", Words: "not known whether Exchange took it, and it is not seen: another one follows"})
	case s.now().Sub(c.Sent) > canaryPatience:
		s.failCanary(&c, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "look", Words: "Exchange took it and never showed it in the mailbox",
			Remedy: "Look for it in Exchange's message trace, quarantine and rules of the probe mailbox."})
	default:
		pauses := canaryLooks()
		c.Next = s.now().Add(pauses[min(c.looks, len(pauses)-1)])
		c.looks++
	}
	return c, s.keepCanary(ctx, event, c)
}

func (c *Canary) pass(words string) {
	c.State, c.Next, c.Remedy, c.Words = CanaryPassed, time.Time{}, "", words
}

// findCanary looks for a canary in every folder: over its own way where that opens mailboxes, else
// over the first that answers.
func (s *Syncback) findCanary(ctx context.Context, w *traffic.Way, c Canary) (copies []exchange.Copy, by traffic.Remote, err error) {
	ways := []*traffic.Way{w}
	if w.Speaks.Delivers() {
		ways = s.lookOrder(w.At)
	}
	err = &exchange.Failure{Kind: exchange.ErrUnreachable, Op: "look", Words: "no way into mailboxes is configured on this side"}
	for _, look := range ways {
		by = look.Mailbox(c.Address)
		if copies, err = by.Find(ctx, exchange.Query{MessageIDs: []string{c.msgid}, Since: c.Sent.AddDate(0, 0, -2)}); err == nil {
			return copies, by, nil
		}
	}
	return nil, by, err
}

// failCanary notes why it did not go in, and when the next one is tried.
func (s *Syncback) failCanary(c *Canary, err error) {
	f := failureOf(err)
	c.State, c.Words, c.Remedy = CanaryFailed, wordsOf(err), f.Remedy
	if errors.Is(err, exchange.ErrUnknownMailbox) {
		c.Remedy = "Exchange does not know the probe mailbox (yet): its directory may still be filling. Check exchange.release.probe_mailbox."
	}
	if c.Remedy == "" {
		c.Remedy = "See what Exchange says, and look into its logs for this time."
	}
	c.Next = s.now().Add(max(min(f.After, 30*time.Minute), traffic.Backoff(c.Tries, canaryPause)))
}

func failureOf(err error) *exchange.Failure {
	var f *exchange.Failure
	if !errors.As(err, &f) {
		f = &exchange.Failure{}
	}
	return f
}

func (s *Syncback) canaryOctets(c Canary) ([]byte, error) {
	box := email.Address{Addr: c.Address}
	return email.Compose(email.Draft{MessageID: c.msgid, From: email.Address{Name: "Holdover", Addr: s.o.Probe.Sender}, To: []email.Address{box},
		Subject: "Holdover: test before the sync-back", Date: s.now(),
		Text: "Holdover has put this message here to see whether Exchange takes mail again.\nIt takes it away by itself.\n\n" +
			"Holdover hat diese Nachricht hierher gelegt, um zu sehen, ob Exchange wieder Mail annimmt.\nSie wird von selbst entfernt.\n"}, false)
}

// keepCanary saves how far it came, also when the call's time was over meanwhile.
func (s *Syncback) keepCanary(ctx context.Context, event string, c Canary) error {
	return s.write(context.WithoutCancel(ctx), "", func(tx *database.Tx) error {
		if c.State == CanaryPassed {
			if _, err := tx.Exec(`DELETE FROM syncback_litter WHERE address=? AND msgid=?`, c.Address, c.msgid); err != nil {
				return err
			}
		}
		return saveCanary(tx, event, c)
	})
}

func saveCanary(tx *database.Tx, event string, c Canary) error {
	_, err := tx.Exec(`INSERT INTO syncback_canary (event, way, state, address, msgid, mailbox, seq, tries, looks, sent, next, words, remedy) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (event, way) DO UPDATE SET state=excluded.state, address=excluded.address, msgid=excluded.msgid, mailbox=excluded.mailbox, seq=excluded.seq,
		tries=excluded.tries, looks=excluded.looks, sent=excluded.sent, next=excluded.next, words=excluded.words, remedy=excluded.remedy`,
		event, c.Way, string(c.State), c.Address, c.msgid, string(c.Mailbox), c.Seq, c.Tries, c.looks, millis(c.Sent), millis(c.Next), c.Words, c.Remedy)
	return err
}

// readCanaries reads an event's rows, by way.
func readCanaries(tx *database.Tx, event string) (map[string]Canary, error) {
	rows, err := tx.Query(`SELECT way, state, address, msgid, mailbox, seq, tries, looks, sent, next, words, remedy FROM syncback_canary WHERE event=?`, event)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]Canary{}
	for rows.Next() {
		var c Canary
		var sent, next int64
		if err := rows.Scan(&c.Way, &c.State, &c.Address, &c.msgid, &c.Mailbox, &c.Seq, &c.Tries, &c.looks, &sent, &next, &c.Words, &c.Remedy); err != nil {
			return nil, err
		}
		c.Sent, c.Next = fromMillis(sent), fromMillis(next)
		all[c.Way] = c
	}
	return all, rows.Err()
}

// side marks litter that is no canary but what a way made on the side of one.
const side = "side "

// sideLitter is given to a way that makes something on the side of a canary: what it notes is litter
// until it says that nothing is left.
func (s *Syncback) sideLitter(ctx context.Context, w *traffic.Way, address string) func(ref string) error {
	last := ""
	return func(ref string) error {
		err := s.write(ctx, "", func(tx *database.Tx) error {
			if _, err := tx.Exec(`DELETE FROM syncback_litter WHERE address=? AND msgid=?`, address, side+w.Name()+" "+last); err != nil || ref == "" {
				return err
			}
			_, err := tx.Exec(`INSERT INTO syncback_litter (address, msgid, at) VALUES (?,?,?)`, address, side+w.Name()+" "+ref, millis(s.now()))
			return err
		})
		if err == nil {
			last = ref
		}
		return err
	}
}

// sweepSide takes away what a way left on the side of a canary.
func (s *Syncback) sweepSide(ctx context.Context, address, litter string) error {
	name, ref, _ := strings.Cut(strings.TrimPrefix(litter, side), " ")
	if w := s.way(name); w != nil {
		if t, ok := w.Mail.(tidier); ok {
			if err := t.Tidy(ctx, address, ref); err != nil {
				return nil // for the next event
			}
		}
	}
	return s.write(ctx, "", func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM syncback_litter WHERE address=? AND msgid=?`, address, litter)
		return err
	})
}

// sweepLitter takes away canaries that failed on their way out. It is a courtesy: what it cannot do
// it leaves for the next event, and after two weeks to a person.
func (s *Syncback) sweepLitter(ctx context.Context, at traffic.Location, address string) error {
	var ids []string
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		ids = nil
		rows, err := tx.Query(`SELECT msgid FROM syncback_litter WHERE address=?`, address)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	var canaries []string
	for _, id := range ids {
		if !strings.HasPrefix(id, side) {
			canaries = append(canaries, id)
		} else if err == nil {
			err = s.sweepSide(ctx, address, id)
		}
	}
	if ids = canaries; err != nil || len(ids) == 0 {
		return err
	}
	for _, w := range s.lookOrder(at) {
		by := w.Mailbox(address)
		copies, err := by.Find(ctx, exchange.Query{MessageIDs: ids})
		if err != nil {
			continue
		}
		for _, c := range copies {
			_ = by.Remove(ctx, c.Place) // see above
		}
		return s.write(ctx, "", func(tx *database.Tx) error {
			_, err := tx.Exec(`DELETE FROM syncback_litter WHERE address=? AND at<?`, address, millis(s.now().AddDate(0, 0, -14)))
			for _, c := range copies {
				if err == nil {
					_, err = tx.Exec(`DELETE FROM syncback_litter WHERE address=? AND msgid=?`, address, c.MessageID)
				}
			}
			return err
		})
	}
	return nil
}
