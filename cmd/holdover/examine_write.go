package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// keeps puts one message into Sent as sync-back would, and reads back what Exchange kept of it.
func (e *exam) keeps(x examined, b box) {
	const noDraft, received, header, sent, thread = "a message put into Sent is no draft, and read (0x0E07)", "its received date is kept (0x0E06)",
		"an X- header of our own is kept", "its sent date is kept (0x0039)", "its threading is kept (0x1042, 0x1039)"
	date := e.now().AddDate(-1, -1, 0).Truncate(time.Second)
	ours := "Received: from holdover.invalid by holdover.invalid with ESMTP id " + e.token + ";\r\n\t" + date.Format(time.RFC1123Z) + "\r\n"
	id, octets := e.letter(date, ours+"In-Reply-To: <p1@holdover.invalid>\r\nReferences: <p0@holdover.invalid> <p1@holdover.invalid>\r\nX-Holdover-Test: "+e.token+"\r\n", 0)
	at, err := e.put(b, exchange.Sent, id, exchange.Item{Octets: octets, Flags: exchange.Flags{Seen: true}, Date: date, Categories: email.Categories{e.token}})
	switch {
	case errors.Is(err, exchange.ErrUnsuited):
		e.say(x, noDraft, isNot, "%s", saw(err))
		return
	case err != nil:
		e.say(x, noDraft, unknown, "%s", saw(err))
		return
	}
	defer e.remove(x, b, at)
	s, err := b.Sample(e.ctx, e.ask.Mailbox, at)
	if err != nil {
		e.say(x, noDraft, unknown, "put there, and not read back: %s", saw(err))
		return
	}
	e.say(x, noDraft, either(!s.Flags.Draft && s.Flags.Seen), "draft %t, read %t, in %q", s.Flags.Draft, s.Flags.Seen, at.Folder)
	e.say(x, received, either(same(s.Received, date)), "given %s, shown %s", date.UTC().Format(time.RFC3339), s.Received.UTC().Format(time.RFC3339))
	e.say(x, header, either(bytes.Contains(s.Header, []byte("X-Holdover-Test: "+e.token))), "its header holds %s", fieldNames(s.Header))
	e.traced(x, b, id)
	e.named(x, b, id, at)
	if x.Speaks == traffic.Graph {
		e.say(x, sent, either(same(s.Sent, date)), "given %s, shown %s", date.UTC().Format(time.RFC3339), s.Sent.UTC().Format(time.RFC3339))
		e.say(x, thread, either(strings.Contains(s.InReplyTo, "p1@") && strings.Contains(s.Threads, "p0@")), "%q, %q", s.InReplyTo, s.Threads)
	}
}

// traced says whether the message is found by its Message-ID and known by the id in our Received
// line: without that, two messages with one Message-ID cannot be told apart over this way.
func (e *exam) traced(x examined, b box, id string) {
	const what = "the id in our Received line is read back"
	copies, err := b.Find(e.ctx, e.ask.Mailbox, exchange.Query{MessageIDs: []string{id}, Folders: []exchange.Folder{{Role: exchange.Sent}}})
	switch {
	case err != nil:
		e.say(x, what, unknown, "%s", saw(err))
	case len(copies) == 0:
		e.say(x, what, isNot, "its Message-ID did not find it")
	default:
		e.say(x, what, either(slices.Contains(copies[0].Traces, e.token)), "ids %q", copies[0].Traces)
	}
}

func either(so bool) verdict {
	if so {
		return isSo
	}
	return isNot
}

func same(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }

