package mailstore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdover/database"
)

func TestOutbound(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		id, err := h.Enqueue(ctx, "", "", []string{"a@x.example", "b@x.example", "a@x.example"}, mail("n@holdover.example", "Bericht"))
		must(t, err)
		out := h.claimed()
		same(t, "claimed", len(out), 1)
		same(t, "recipients", len(out[0].Recipients), 2)
		same(t, "leased twice", len(h.claimed()), 0)

		later := h.clock.Now().Add(time.Hour)
		r := out[0].Recipients
		r[0].State, r[0].Attempts, r[0].Words = "sent", 1, "250 2.0.0 ok"
		r[1].Attempts, r[1].Next, r[1].Words = 1, later, "451 4.7.1 try later"
		must(t, h.ReportOutbound(ctx, out[0], r))
		same(t, "not due", len(h.claimed()), 0)
		h.crash()
		h.clock.add(time.Hour)
		out = h.claimed()
		same(t, "claimed", len(out), 1)
		same(t, "due", len(out[0].Recipients), 1)
		same(t, "attempts", out[0].Recipients[0].Attempts, 1)
		r = out[0].Recipients
		r[0].State = "nonsense"
		if err := h.ReportOutbound(ctx, out[0], r); err == nil {
			t.Error("a state that is none was taken")
		}
		r[0].State = "failed"
		must(t, h.ReportOutbound(ctx, out[0], r))
		if _, err := h.SpoolOctets(ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("spool file: %v", err)
		}
	})
}

// What a process had claimed when it died is due again as soon as the store is open.
func TestLeaseEndsWithTheProcess(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		_, err := h.Enqueue(t.Context(), "", "", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
		must(t, err)
		old := h.claimed()[0]
		h.crash()
		same(t, "claimed again", len(h.claimed()), 1)
		old.Recipients[0].State = "sent"
		if err := h.ReportOutbound(t.Context(), old, old.Recipients); !errors.Is(err, ErrLostLease) {
			t.Errorf("the dead process's claim: %v", err)
		}
	})
}

func TestLeaseTakenOver(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		_, err := h.Enqueue(t.Context(), "", "", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
		must(t, err)
		slow := h.claimed()[0]
		h.clock.add(59 * time.Second)
		same(t, "before its end", len(h.claimed()), 0)
		h.clock.add(2 * time.Second)
		quick := h.claimed()[0]
		slow.Recipients[0].State = "failed"
		if err := h.ReportOutbound(t.Context(), slow, slow.Recipients); !errors.Is(err, ErrLostLease) {
			t.Errorf("the worker that was too slow: %v", err)
		}
		quick.Recipients[0].State = "sent"
		must(t, h.ReportOutbound(t.Context(), quick, quick.Recipients))
		if err := h.ReportOutbound(t.Context(), quick, quick.Recipients); !errors.Is(err, ErrLostLease) {
			t.Errorf("the same report twice: %v", err)
		}
		rows, err := h.Submissions(t.Context(), "", 10)
		must(t, err)
		same(t, "state", rows[0].Recipients[0].State, "sent")
	})
}

// TestEnqueueCrash: what was acknowledged is there once, what was not is not.
func TestEnqueueCrash(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename", "syncdir"} {
		for _, after := range []bool{false, true} {
			h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
			h.disk.fail(fault{op: op, part: "spool", err: errDead, die: true, after: after})
			_, err := h.Enqueue(t.Context(), "", "", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
			h.crash()
			want := 0
			if err == nil {
				want = 1
			}
			same(t, op, len(h.claimed()), want)
		}
	}
}

// TestDiedBeforeTheEnd: the last outcome is recorded, and the process dies before it ends the submission.
func TestDiedBeforeTheEnd(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, err := h.Enqueue(t.Context(), "", "", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
		must(t, err)
		m := h.claimed()[0]
		m.Recipients[0].State = "sent"
		must(t, h.db.Write(t.Context(), func(tx *database.Tx) error { return report(tx, m, m.Recipients) }))
		h.crash()
		if _, err := h.SpoolOctets(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("the spool file is still there: %v", err)
		}
		found, err := h.Check(t.Context())
		must(t, err)
		same(t, "findings", len(found), 0)
	})
}

// TestQueueIsRebuilt: the rows are lost, the files are not (L13).
func TestQueueIsRebuilt(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		_, err := h.Enqueue(t.Context(), "", "post@holdover.example", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
		must(t, err)
		h.submit("t1")
		must(t, h.db.Write(t.Context(), func(tx *database.Tx) error {
			for _, table := range []string{"recipient", "submission"} {
				if _, err := tx.Exec("DELETE FROM " + table); err != nil {
					return err
				}
			}
			_, err := tx.Exec("UPDATE message SET hidden = 0 WHERE draft = 1")
			return err
		}))
		must(t, h.db.Write(t.Context(), func(tx *database.Tx) error {
			c := &change{tx: tx, mailbox: anna}
			_, err := tx.Exec("UPDATE folder SET total = 1 WHERE id = 'drafts' AND mailbox = ?", string(anna))
			if err != nil {
				return err
			}
			var thread ThreadID
			if err := tx.QueryRow("SELECT thread FROM message WHERE draft = 1").Scan(&thread); err != nil {
				return err
			}
			return c.recount(Drafts, thread)
		}))
		h.crash()
		same(t, "held", h.counts(anna, Drafts), "0/0")
		h.clock.add(time.Minute)
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/1")
		same(t, "bert", h.counts(bert, Inbox), "1/1")
		out := h.claimed()
		same(t, "queued", len(out), 2)
		same(t, "sender", out[0].From, "post@holdover.example")
	})
}

func TestMissingSpoolFileIsAnAlarm(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	h.bad = true
	id, err := h.Enqueue(t.Context(), "", "", []string{"a@x.example"}, mail("n@holdover.example", "Bericht"))
	must(t, err)
	must(t, os.Remove(filepath.Join(h.dir, outName(id))))
	h.crash()
	same(t, "alarms", len(h.Alarms()), 1)
	findings, err := h.Check(t.Context())
	must(t, err)
	same(t, "findings", len(findings), 2)
}
