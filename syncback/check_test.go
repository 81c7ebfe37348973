package syncback

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// attached is a message with a file.
func (b *bench) attached(m email.MailboxID, id, file string) email.MessageID {
	octets := []byte("Message-ID: <" + id + ">\r\nFrom: kunde@aussen.test\r\nTo: anna@firma.test\r\nSubject: Auftrag\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\nContent-Type: application/octet-stream\r\n" +
		"Content-Disposition: attachment; filename=\"" + file + "\"\r\n\r\nMZ\r\n--b--\r\n")
	return b.deliver(m, mailstore.Arrival{Octets: octets, Origin: mailstore.FromOutside, From: "kunde@aussen.test"})
}

// TestCheckedAgainAfterLockdown: what waited is looked at before it goes in; what fails is parked with the
// reason, a person may let it in, and what comes after the release is not held up.
func TestCheckedAgainAfterLockdown(t *testing.T) {
	b := held(t, withProbe())
	down := true
	b.o.Checks = []Check{Policy{}, checkFunc(func(octets []byte) (string, error) {
		if down {
			return "", errors.New("the scanner does not answer")
		}
		return "", nil
	})}
	b.restart()
	e := b.start(continuity.Lockdown, continuity.Scope{All: true})
	b.attached(anna, "rechnung@x", "Rechnung.PDF.exe. ")
	b.arrive(anna, "gut@x")
	b.end(e)
	b.must(b.events.Confirm(b.ctx, e.ID, "jens", nil))
	if !b.conducts(e, time.Hour) {
		t.Fatal("not released")
	}
	_, err := b.pass()
	b.must(err)
	if n := len(b.world.copies("anna@firma.test", "gut@x")); n != 0 {
		t.Fatal("went in although a check could not look")
	}
	down = false
	b.clock.move(2 * time.Minute)
	b.drain()
	lines, err := b.sync.Lines(b.ctx, time.Time{}, "", Parked, 10)
	b.must(err)
	if len(lines) != 1 || !strings.Contains(lines[0].Words, ".exe") || lines[0].Remedy == "" {
		t.Fatalf("parked: %+v%s", lines, b.ledger())
	}
	b.attached(anna, "danach@x", "setup.exe")
	b.must(b.sync.Retry(b.ctx, anna, lines[0].Seq, "jens"))
	b.drain()
	inbox := func(id string) want { return want{anna, id, "INBOX", exchange.Flags{}} }
	b.check([]want{inbox("gut@x"), inbox("rechnung@x"), inbox("danach@x")})
}

type checkFunc func(octets []byte) (string, error)

func (f checkFunc) Look(_ context.Context, octets []byte) (string, error) { return f(octets) }

// TestPolicy: size, structure and endings, however they are written.
func TestPolicy(t *testing.T) {
	b := held(t, nil)
	deep := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 80)
	for name, c := range map[string]struct {
		octets string
		fits   bool
	}{
		"plain":       {string(b.octets("a@x")), true},
		"large":       {string(b.octets("a@x")) + strings.Repeat("x", 5000), false},
		"too deep":    {deep, false},
		"ending":      {"Content-Type: application/x; name=\"a.JS\"\r\n\r\nx", false},
		"encoded":     {"Content-Type: application/x; name*=utf-8''a%2Eexe\r\n\r\nx", false},
		"two of them": {"Content-Type: application/x; name=\"a.exe.pdf\"\r\n\r\nx", true},
	} {
		if why, err := (Policy{Largest: 5000}).Look(b.ctx, []byte(c.octets)); err != nil || (why == "") != c.fits {
			t.Errorf("%s: %q, %v", name, why, err)
		}
	}
}

// TestLockdownCutsAndTrustsNothing: a call under way is cut, an answer that arrives meanwhile does not
// count, and nothing is even looked up.
func TestLockdownCutsAndTrustsNothing(t *testing.T) {
	b := held(t, withProbe())
	b.arrive(anna, "m@x")
	var e continuity.Event
	b.world.script = func(op, _ string) fault {
		if op == "deliver" && e.ID == "" {
			b.world.mu.Unlock()
			e = b.start(continuity.Lockdown, continuity.Scope{All: true})
			b.world.mu.Lock()
		}
		return fine
	}
	b.drain()
	if r, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true }); err != nil || r.InDoubt != 1 {
		t.Fatalf("Exchange's answer in a lockdown was trusted: %+v, %v", r.Counts, err)
	}
	before := b.world.count("find") + b.world.count("deliver")
	b.clock.move(3 * time.Hour)
	b.drain()
	if after := b.world.count("find") + b.world.count("deliver"); after != before {
		t.Errorf("%d calls in a lockdown", after-before)
	}
	b.end(e)
	b.must(b.events.Confirm(b.ctx, e.ID, "jens", nil))
	if !b.conducts(e, time.Hour) {
		t.Fatal("not released")
	}
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
}
