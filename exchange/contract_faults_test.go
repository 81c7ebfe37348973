package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/exchange/exchangetest"
)

// faultBehaviours are played with the stand-in's faults; a cell is the outcome in the words of errors.go.
func faultBehaviours() []behaviour {
	return []behaviour{
		{"throttled: as long as Exchange asks", true, playThrottled},
		{"not let in", true, playLogin},
		{"ten refusals, and the next call works", true, playTenErrors},
		{"the answer is lost after storing: one copy is found", true, playLostAnswer},
		{"the connection is lost before storing: no copy is found", true, playLostBefore},
		{"the answer to a move is lost: it is found where it went", true, playLostMove},
		{"no answer at all until the caller's deadline", true, playHang},
		{"this way down, the others up", true, playDown},
		{"too large a message", true, playTooLarge},
		{"mailbox unknown", true, playFate("unknown", ErrUnknownMailbox, ErrElsewhere, ErrLogin)},
		{"mailbox over quota", true, playFate("full", ErrRefused)},
		{"mailbox's database down", true, playFate("unavailable", ErrTemporary, ErrUnreachable, ErrThrottled)},
		{"mailbox being moved", true, playFate("moving", ErrTemporary, ErrLogin)},
		{"mailbox moved to the other side", true, playElsewhere},
		{"taken with a yes and lost: proven absent", true, playKept("lose", "")},
		{"taken with a yes and seen late: absent first, then found", true, playKept("late", "")},
		{"a person moved the item meanwhile", true, playMovedByUser},
		{"a person deleted the item for good", true, playErasedByUser},
		{"people at work all the while: nothing doubled", true, playUsersAtWork},
		{"the folder was numbered anew: no other message is touched", true, playRenumbered},
		{"Exchange's clock is five minutes off", true, playClock},
	}
}

// points are where each face meets the faults that the suite needs.
type points struct{ before, stored, moved string }

func (p *play) points() points {
	return map[string]points{
		"imap":  {"append", "appended", "moved"},
		"ews":   {"CreateItem", "CreateItem done", "MoveItem done"},
		"graph": {"create", "created", "moved"},
	}[p.face]
}

func (p *play) fault(point, do string, change func(*exchangetest.DoubleFault)) {
	p.Helper()
	rule := exchangetest.DoubleFault{Face: p.face, Point: point, Do: do, Mailbox: p.box}
	if change != nil {
		change(&rule)
	}
	p.double.Fault(rule)
}

// anew is the connector without what it keeps of earlier calls.
func (p *play) anew() mailboxes { return p.connect(p.T, direct) }

// outcome holds an error to the kinds allowed, and names the one that came.
func (p *play) outcome(err error, allowed ...error) string {
	p.Helper()
	var f *Failure
	if !errors.As(err, &f) || !slices.ContainsFunc(allowed, func(kind error) bool { return f.Kind == kind }) {
		p.Errorf("%v; want one of %v", err, allowed)
		return ""
	}
	if f.Words == "" && f.Err == nil && f.Code == "" {
		p.Errorf("%v says nothing of why", err)
	}
	if f.Kind == ErrRefused && f.Remedy == "" {
		p.Errorf("%v has no remedy", err)
	}
	return f.Kind.Error()
}

func item(id string) Item { return Item{Octets: mail(id), Flags: Flags{Seen: true}} }

func (p *play) append(id string) error {
	_, err := p.Append(p.ctx(), p.box, Folder{Role: Sent}, item(id))
	return err
}

func (p *play) inSent(id string) []Copy { return p.find(id, Folder{Role: Sent}) }

