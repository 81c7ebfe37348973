package continuity

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

// openHeld is continuity as the product runs it: an ended event waits for its release.
func openHeld(t *testing.T, db *database.DB) *Continuity {
	t.Helper()
	c, err := Open(t.Context(), Options{DB: db, Directory: town, Held: true, Log: slog.New(slog.DiscardHandler),
		Now: (&clock{time.Date(2026, 11, 20, 13, 58, 0, 0, time.UTC)}).now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func end(t *testing.T, c *Continuity, e Event) {
	t.Helper()
	if _, err := c.End(t.Context(), e.ID, "admin", "wieder da"); err != nil {
		t.Fatal(err)
	}
}

// TestEndedIsNotReleased: the gate stays closed after the end until the release; the scout's exception
// holds only while nothing else closes the mailbox.
func TestEndedIsNotReleased(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		c := openHeld(t, db(t))
		only := func() (only bool) {
			if err := c.o.DB.Read(t.Context(), func(tx *database.Tx) (err error) { only, err = c.OnlyOpening(tx, "anna"); return err }); err != nil {
				t.Fatal(err)
			}
			return only
		}
		e := start(t, c, Outage, Scope{All: true})
		if _, err := c.Release(t.Context(), e.ID, "canary", "came out"); !errors.Is(err, ErrNotOpening) {
			t.Errorf("an active event was released: %v", err)
		}
		if only() {
			t.Error("an active event counts as opening")
		}
		end(t, c, e)
		if shut, kind := closed(t, c, "anna"); !shut || kind != Outage {
			t.Fatalf("after the end: closed %v by %q", shut, kind)
		}
		if !only() {
			t.Error("nothing but an opening event, and the scout may not go")
		}
		other := start(t, c, Maintenance, Scope{Mailboxes: []email.MailboxID{"anna"}})
		if only() {
			t.Error("the scout may go although another event covers the mailbox")
		}
		end(t, c, other)
		list, err := c.Openings(t.Context())
		if err != nil || len(list) != 2 || list[0].ID != e.ID {
			t.Fatalf("openings %v, %v", list, err)
		}
		for _, one := range list {
			if _, err := c.Release(t.Context(), one.ID, "canary", ""); !errors.Is(err, ErrReason) {
				t.Errorf("released without a reason: %v", err)
			}
			if _, err := c.Release(t.Context(), one.ID, "canary", "came out"); err != nil {
				t.Fatal(err)
			}
		}
		if shut, _ := closed(t, c, "anna"); shut {
			t.Error("closed after the release")
		}
		lines, err := c.Records(t.Context(), e.ID)
		if err != nil || len(lines) != 3 || lines[2].What != "release" || lines[2].By != "canary" {
			t.Errorf("record %+v, %v", lines, err)
		}
		drill := start(t, c, Drill, Scope{All: true})
		end(t, c, drill)
		if list, _ := c.Openings(t.Context()); len(list) != 0 {
			t.Error("a drill waits for a release although its gates were open all along")
		}
		if err := c.CheckRecord(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestLockdownNeedsConfirmedIdentity: what Exchange shows during a lockdown is not remembered as what
// it was; nothing is released before a person has confirmed it.
func TestLockdownNeedsConfirmedIdentity(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		c := openHeld(t, db(t))
		calm := Identity{Way: "SMTP", Pin: "aa", Subject: "CN=mail.example"}
		strange := Identity{Way: "SMTP", Pin: "bb", Subject: "CN=mail.example"}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		pins := func() (list []string) {
			all, err := c.Identities(t.Context())
			must(err)
			for _, i := range all {
				mark := ""
				if !i.Confirmed.IsZero() {
					mark = " by " + i.ConfirmedBy
				}
				list = append(list, i.Pin+mark)
			}
			slices.Sort(list)
			return list
		}
		must(c.Remember(t.Context(), calm))
		e := start(t, c, Lockdown, Scope{Mailboxes: []email.MailboxID{"anna"}})
		must(c.Remember(t.Context(), strange))
		if got := pins(); !slices.Equal(got, []string{"aa"}) {
			t.Fatalf("remembered in a lockdown: %q", got)
		}
		end(t, c, e)
		must(c.Remember(t.Context(), strange))
		if got := pins(); !slices.Equal(got, []string{"aa"}) {
			t.Fatalf("remembered before the release: %q", got)
		}
		if suspects, err := c.Suspects(t.Context()); err != nil || !suspects {
			t.Errorf("trusted before the release: %v", err)
		}
		if _, err := c.Release(t.Context(), e.ID, "admin", "trust me"); !errors.Is(err, ErrUnconfirmed) {
			t.Fatalf("released unconfirmed: %v", err)
		}
		must(c.Confirm(t.Context(), e.ID, "jens", []Identity{strange}))
		must(c.Confirm(t.Context(), e.ID, "jens", []Identity{calm})) // the later word counts
		if got := pins(); !slices.Equal(got, []string{"aa by jens", "bb"}) {
			t.Fatalf("confirmed: %q", got)
		}
		_, err := c.Release(t.Context(), e.ID, "admin", "checked")
		must(err)
		if suspects, _ := c.Suspects(t.Context()); suspects {
			t.Error("still suspected after the release")
		}
		must(c.Admit(t.Context(), calm))
		must(c.Admit(t.Context(), Identity{Way: "IMAP", Pin: "cc"})) // nobody has confirmed anything of this way
		if err := c.Admit(t.Context(), strange); !errors.Is(err, ErrStranger) {
			t.Errorf("another certificate than the confirmed one: %v", err)
		}
		must(c.o.DB.Read(t.Context(), func(tx *database.Tx) error {
			for m, want := range map[email.MailboxID]int{"anna": 1, "bernd": 0} {
				if list, err := c.Lockdowns(tx, m); err != nil || len(list) != want {
					t.Errorf("lockdowns of %s: %v, %v", m, list, err)
				}
			}
			return nil
		}))
	})
}

// TestSwitches: each closes every gate, survives a restart, and stands in the record with who and why.
func TestSwitches(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		d := db(t)
		c := openHeld(t, d)
		told, stop := c.Watch()
		defer stop()
		for name, want := range map[SwitchName]struct {
			kind    Kind
			suspect bool
		}{Stopped: {Maintenance, false}, Withdrawn: {Lockdown, true}} {
			if err := c.Turn(t.Context(), name, true, "jens", ""); !errors.Is(err, ErrReason) {
				t.Errorf("%s without a reason: %v", name, err)
			}
			if err := c.Turn(t.Context(), name, true, "jens", "Ticket 7"); err != nil {
				t.Fatal(err)
			}
			<-told
			if err := c.Turn(t.Context(), name, true, "eva", "auch"); !errors.Is(err, ErrSwitched) {
				t.Errorf("%s twice: %v", name, err)
			}
			c = openHeld(t, d)
			told, stop = c.Watch()
			defer stop()
			if s, err := c.Switch(t.Context(), name); err != nil || !s.On || s.By != "jens" || s.Reason != "Ticket 7" {
				t.Errorf("%s after a restart: %+v, %v", name, s, err)
			}
			if shut, kind := closed(t, c, "anna"); !shut || kind != want.kind {
				t.Errorf("%s: closed %v by %q, want %q", name, shut, kind, want.kind)
			}
			if suspect, err := c.Suspects(t.Context()); err != nil || suspect != want.suspect {
				t.Errorf("%s: suspects %v, %v", name, suspect, err)
			}
			if err := c.Turn(t.Context(), name, false, "eva", "weiter"); err != nil {
				t.Fatal(err)
			}
			<-told
			if shut, _ := closed(t, c, "anna"); shut {
				t.Errorf("%s: closed after it was turned off", name)
			}
		}
		lines, err := c.Records(t.Context(), "")
		if err != nil || len(lines) != 4 {
			t.Errorf("record %+v, %v", lines, err)
		}
		if err := c.CheckRecord(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