// fieldNames lists what a header holds, without its values.
func fieldNames(header []byte) string {
	var names []string
	for line := range strings.Lines(string(header)) {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " \t") {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// put appends and answers where it lies, looking for it where the way does not say.
func (e *exam) put(b box, role exchange.Role, id string, item exchange.Item) (exchange.Place, error) {
	at, err := b.Append(e.ctx, e.ask.Mailbox, exchange.Folder{Role: role}, item)
	if err != nil || at.Known() {
		return at, err
	}
	copies, err := b.Find(e.ctx, e.ask.Mailbox, exchange.Query{MessageIDs: []string{id}, Folders: []exchange.Folder{{Role: role}}})
	if err == nil && len(copies) == 0 {
		err = errors.New("accepted, and not found")
	}
	if err != nil {
		return at, err
	}
	return copies[0].Place, nil
}

// remove takes one message away at once; what it cannot is left to clean.
func (e *exam) remove(x examined, b box, at exchange.Place) {
	b.Remove(e.ctx, e.ask.Mailbox, at)
}

// sizes looks for the largest draft that a way takes.
func (e *exam) sizes(x examined, b box) {
	const what = "it refuses large messages"
	taken := int64(0)
	for _, size := range []int64{1 << 20, 2_900_000, 3_100_000, 3_500_000, 5 << 20, 10 << 20, 25 << 20, 36 << 20, 48 << 20, 100 << 20} {
		if size > int64(e.ask.Largest) {
			break
		}
		id, octets := e.letter(e.now(), "", size)
		at, err := e.put(b, exchange.Drafts, id, exchange.Item{Octets: octets, Flags: exchange.Flags{Draft: true, Seen: true}, Date: e.now()})
		switch {
		case errors.Is(err, exchange.ErrUnsuited), errors.Is(err, exchange.ErrRefused):
			e.say(x, what, isSo, "%d octets are taken, %d are not: %s", taken, size, saw(err))
			return
		case err != nil:
			e.say(x, what, unknown, "%d octets are taken; at %d: %s", taken, size, saw(err))
			return
		}
		taken = int64(len(octets))
		e.remove(x, b, at)
	}
	e.say(x, what, isNot, "%d octets are taken, more was not tried", taken)
}

// delivers sends the same message twice from the test mailbox's own address to itself.
func (e *exam) delivers(x examined) {
	const own, double = "a sender of our own domain is refused (5.7.64, 5.7.68)", "a second delivery with the same Message-ID and Date is dropped"
	id, octets := e.letter(e.now(), "", 0)
	words, err := x.SMTP.Deliver(e.ctx, e.ask.Mailbox, []string{e.ask.Mailbox}, octets)
	switch {
	case errors.Is(err, exchange.ErrRoute):
		e.say(x, own, isSo, "%s", saw(err))
		e.say(x, double, unknown, "the first was refused")
		return
	case err != nil:
		e.say(x, own, unknown, "%s", saw(err))
		e.say(x, double, unknown, "the first was not accepted")
		return
	}
	e.say(x, own, isNot, "accepted: %s", words)
	first := e.arrived(id, 1, e.ask.Wait)
	words, err = x.SMTP.Deliver(e.ctx, e.ask.Mailbox, []string{e.ask.Mailbox}, octets)
	switch {
	case first == 0:
		e.say(x, double, unknown, "the first did not arrive within %v", e.ask.Wait)
	case err != nil:
		e.say(x, double, unknown, "the second was not accepted: %s", saw(err))
	default:
		n := e.arrived(id, 2, e.ask.Settle)
		e.say(x, double, either(n == 1), "%d of 2 lie in the mailbox; the second was answered: %s", n, words)
	}
}

// arrived waits until want copies lie in the mailbox, over the first way that opens it, and answers
// how many there are when the time is over.
func (e *exam) arrived(id string, want int, wait time.Duration) (n int) {
	deadline := time.Now().Add(wait)
	for {
		for _, x := range e.ways {
			b, ok := x.box()
			if !ok {
				continue
			}
			copies, err := b.Find(e.ctx, e.ask.Mailbox, exchange.Query{MessageIDs: []string{id}, Since: e.now().Add(-time.Hour)})
			if err == nil {
				n = len(copies)
				break
			}
		}
		if n >= want || time.Now().After(deadline) || e.ctx.Err() != nil {
			return n
		}
		select {
		case <-e.ctx.Done():
		case <-time.After(min(max(wait/30, 100*time.Millisecond), 5*time.Second)):
		}
	}
}
