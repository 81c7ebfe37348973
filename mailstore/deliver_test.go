package mailstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

func TestDeliver(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		octets := mail("a1@kunde.example", "Angebot")
		trace := []byte("Received: from kunde.example by mx.holdover.example id x\r\n")
		id, err := h.Deliver(t.Context(), Arrival{
			To:   []Recipient{{anna, "anna@holdover.example"}, {bert, "bert@holdover.example"}, {anna, "info@holdover.example"}},
			From: "katrin@kunde.example", Origin: FromOutside, Trace: trace, Octets: octets,
		})
		must(t, err)
		for _, m := range []email.MailboxID{anna, bert} {
			raw, err := h.Raw(t.Context(), m, id)
			must(t, err)
			if !bytes.Equal(raw, append(bytes.Clone(trace), octets...)) {
				t.Errorf("%s: the octets are not those received:\n%s", m, raw)
			}
			rows := h.threads(m, Inbox)
			if len(rows) != 1 || rows[0].Latest.ID != id || rows[0].Latest.Subject != "Angebot" || rows[0].Unread != 1 || rows[0].Count != 1 {
				t.Errorf("%s: list is %+v", m, rows)
			}
			same(t, "log", h.log(m), "arrived/outside")
		}
		got, err := h.Message(t.Context(), anna, id)
		must(t, err)
		same(t, "envelope", fmt.Sprint(got.Envelope), "{katrin@kunde.example [anna@holdover.example info@holdover.example]}")
		same(t, "settled", got.Settled, false)
		same(t, "received", got.Received, h.clock.Now())
		same(t, "message id", got.MessageID, "a1@kunde.example")
		folders, err := h.Folders(t.Context(), anna)
		must(t, err)
		same(t, "folders", fmt.Sprint(folders[:2]), "[{inbox   1 1} {drafts   0 0}]")
	})
}

func TestDeliverToNobody(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		for name, a := range map[string]Arrival{
			"no such mailbox": {To: to(anna, "nobodynobodynobo")},
			"path":            {To: []Recipient{{"../../etc", "x"}}},
			"no such folder":  {To: to(anna), Folder: "nonesuch"},
			"folder path":     {To: to(anna), Folder: "../../bert"},
		} {
			a.Octets, a.Origin = mail("x@y.example", "x"), FromOutside
			if _, err := h.Deliver(t.Context(), a); err == nil {
				t.Errorf("%s: delivered", name)
			}
		}
		same(t, "files", h.files(anna), 0)
		same(t, "log", h.log(anna), "")
	})
}

func TestSecondArrivalMakesNoSecondMessage(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		octets := mail("a1@kunde.example", "Angebot")
		first := h.deliver(octets, anna)
		h.deliver(octets, anna, bert) // a client's retry, with another recipient
		same(t, "files", h.files(anna), 1)
		same(t, "log", h.log(anna), "arrived/outside")
		same(t, "log", h.log(bert), "arrived/outside")

		_, err := h.Deliver(t.Context(), Arrival{To: []Recipient{{anna, "info@holdover.example"}}, Origin: FromExchange, Octets: octets})
		must(t, err)
		same(t, "log", h.log(anna), "arrived/outside merged/exchange")
		got, err := h.Message(t.Context(), anna, first)
		must(t, err)
		same(t, "recipients", fmt.Sprint(got.Envelope.To), "[anna@holdover.example info@holdover.example]")

		other := append(bytes.Clone(octets), "another body\r\n"...)
		h.deliver(other, anna) // same Message-ID, other body: a second message
		same(t, "files", h.files(anna), 2)
		same(t, "threads", len(h.threads(anna, Inbox)), 1)
	})
}

func TestArrivalWithoutMessageID(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.deliver([]byte("Subject: eins\r\n\r\ngleich\r\n"), anna)
		h.deliver([]byte("Subject: zwei\r\n\r\ngleich\r\n"), anna)
		h.deliver([]byte("Subject: zwei\r\n\r\ngleich\r\n"), anna)
		same(t, "messages", len(h.threads(anna, Inbox)), 2)
	})
}

func TestOddOctets(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		for i, octets := range []string{
			"", "\r\n", "x", "Subject: \x00\xff\r\n\r\nbody\x00",
			"Holdover-Id: forged\r\nHoldover-Origin: portal\r\nHoldover-End: 1\r\nSubject: x\r\n\r\n",
			"From: \xff\xfe <\x00@\xff>\r\nMessage-ID: <\xff\x00>\r\nReferences: <a\x00b> <\xff>\r\nSubject: =?x-unknown?q?=ff=00?=\r\n\r\n",
		} {
			id := h.deliver([]byte(octets), anna)
			raw, err := h.Raw(t.Context(), anna, id)
			must(t, err)
			same(t, fmt.Sprint("octets ", i), string(raw), octets)
		}
	})
}

