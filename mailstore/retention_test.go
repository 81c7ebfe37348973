package mailstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/email"
)

const day = 24 * time.Hour

// pass lets days go by as they do for a store that runs.
func (h *house) pass(days int) {
	h.t.Helper()
	for range days {
		h.clock.add(day)
		if ok, err := h.noteClock(h.t.Context()); !ok || err != nil {
			h.t.Fatal("the clock jumped: ", err)
		}
	}
}

func (h *house) settle(m email.MailboxID, ids ...email.MessageID) {
	h.t.Helper()
	must(h.t, h.db.Write(h.t.Context(), func(tx *database.Tx) error { return h.Settle(tx, m, ids...) }))
}

// readAll moves the cursor of a consumer to the end of a mailbox's log.
func (h *house) readAll(consumer string, m email.MailboxID) {
	h.t.Helper()
	at, err := h.Cursor(h.t.Context(), consumer, m)
	must(h.t, err)
	entries, err := h.Entries(h.t.Context(), m, at, 1000)
	must(h.t, err)
	must(h.t, h.Advance(h.t.Context(), consumer, m, at, at+Seq(len(entries)), nil))
}

func (h *house) expire() int {
	h.t.Helper()
	n, err := h.Expire(h.t.Context())
	must(h.t, err)
	return n
}

func (h *house) put(o Origin, subject string, boxes ...email.MailboxID) email.MessageID {
	h.t.Helper()
	id, err := h.Deliver(h.t.Context(), Arrival{To: to(boxes...), Origin: o, Octets: mail(strings.ReplaceAll(subject, " ", ".")+"@b.example", subject)})
	must(h.t, err)
	return id
}

func TestExpire(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.setWindow(day)
		known := h.put(FromExchange, "known to Exchange", anna)
		given := h.put(FromOutside, "given back", anna)
		waiting := h.put(FromOutside, "waiting", anna)
		touched := h.put(FromExchange, "touched", anna)
		draft, _, err := h.SaveDraft(t.Context(), anna, "", 0, mail("d@b.example", "draft"))
		must(t, err)
		same(t, "at once", h.expire(), 0)
		h.settle(anna, given)
		h.pass(2)
		must(t, h.SetFlags(t.Context(), FromPortal, anna, []email.MessageID{touched}, FlagChange{Seen: yes()}))
		same(t, "after the window", h.expire(), 1) // known
		h.pass(13)
		same(t, "after 14 days", h.expire(), 1) // given; touched two days later
		h.pass(40)
		same(t, "later", h.expire(), 1) // touched
		h.crash()
		same(t, "again", h.expire(), 0)
		for id, want := range map[email.MessageID]bool{known: false, given: false, touched: false, waiting: true, draft: true} {
			if _, err := h.Message(t.Context(), anna, id); (err == nil) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
		same(t, "files", h.files(anna), 2)
		entries, err := h.Entries(t.Context(), anna, 0, 100)
		must(t, err)
		for _, e := range entries {
			if e.Kind == Expired && (e.Origin != FromExpiry || e.Origin.Told()) {
				t.Errorf("expiry told: %+v", e)
			}
		}
	})
}

func TestExpireWaitsForConsumers(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.put(FromExchange, "one", anna)
		h.readAll("search", anna)
		must(t, h.Advance(t.Context(), "syncback", anna, 0, 0, nil))
		h.pass(40)
		same(t, "unread by a consumer", h.expire(), 0)
		h.readAll("syncback", anna)
		same(t, "read by all", h.expire(), 1)
	})
}

func TestDeletedForGoodIsRemovedLate(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		settled, waiting := h.put(FromOutside, "settled", anna), h.put(FromOutside, "waiting", anna)
		must(t, h.Delete(t.Context(), FromPortal, anna, []email.MessageID{settled, waiting}))
		h.settle(anna, settled)
		h.pass(13)
		same(t, "too early", h.expire(), 0)
		h.pass(2)
		same(t, "after 14 days", h.expire(), 1)
		_, err := h.Raw(t.Context(), anna, waiting)
		must(t, err)
		h.pass(100)
		same(t, "never while it waits", h.expire(), 0)
	})
}

// TestExpireCrash: the file of an expired message is still there, and must not be found again.
func TestExpireCrash(t *testing.T) {
	for _, op := range []string{"remove", "syncdir"} {
		eachStore(t, func(t *testing.T, h *house) {
			h.put(FromExchange, "one", anna)
			h.pass(40)
			h.disk.fail(fault{op: op, part: string(anna), err: errDead, die: true})
			if _, err := h.Expire(t.Context()); err == nil {
				t.Error("no error")
			}
			h.crash()
			same(t, "files", h.files(anna), 0)
			same(t, "messages", len(h.threads(anna, Inbox)), 0)
			same(t, "log", h.log(anna), "arrived/exchange expired/expiry")
		})
	}
}

func TestTrim(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.put(FromExchange, "one", anna)
		h.pass(20)
		stays := h.put(FromExchange, "two", anna)
		h.pass(20)
		h.readAll("search", anna)
		same(t, "expired", h.expire(), 1)
		h.readAll("search", anna)
		h.pass(31)
		must(t, h.SetFlags(t.Context(), FromExchange, anna, []email.MessageID{stays}, FlagChange{Seen: yes()}))
		h.setWindow(100 * day) // keeps the second message
		h.pass(60)
		h.expire()
		entries, err := h.Entries(t.Context(), anna, 0, 100)
		must(t, err)
		var left []string
		for _, e := range entries {
			left = append(left, fmt.Sprint(e.Seq, " ", e.Kind))
		}
		same(t, "entries left", strings.Join(left, ", "), "2 arrived, 3 expired, 4 flags") // one is younger than the window
	})
}

