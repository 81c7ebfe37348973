package continuity

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

// places is a directory of three mailboxes.
type places map[email.MailboxID][2][]string

func (p places) Place(m email.MailboxID) (domains, groups []string, ok bool) {
	x, ok := p[m]
	return x[0], x[1], ok
}

var town = places{
	"anna":  {{"stadt.example"}, {"Rathaus", "Leitung"}},
	"bernd": {{"stadt.example"}, {"Bauhof"}},
	"clara": {{"werke.example"}, {"Leitung"}},
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { c.at = c.at.Add(time.Second); return c.at }

func open(t *testing.T, db *database.DB) *Continuity {
	t.Helper()
	c, err := Open(t.Context(), Options{DB: db, Directory: town, Log: slog.New(slog.DiscardHandler),
		Now: (&clock{time.Date(2026, 11, 20, 13, 58, 0, 0, time.UTC)}).now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.CheckRecord(context.WithoutCancel(t.Context())); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	return c
}

func start(t *testing.T, c *Continuity, k Kind, s Scope) Event {
	t.Helper()
	e, err := c.Start(t.Context(), Start{Kind: k, Scope: s, Reason: "Exchange antwortet nicht", By: "admin@stadt.example"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func closed(t *testing.T, c *Continuity, m email.MailboxID) (bool, Kind) {
	t.Helper()
	var shut bool
	var kind Kind
	if err := c.o.DB.Read(t.Context(), func(tx *database.Tx) (err error) {
		shut, kind, err = c.Closed(tx, m)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return shut, kind
}

func TestScopeClosesOnlyItsMailboxes(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		for name, row := range map[string]struct {
			scope Scope
			want  map[email.MailboxID]bool
		}{
			"everyone":  {Scope{All: true}, map[email.MailboxID]bool{"anna": true, "bernd": true, "clara": true, "unknown": true}},
			"domain":    {Scope{Domains: []string{"STADT.example"}}, map[email.MailboxID]bool{"anna": true, "bernd": true}},
			"group":     {Scope{Groups: []string{"leitung"}}, map[email.MailboxID]bool{"anna": true, "clara": true}},
			"mailbox":   {Scope{Mailboxes: []email.MailboxID{"bernd"}}, map[email.MailboxID]bool{"bernd": true}},
			"two lists": {Scope{Groups: []string{"Bauhof"}, Domains: []string{"werke.example"}}, map[email.MailboxID]bool{"bernd": true, "clara": true}},
		} {
			t.Run(name, func(t *testing.T) {
				c := open(t, db(t))
				e := start(t, c, Outage, row.scope)
				for _, m := range []email.MailboxID{"anna", "bernd", "clara", "unknown"} {
					if got, _ := closed(t, c, m); got != row.want[m] {
						t.Errorf("gate of %s closed: %v, want %v", m, got, row.want[m])
					}
				}
				if _, err := c.End(t.Context(), e.ID, "admin", "wieder da"); err != nil {
					t.Fatal(err)
				}
				if got, _ := closed(t, c, "anna"); got {
					t.Error("the gate stays closed after the event")
				}
			})
		}
	})
}

func TestStricterKindWinsAndEndingOneLeavesTheOther(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		c := open(t, db(t))
		maintenance := start(t, c, Maintenance, Scope{All: true})
		lockdown := start(t, c, Lockdown, Scope{Groups: []string{"Leitung"}})
		drill := start(t, c, Drill, Scope{All: true})
		for m, want := range map[email.MailboxID]Kind{"anna": Lockdown, "bernd": Drill} {
			if e, ok, err := c.Covering(t.Context(), m); err != nil || !ok || e.Kind != want {
				t.Errorf("%s is covered by %v (%v, %v), want %v", m, e.Kind, ok, err, want)
			}
		}
		if shut, kind := closed(t, c, "bernd"); !shut || kind != Maintenance {
			t.Errorf("bernd's gate: %v by %q; a drill must not open what maintenance closed", shut, kind)
		}
		for _, e := range []Event{lockdown, maintenance} {
			if _, err := c.End(t.Context(), e.ID, "admin", ""); err != nil {
				t.Fatal(err)
			}
		}
		if shut, _ := closed(t, c, "anna"); shut {
			t.Error("a drill alone closes the gate")
		}
		if _, err := c.End(t.Context(), drill.ID, "admin", ""); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := c.Covering(t.Context(), "anna"); ok {
			t.Error("covered although all events have ended")
		}
	})
}

func TestBadOrders(t *testing.T) {
	c := open(t, databasetest.Open(t))
	good := Start{Kind: Outage, Scope: Scope{All: true}, Reason: "Test", By: "admin"}
	for name, spoil := range map[string]func(*Start){
		"kind":   func(s *Start) { s.Kind = "panic" },
		"scope":  func(s *Start) { s.Scope = Scope{} },
		"reason": func(s *Start) { s.Reason = " \t" },
		"who":    func(s *Start) { s.By = "" },
	} {
		bad := good
		spoil(&bad)
		if _, err := c.Start(t.Context(), bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	e := start(t, c, Outage, Scope{All: true})
	if _, err := c.End(t.Context(), "nothing", "admin", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown event: %v", err)
	}
	if _, err := c.End(t.Context(), e.ID, "admin", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.End(t.Context(), e.ID, "admin", ""); !errors.Is(err, ErrEnded) {
		t.Errorf("ended twice: %v", err)
	}
}

func TestRecordShowsTampering(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db func(*testing.T) *database.DB) {
		d := db(t)
		c, err := Open(t.Context(), Options{DB: d, Directory: town, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		e := start(t, c, Outage, Scope{All: true})
		if _, err := c.End(t.Context(), e.ID, "admin", "wieder da"); err != nil {
			t.Fatal(err)
		}
		lines, err := c.Records(t.Context(), e.ID)
		if err != nil || len(lines) != 2 || lines[0].What != "start" || lines[1].What != "end" {
			t.Fatalf("record %+v, %v", lines, err)
		}
		if err := c.CheckRecord(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(`UPDATE event_record SET actor = 'somebody else' WHERE n = 1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := c.CheckRecord(t.Context()); err == nil {
			t.Error("a changed line passes")
		}
	})
}

func TestWatchIsToldOfStartAndEnd(t *testing.T) {
	c := open(t, databasetest.Open(t))
	told, stop := c.Watch()
	e := start(t, c, Outage, Scope{All: true})
	<-told
	if _, err := c.End(t.Context(), e.ID, "admin", ""); err != nil {
		t.Fatal(err)
	}
	<-told
	stop()
	start(t, c, Outage, Scope{All: true})
	select {
	case <-told:
		t.Error("told after stop")
	default:
	}
}
