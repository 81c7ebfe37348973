package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// An Exchange that answers rubbish, endlessly, slowly, or with other people's items: each call ends
// with a clear failure, in bounded time and memory, and nobody else is told a credential.

type badAnswer struct {
	name, mode string
}

func badAnswers() []badAnswer {
	return []badAnswer{
		{"rubbish", garbling},
		{"an answer that never ends", endless},
		{"no answer", silent},
		{"a referral to another host", referral},
		{"an answer of one octet every 100 ms", slowly},
		{"an answer that breaks off in the middle", cutting},
	}
}

// skips are the pieces of a call that pass before its answers are spoilt. What takes its time is
// spoilt from the beginning only.
func (b badAnswer) skips() []int {
	if b.mode == silent || b.mode == slowly || b.mode == endless {
		return []int{0}
	}
	return []int{0, 1, 2, 3, 4}
}

const otherPeoples = "other people's items"

func badSection() *section {
	s := &section{heading: "Bad answers", columns: []string{"smtp", "imap", "ews", "graph"}}
	for _, b := range badAnswers() {
		s.rows = append(s.rows, b.name)
	}
	s.rows = append(s.rows, otherPeoples)
	return s
}

// TestBadAnswersContract spoils the answers between each connector and the stand-in.
func TestBadAnswersContract(t *testing.T) {
	results := badSection()
	trap, caught := startTrap(t)
	double := exchangetest.Standin(t, exchangetest.StandinOptions{})
	t.Run("all", func(t *testing.T) {
		for _, face := range results.columns {
			for i, bad := range badAnswers() {
				t.Run(face+"/"+bad.name, func(t *testing.T) {
					t.Parallel()
					m := &mangler{t: t, face: face, trap: trap}
					box := face + string(rune('0'+i)) + "@example.test"
					double.AddMailbox(box)
					note := playBad(t, double, m, bad, box)
					results.note(bad.name, face, note)
				})
			}
		}
	})
	for _, face := range results.columns {
		note := "–"
		if face != "smtp" {
			t.Run(face+"/"+otherPeoples, func(t *testing.T) { note = playOthers(t, double, face) })
		}
		results.note(otherPeoples, face, note)
	}
	if n := caught.Load(); n > 0 {
		t.Errorf("another host was called %d times because an answer said so", n)
	}
	results.write(t)
}

// startTrap listens where no connector has any business.
func startTrap(t *testing.T) (address string, caught *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	caught = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			caught.Add(1)
			c.Close()
		}
	}()
	return l.Addr().String(), caught
}

// attempt is one call of one method on an item of its own, and whether it has taken effect.
type attempt struct {
	call func(ctx context.Context, c mailboxes) error
	done func(c mailboxes) bool
}

// attempts makes them, with items put there through a connector that nobody disturbs.
func attempts(t *testing.T, direct mailboxes, anew func() mailboxes, box string, n int) map[string]attempt {
	t.Helper()
	id := func(name string) string { return fmt.Sprintf("%s%d@x.test", name, n) }
	places := map[string]Place{}
	for _, name := range []string{"find", "flags", "move", "remove"} {
		if _, err := direct.Append(contextOf(t), box, Folder{Role: Drafts}, Item{Octets: mail(id(name)), Flags: Flags{Draft: true}}); err != nil {
			t.Fatal(err)
		}
		places[name] = one(t, direct, box, id(name)).Place
	}
	found := func(c mailboxes, name string) []Copy {
		copies, err := c.Find(contextOf(t), box, Query{MessageIDs: []string{id(name)}})
		if err != nil {
			t.Fatal(err)
		}
		return copies
	}
	folder := fmt.Sprintf("Projekte %d", n)
	return map[string]attempt{
		"find": {func(ctx context.Context, c mailboxes) error {
			copies, err := c.Find(ctx, box, Query{MessageIDs: []string{id("find")}})
			if err == nil && len(copies) == 0 {
				return errors.New("called absent what is there")
			}
			return err
		}, func(mailboxes) bool { return true }},
		"append": {func(ctx context.Context, c mailboxes) error {
			_, err := c.Append(ctx, box, Folder{Role: Sent}, item(id("append")))
			return err
		}, func(c mailboxes) bool {
			return slices.ContainsFunc(found(c, "append"), func(c Copy) bool { return c.Role == Sent })
		}},
		"flags": {func(ctx context.Context, c mailboxes) error {
			_, err := c.SetFlags(ctx, box, places["flags"], Flags{Flagged: true})
			return err
		}, func(c mailboxes) bool { return found(c, "flags")[0].Flags.Flagged }},
		"move": {func(ctx context.Context, c mailboxes) error {
			return c.Move(ctx, box, places["move"], Folder{Role: Trash})
		}, func(c mailboxes) bool { return found(c, "move")[0].Role == Trash }},
		"remove": {func(ctx context.Context, c mailboxes) error { return c.Remove(ctx, box, places["remove"]) },
			func(c mailboxes) bool { return len(found(c, "remove")) == 0 }},
		"create": {func(ctx context.Context, c mailboxes) error { return c.Create(ctx, box, Folder{Name: folder}) },
			func(mailboxes) bool { // asked of one that remembers no folders
				_, err := anew().Append(contextOf(t), box, Folder{Name: folder}, item(id("create")))
				return err == nil
			}},
	}
}

func one(t *testing.T, c mailboxes, box, id string) Copy {
	t.Helper()
	copies, err := c.Find(contextOf(t), box, Query{MessageIDs: []string{id}})
	if err != nil || len(copies) != 1 {
		t.Fatal(copies, err)
	}
	return copies[0]
}