func TestClockJump(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		for _, by := range []time.Duration{5 * 365 * day, -2 * day} {
			h.put(FromExchange, fmt.Sprint("jump", by), anna)
			h.clock.add(by)
			for range 2 {
				if _, err := h.Expire(t.Context()); !errors.Is(err, ErrClock) {
					t.Fatalf("jump by %s: %v", by, err)
				}
			}
			same(t, "alarm", h.Alarms()[0].Code, AlarmClock)
			h.crash()
			if _, err := h.Expire(t.Context()); !errors.Is(err, ErrClock) {
				t.Fatalf("after a restart: %v", err)
			}
			same(t, "messages", len(h.threads(anna, Inbox)) > 0, true)
			must(t, h.TrustClock(t.Context()))
			same(t, "alarms", len(h.Alarms()), 0)
			h.expire()
		}
	})
}

// TestAMaildirRemoved is L3: nothing is deleted, nothing is told, and it is an alarm; when the folder
// is back everything goes on.
func TestAMaildirRemoved(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.setWindow(day)
		id := h.put(FromExchange, "one", anna, bert)
		h.pass(2)
		dir, away := filepath.Join(h.dir, mailboxDir(anna)), filepath.Join(h.dir, "away")
		must(t, os.Rename(dir, away))
		same(t, "expired", h.expire(), 1) // Bert's
		h.crash()
		same(t, "alarms", fmt.Sprint(len(h.Alarms()), h.Alarms()[0].Code, h.Alarms()[0].Mailbox), fmt.Sprint(1, AlarmMaildir, anna))
		must(t, h.EnsureMailbox(t.Context(), anna, "anna@holdover.example"))
		if _, err := os.Stat(dir); err == nil {
			t.Error("the Maildir was made anew")
		}
		_, err := h.Message(t.Context(), anna, id)
		must(t, err)
		if _, err := h.Raw(t.Context(), anna, id); !errors.Is(err, ErrUnhealthy) {
			t.Errorf("reading: %v", err)
		}
		if _, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: mail("n@b.example", "new")}); !errors.Is(err, ErrUnhealthy) {
			t.Errorf("delivering: %v", err)
		}
		behind, err := h.Behind(t.Context(), "syncback")
		must(t, err)
		same(t, "told", fmt.Sprint(behind), fmt.Sprint([]email.MailboxID{bert}))
		same(t, "expired", h.expire(), 0)
		same(t, "log", h.log(anna), "arrived/exchange")

		must(t, os.Rename(away, dir))
		same(t, "expired when it is back", h.expire(), 1)
		same(t, "alarms", len(h.Alarms()), 0)
		h.deliver(mail("n@b.example", "new"), anna)
	})
}

func TestAFileRemoved(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.bad = true
		id := h.put(FromExchange, "one", anna)
		must(t, os.Remove(filepath.Join(h.dir, h.name(anna, id))))
		h.crash()
		h.pass(40)
		same(t, "alarm", h.Alarms()[0].Code, AlarmFiles)
		same(t, "expired", h.expire(), 0)
		same(t, "log", h.log(anna), "arrived/exchange")
		same(t, "messages", len(h.threads(anna, Inbox)), 1)
		findings, err := h.Check(t.Context())
		must(t, err)
		if !strings.Contains(fmt.Sprint(findings), string(id)) {
			t.Errorf("findings: %v", findings)
		}
	})
}

// TestVolumeNotMounted: the database is there, and an empty folder where the mail was.
func TestVolumeNotMounted(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.setWindow(day)
		h.put(FromExchange, "one", anna)
		h.pass(2)
		dir, away := filepath.Join(h.dir, "maildir"), filepath.Join(h.dir, "away")
		must(t, os.Rename(dir, away))
		must(t, os.Mkdir(dir, 0o700))
		if _, err := h.Expire(t.Context()); !errors.Is(err, ErrUnhealthy) {
			t.Errorf("expire while running: %v", err)
		}
		h.crash()
		same(t, "alarms", fmt.Sprint(len(h.Alarms()), h.Alarms()[0].Code), fmt.Sprint(1, AlarmVolume))
		must(t, h.EnsureMailbox(t.Context(), anna, "anna@holdover.example"))
		must(t, h.EnsureMailbox(t.Context(), "newnewnew", "new@holdover.example"))
		if _, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, Octets: mail("n@b.example", "new")}); !errors.Is(err, ErrUnhealthy) {
			t.Errorf("delivering: %v", err)
		}
		if _, err := h.Expire(t.Context()); !errors.Is(err, ErrUnhealthy) {
			t.Errorf("expire: %v", err)
		}
		behind, err := h.Behind(t.Context(), "syncback")
		must(t, err)
		same(t, "told", len(behind), 0)
		entries, err := os.ReadDir(dir)
		must(t, err)
		same(t, "written below the mount point", len(entries), 0)
		same(t, "log", h.log(anna), "arrived/exchange")

		must(t, os.Remove(dir))
		must(t, os.Rename(away, dir))
		h.crash()
		same(t, "alarms", len(h.Alarms()), 0)
		same(t, "messages", len(h.threads(anna, Inbox)), 1)
	})
}