func TestFilesOfOneBlockAreShared(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, err := h.Deliver(t.Context(), Arrival{To: []Recipient{{anna, "alle@holdover.example"}, {bert, "alle@holdover.example"}},
			Origin: FromOutside, Octets: mail("a@b.example", "an alle")})
		must(t, err)
		var info [2]interface{ Sys() any }
		for i, m := range []email.MailboxID{anna, bert} {
			st, err := h.state(t.Context(), m, id)
			must(t, err)
			name, err := h.find(m, st)
			must(t, err)
			info[i], err = h.disk.Stat(name)
			must(t, err)
		}
		a, b := info[0].Sys().(*syscall.Stat_t), info[1].Sys().(*syscall.Stat_t)
		same(t, "file", a.Ino, b.Ino)
	})
}

func TestManyDeliverAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		const each, writers = 20, 10
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					octets := mail(fmt.Sprintf("%d.%d@kunde.example", w/2, i), "Angebot") // each twice
					if _, err := h.Deliver(context.Background(), Arrival{To: to(anna, bert), Origin: FromOutside, Octets: octets}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, m := range []email.MailboxID{anna, bert} {
			same(t, "messages", len(h.threads(m, Inbox)), each*writers/2)
			same(t, "files", h.files(m), each*writers/2)
		}
		same(t, "busy", h.Busy(), 0)
	})
}

// TestAFailedStepIsNoDelivery makes each step of a delivery fail in turn: it is never acknowledged,
// nothing of it is seen, and the next one works without a restart.
func TestAFailedStepIsNoDelivery(t *testing.T) {
	for _, c := range []struct {
		name string
		fault
		want error
	}{
		{"no space to create", fault{op: "create", part: "/tmp/", err: syscall.ENOSPC}, ErrFull},
		{"no space to write", fault{op: "write", part: "/tmp/", err: syscall.ENOSPC}, ErrFull},
		{"quota", fault{op: "write", part: "/tmp/", err: syscall.EDQUOT}, ErrFull},
		{"short write", fault{op: "write", part: "/tmp/", err: errShort}, nil},
		{"write error", fault{op: "write", part: "/tmp/", err: syscall.EIO}, ErrUnhealthy},
		{"read only", fault{op: "create", part: "/tmp/", err: syscall.EROFS}, ErrUnhealthy},
		{"flush of the file", fault{op: "sync", part: "/tmp/", err: syscall.EIO}, ErrUnhealthy},
		{"close", fault{op: "close", part: "/tmp/", err: syscall.EIO}, ErrUnhealthy},
		{"rename", fault{op: "rename", part: "/new/", err: syscall.EIO}, ErrUnhealthy},
		{"flush of the folder", fault{op: "syncdir", part: "/new", err: syscall.EIO}, ErrUnhealthy},
		{"second mailbox", fault{op: "syncdir", part: string(bert), err: syscall.EIO}, ErrUnhealthy},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
			h.probeEvery = 0
			f := c.fault
			f.times = 1
			h.disk.fail(f)
			a := Arrival{To: to(anna, bert), Origin: FromOutside, Octets: mail("a@b.example", "x")}
			_, err := h.Deliver(t.Context(), a)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			same(t, "alarm", len(h.Alarms()) > 0, c.want == ErrUnhealthy)
			for _, m := range []email.MailboxID{anna, bert} {
				same(t, "files", h.files(m), 0)
				same(t, "log", h.log(m), "")
			}
			_, err = h.Deliver(t.Context(), a)
			must(t, err)
			same(t, "alarms", len(h.Alarms()), 0)
		})
	}
}

func TestStaysOutOfServiceWhileTheDiskFails(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	h.probeEvery = 0
	h.disk.fail(fault{op: "sync", err: syscall.EIO})
	for range 3 {
		_, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: mail("a@b.example", "x")})
		if !errors.Is(err, ErrUnhealthy) {
			t.Fatalf("got %v", err)
		}
	}
	same(t, "alarm", h.Alarms()[0].Code, AlarmFlush)
	h.disk.mend()
	h.deliver(mail("a@b.example", "x"), anna)
}