// playBad makes every call while the answers are spoilt from some piece on. A call may succeed all
// the same, but then it took effect; and one that must not be done twice and failed without a doubt did not.
func playBad(t *testing.T, d *exchangetest.Double, m *mangler, bad badAnswer, box string) string {
	if m.face == "smtp" {
		return playBadDelivery(t, d, m, bad, box)
	}
	address := m.listen(d.Addr(m.face))
	anew := func() mailboxes { return connectors(d)[m.face](t, direct) }
	direct := anew()
	kinds := map[string]bool{}
	for n, skip := range bad.skips() {
		for name, a := range attempts(t, direct, anew, box, n) {
			c := connectors(d)[m.face](t, func(string) string { return address })
			m.set(passing, 0)
			one(t, c, box, fmt.Sprintf("find%d@x.test", n)) // connected and signed in
			m.set(bad.mode, skip)
			ctx, cancel := context.WithTimeout(context.Background(), patience(bad.mode))
			err := a.call(ctx, c)
			cancel()
			spoilt := m.spoilt()
			m.set(passing, 0)
			switch {
			case err == nil && !a.done(direct):
				t.Errorf("%s, %d pieces passed: a yes, and nothing is done", name, skip)
			case err != nil && spoilt:
				kinds[failed(t, name, err)] = true
			case err != nil:
				t.Errorf("%s: %v, and nothing was spoilt", name, err)
			}
			if (name == "append" || name == "move") && err != nil && !errors.Is(err, ErrDoubt) && a.done(direct) {
				t.Errorf("%s, %d pieces passed: %v, and it is done", name, skip, err)
			}
			_, err = c.Find(contextOf(t), box, Query{MessageIDs: []string{"nowhere@x.test"}})
			if errors.Is(err, ErrUnreachable) { // the connection that rested had been closed
				_, err = c.Find(contextOf(t), box, Query{MessageIDs: []string{"nowhere@x.test"}})
			}
			if err != nil {
				t.Errorf("after %s, %d pieces passed, the next call fails: %v", name, skip, err)
			}
		}
	}
	m.checkSaid()
	return inWords(kinds)
}

// patience is how long a call is given: enough for each that ends by itself.
func patience(mode string) time.Duration {
	if mode == silent || mode == slowly {
		return 300 * time.Millisecond
	}
	return 40 * time.Second
}

func failed(t *testing.T, name string, err error) string {
	t.Helper()
	var f *Failure
	switch {
	case err == nil:
		t.Errorf("%s: succeeded", name)
	case !errors.As(err, &f):
		t.Errorf("%s: %v is no clear failure", name, err)
	case f.Words == "" && f.Err == nil && f.Code == "":
		t.Errorf("%s: %v says nothing of why", name, err)
	case errors.Is(err, context.DeadlineExceeded) && f.Kind == nil:
		t.Errorf("%s: %v", name, err)
	default:
		return f.Kind.Error()
	}
	return ""
}

func inWords(kinds map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(kinds)), "; ")
}

func (m *mangler) checkSaid() {
	m.t.Helper()
	if n := m.said.Load(); n >= mostSaid {
		m.t.Errorf("%d octets of one answer were read", n)
	}
}

func playBadDelivery(t *testing.T, d *exchangetest.Double, m *mangler, bad badAnswer, box string) string {
	c := newSMTP(t, SMTPOptions{Address: m.listen(d.Addr("smtp")), Security: Security{Policy: None}})
	kinds := map[string]bool{}
	for name, call := range map[string]func(context.Context) error{
		"deliver": func(ctx context.Context) error {
			_, err := c.Deliver(ctx, "a@b.test", []string{box}, mail("append@x.test"))
			return err
		},
		"ask": func(ctx context.Context) error {
			known, err := c.Known(ctx, box)
			if !known && err == nil {
				return errors.New("called unknown who is known")
			}
			return err
		},
	} {
		m.set(bad.mode, 0)
		ctx, cancel := context.WithTimeout(context.Background(), patience(bad.mode))
		err := call(ctx)
		cancel()
		kinds[failed(t, name, err)] = true
		if n := len(d.Messages(box, "")); n > 0 && !errors.Is(err, ErrDoubt) && name == "deliver" {
			t.Errorf("%v, and %d are stored", err, n)
		}
		m.set(passing, 0)
		if known, err := c.Known(contextOf(t), box); !known || err != nil {
			t.Errorf("after %s the next call fails: %v", name, err)
		}
	}
	m.checkSaid()
	return inWords(kinds)
}

// playOthers: Exchange answers the right question with items that were not asked for.
func playOthers(t *testing.T, d *exchangetest.Double, face string) string {
	m := &mangler{t: t, face: face}
	box := face + "-others@example.test"
	d.AddMailbox(box)
	c := connectors(d)[face](t, m.listen)
	if _, err := c.Append(contextOf(t), box, Folder{Role: Sent}, item("mine@x.test")); err != nil {
		t.Fatal(err)
	}
	m.set(swapping, 0)
	for _, id := range []string{"mine@x.test", "else@x.test"} {
		copies, err := c.Find(contextOf(t), box, Query{MessageIDs: []string{id}})
		if len(copies) != 0 {
			t.Errorf("asked for %s, found %+v", id, copies)
		}
		if err != nil {
			failed(t, "find", err)
		}
	}
	return "never taken for ours"
}