func playThrottled(p *play) string {
	p.fault(map[string]string{"imap": "append", "ews": "call", "graph": "request"}[p.face], "reply", func(f *exchangetest.DoubleFault) {
		f.Times = 1
		switch f.Delay = 30 * time.Second; p.face {
		case "imap":
			f.Text = "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds"
		case "ews":
			f.Code, f.Text = 500, "ErrorServerBusy 30000"
		case "graph":
			f.Code, f.Text = 429, "TooManyRequests: slow down"
		}
	})
	err := p.append("slow@x.test")
	note := p.outcome(err, ErrThrottled)
	var f *Failure
	if errors.As(err, &f) && f.After != 30*time.Second {
		p.Errorf("waits %v, want 30 s", f.After)
	}
	if err := p.append("slow@x.test"); err != nil {
		p.Errorf("afterwards: %v", err)
	}
	if n := len(p.inSent("slow@x.test")); n != 1 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playLogin(p *play) string {
	p.fault(map[string]string{"imap": "login", "ews": "call", "graph": "request"}[p.face], "reply", func(f *exchangetest.DoubleFault) {
		if f.Text = "AUTHENTICATE failed."; p.face != "imap" {
			f.Code, f.Text = 401, ""
		}
	})
	fresh := p.anew()
	_, err := fresh.Append(p.ctx(), p.box, Folder{Role: Sent}, item("login@x.test"))
	note := p.outcome(err, ErrLogin)
	p.double.NoFaults()
	if n := len(p.inSent("login@x.test")); n != 0 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playTenErrors(p *play) string {
	for n := range 12 {
		if _, err := p.Append(p.ctx(), p.box, Folder{Name: "Gibt es nicht"}, item("ten@x.test")); !errors.Is(err, ErrNoFolder) {
			p.Errorf("refusal %d: %v", n+1, err)
		}
		if p.face == "imap" { // the folder is looked up before; what the server itself refuses counts there
			p.SetFlags(p.ctx(), p.box, Place{Folder: "Gibt es nicht", Validity: 1, UID: 1}, Flags{})
		}
	}
	if err := p.append("eleven@x.test"); err != nil && !errors.Is(err, ErrUnreachable) {
		p.Error(err)
	} else if err != nil {
		p.put(Folder{Role: Sent}, item("eleven@x.test"))
	}
	if n := len(p.inSent("eleven@x.test")); n != 1 {
		p.Errorf("%d copies", n)
	}
	return ""
}

// createCalls is how many calls an append is that may store something: Graph writes a sent item anew
// from a draft.
func (p *play) lastCreate(f *exchangetest.DoubleFault) {
	if f.Times = 1; p.face == "graph" {
		f.Skip = 1
	}
}

func playLostAnswer(p *play) string {
	p.fault(p.points().stored, "drop", p.lastCreate)
	note := p.outcome(p.append("lost@x.test"), ErrDoubt)
	if n := len(p.inSent("lost@x.test")); n != 1 {
		p.Errorf("%d copies, want 1", n)
	}
	return note
}

func playLostBefore(p *play) string {
	p.fault(p.points().before, "drop", p.lastCreate)
	note := p.outcome(p.append("before@x.test"), ErrDoubt, ErrUnreachable)
	if n := len(p.inSent("before@x.test")); n != 0 {
		p.Errorf("%d copies, want none", n)
	}
	return note
}

func playLostMove(p *play) string {
	p.put(Folder{Role: Inbox}, item("move@x.test"))
	at := p.one("move@x.test").Place
	p.fault(p.points().moved, "drop", func(f *exchangetest.DoubleFault) { f.Times = 1 })
	note := p.outcome(p.Move(p.ctx(), p.box, at, Folder{Role: Trash}), ErrDoubt)
	if c := p.one("move@x.test"); c.Role != Trash {
		p.Errorf("it lies in %q", c.Folder)
	}
	return note
}

func playHang(p *play) string {
	p.fault(p.points().before, "hang", func(f *exchangetest.DoubleFault) { f.Times = 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := p.Append(ctx, p.box, Folder{Role: Sent}, item("hang@x.test"))
	note := p.outcome(err, ErrDoubt, ErrUnreachable, ErrTemporary)
	if n := len(p.inSent("hang@x.test")); n != 0 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playDown(p *play) string {
	p.double.Cut(p.face)
	note := p.outcome(p.append("down@x.test"), ErrUnreachable)
	p.double.Restore(p.face)
	if n := len(p.inSent("down@x.test")); n != 0 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playTooLarge(p *play) string {
	large := item("large@x.test")
	large.Octets = append(large.Octets, []byte(strings.Repeat("viel Text in dieser Zeile\r\n", 4*largestInContract/27))...)
	_, err := p.Append(p.ctx(), p.box, Folder{Role: Sent}, large)
	note := p.outcome(err, ErrRefused, ErrUnsuited)
	if n := len(p.inSent("large@x.test")); n != 0 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playFate(fate string, allowed ...error) func(*play) string {
	return func(p *play) string {
		p.double.SetMailbox(p.box, map[string]string{"fate": fate})
		_, err := p.anew().Append(p.ctx(), p.box, Folder{Role: Sent}, item("fate@x.test"))
		note := p.outcome(err, allowed...)
		if _, err := p.Append(p.ctx(), p.box, Folder{Role: Sent}, item("fate@x.test")); err == nil {
			p.Error("a connector that knew the mailbox put something in")
		}
		p.double.SetMailbox(p.box, map[string]string{"fate": ""})
		if n := len(p.inSent("fate@x.test")); n != 0 {
			p.Errorf("%d copies", n)
		}
		return note
	}
}

func playElsewhere(p *play) string {
	p.put(Folder{Role: Sent}, item("here@x.test"))
	other := map[string]string{"on-premises": "online", "online": "on-premises"}[p.opens]
	p.double.SetMailbox(p.box, map[string]string{"side": other})
	note := p.outcome(p.append("there@x.test"), ErrElsewhere, ErrUnknownMailbox, ErrTemporary)
	p.double.SetMailbox(p.box, map[string]string{"side": ""})
	if n := len(p.inSent("there@x.test")); n != 0 {
		p.Errorf("%d copies", n)
	}
	return note
}

func playKept(do, _ string) func(*play) string {
	return func(p *play) string {
		p.double.Stand(true)
		p.fault("keep", do, func(f *exchangetest.DoubleFault) { f.Delay = 10 * time.Minute; p.lastCreate(f) })
		id := do + "@x.test"
		err := p.append(id)
		note := ""
		if err != nil { // it noticed
			note = p.outcome(err, ErrDoubt, ErrTemporary, ErrGone)
		}
		if n := len(p.inSent(id)); n != 0 {
			p.Errorf("%d copies", n)
		}
		p.double.Advance(11 * time.Minute)
		if n := len(p.inSent(id)); (n == 1) != (do == "late") || n > 1 {
			p.Errorf("%d copies later", n)
		}
		return note
	}
}

func (p *play) stored(id string) exchangetest.DoubleMessage {
	p.Helper()
	for _, m := range p.double.Messages(p.box, "") {
		if m.MessageID == "<"+id+">" {
			return m
		}
	}
	p.Fatalf("%s is not stored", id)
	return exchangetest.DoubleMessage{}
}

func playMovedByUser(p *play) string {
	p.put(Folder{Role: Inbox}, item("user@x.test"))
	at := p.one("user@x.test").Place
	p.double.Edit(p.box, p.stored("user@x.test").ID, map[string]string{"folder": "Archiv"})
	_, err := p.SetFlags(p.ctx(), p.box, at, Flags{Flagged: true, Seen: true})
	if c := p.one("user@x.test"); c.Role != Archive || c.Flags.Flagged != (err == nil) {
		p.Errorf("found %+v after %v", c, err)
	}
	if err == nil {
		return "still reached by its id"
	}
	return p.outcome2(err, ErrGone)
}

func playErasedByUser(p *play) string {
	p.put(Folder{Role: Inbox}, item("erased@x.test"))
	at := p.one("erased@x.test").Place
	p.double.Erase(p.box, p.stored("erased@x.test").ID)
	_, err := p.SetFlags(p.ctx(), p.box, at, Flags{Seen: true})
	note := p.outcome2(err, ErrGone)
	p.outcome2(p.Move(p.ctx(), p.box, at, Folder{Role: Trash}), ErrGone)
	if err := p.Remove(p.ctx(), p.box, at); err != nil {
		p.Errorf("removing what is gone: %v", err)
	}
	return note
}

// outcome2 is outcome for answers that need no words: the place is empty.
func (p *play) outcome2(err error, want error) string {
	p.Helper()
	if !errors.Is(err, want) {
		p.Errorf("%v, want %v", err, want)
	}
	return want.Error()
}

// playUsersAtWork: whatever people do meanwhile, each item was put in once and no look-up sees it twice.
func playUsersAtWork(p *play) string {
	p.double.Work(exchangetest.DoubleWork{Seed: 5, Every: 2 * time.Millisecond, Mailboxes: []string{p.box}, Deeds: []string{"read", "flag", "move", "delete"}})
	for i := range 15 {
		id := fmt.Sprintf("work%d@x.test", i)
		p.put(Folder{Role: Sent}, item(id))
		copies, err := p.Find(p.ctx(), p.box, Query{MessageIDs: []string{id}})
		if err != nil && !errors.Is(err, ErrTemporary) || err == nil && len(copies) != 1 {
			p.Errorf("%d copies, %v", len(copies), err)
		}
		for _, c := range copies {
			if _, err := p.SetFlags(p.ctx(), p.box, c.Place, Flags{Seen: true}); err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrTemporary) {
				p.Error(err)
			}
		}
	}
	deeds := p.double.Rest()
	for i := range 15 {
		p.one(fmt.Sprintf("work%d@x.test", i))
	}
	if len(deeds) == 0 {
		p.Error("nobody was at work")
	}
	return ""
}

func playRenumbered(p *play) string {
	p.put(Folder{Role: Sent}, item("first@x.test"))
	p.put(Folder{Role: Sent}, item("second@x.test"))
	at := p.one("second@x.test").Place
	p.double.SetMailbox(p.box, map[string]string{"renumber": "Gesendete Elemente"})
	_, err := p.SetFlags(p.ctx(), p.box, at, Flags{Flagged: true, Seen: true})
	if p.stored("first@x.test").Flagged || p.stored("second@x.test").Flagged != (err == nil) {
		p.Errorf("after %v another message is flagged, or none", err)
	}
	p.one("second@x.test")
	if err == nil {
		return "the id stays"
	}
	return p.outcome2(err, ErrGone)
}

func playClock(p *play) string {
	p.double.Advance(5 * time.Minute)
	p.put(Folder{Role: Sent}, item("clock@x.test"))
	p.double.Advance(-10 * time.Minute)
	copies, err := p.Find(p.ctx(), p.box, Query{MessageIDs: []string{"clock@x.test"}, Since: time.Now().Add(-time.Minute)})
	if err != nil || len(copies) != 1 {
		p.Errorf("%d copies, %v", len(copies), err)
	}
	return ""
}