func TestReserve(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	id := h.deliver(mail("a@b.example", "x"), anna)
	h.reserve = 1 << 60
	if err := h.SpaceLeft(1); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	_, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: mail("b@b.example", "x")})
	if !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	_, err = h.Raw(t.Context(), anna, id) // reading goes on
	must(t, err)
}

// TestCrashAtEachStep kills a delivery before and after each of its steps: after the next start the
// message is there once or not at all, whole, and once it was acknowledged it is there.
func TestCrashAtEachStep(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		for _, op := range steps(t, "create", "write", "sync", "close", "rename", "syncdir") {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/after=%v", op, after), func(t *testing.T) {
					h := newHouse(t, fresh(t))
					octets := mail("a@b.example", "x")
					h.disk.fail(fault{op: op, part: string(anna), err: errDead, die: true, after: after})
					_, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: octets})
					if err == nil {
						t.Fatal("acknowledged")
					}
					h.crash()
					rows := h.threads(anna, Inbox)
					inPlace := op == "syncdir" || op == "rename" && after
					if inPlace != (len(rows) == 1) {
						t.Fatalf("%d messages after a crash at %s", len(rows), op)
					}
					if inPlace {
						same(t, "log", h.log(anna), "found/outside")
						same(t, "settled", rows[0].Latest.Settled, false)
					}
					h.deliver(octets, anna) // the client tries again
					rows = h.threads(anna, Inbox)
					same(t, "messages", len(rows), 1)
					raw, err := h.Raw(t.Context(), anna, rows[0].Latest.ID)
					must(t, err)
					same(t, "octets", string(raw), string(octets))
				})
			}
		}
	})
}

// TestTheSecondArrivalHeals: a file vanished; the same message arrives again.
func TestTheSecondArrivalHeals(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		octets := mail("a@b.example", "x")
		id := h.deliver(octets, anna)
		st, err := h.state(t.Context(), anna, id)
		must(t, err)
		must(t, h.disk.Remove(placeNew(anna, st)))
		h.deliver(octets, anna)
		raw, err := h.Raw(t.Context(), anna, id)
		must(t, err)
		same(t, "octets", string(raw), string(octets))
		same(t, "messages", len(h.threads(anna, Inbox)), 1)
	})
}

func TestWatch(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	notices, stop := h.Watch()
	slow, stopSlow := h.Watch()
	for i := range 20 {
		h.deliver(mail(fmt.Sprint(i, "@b.example"), "x"), anna)
	}
	deadline := time.After(10 * time.Second)
	for last := Seq(0); last < 20; {
		select {
		case n := <-notices:
			if n.Mailbox != anna || n.Seq <= last {
				t.Fatalf("notice %v after %d", n, last)
			}
			last = n.Seq
		case <-deadline:
			t.Fatal("no notice of the last entry")
		}
	}
	first := <-slow
	if first.Seq != 20 {
		<-slow // one may have been on its way; the next one is the newest
	}
	stop()
	stopSlow()
	for range notices {
	}
}

func BenchmarkDeliver(b *testing.B) {
	body := bytes.Repeat([]byte("Sehr geehrte Damen und Herren, anbei das Angebot.\r\n"), 200)
	for _, writers := range []int{1, 10, 50} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			h := newHouse(b, "sqlite:"+b.TempDir()+"/mail.db")
			h.bad = true
			var wg sync.WaitGroup
			cpu := processCPU(b)
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					for i := w; i < b.N; i += writers {
						octets := append(mail(fmt.Sprint(i, "@b.example"), fmt.Sprint("Angebot ", i)), body...)
						_, err := h.Deliver(context.Background(), Arrival{To: to(anna), From: "a@b.example", Origin: FromOutside, Octets: octets})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric((processCPU(b)-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// TestDatabaseFull: no row, then no file either; reading goes on, and space that is given back is used.
func TestDatabaseFull(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	first := h.deliver(mail("a@b.example", "x"), anna)
	pages := func(statement string) {
		must(t, h.db.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(statement)
			return err
		}))
	}
	pages("PRAGMA max_page_count = 1") // never below what is in use
	n, err := 1, error(nil)
	for ; err == nil && n < 1000; n++ {
		_, err = h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: mail(fmt.Sprint(n, "@b.example"), strings.Repeat("lang ", 300))})
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	same(t, "files", h.files(anna), n-1)
	same(t, "alarms", len(h.Alarms()), 0)
	_, err = h.Raw(t.Context(), anna, first)
	must(t, err)
	pages("PRAGMA max_page_count = 1000000")
	h.deliver(mail("z@b.example", "x"), anna)
}
