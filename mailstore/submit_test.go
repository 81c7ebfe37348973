package mailstore

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"holdover/database/databasetest"
	"holdover/email"
)

// submit makes a draft that answers a message and sends it to Bert inside and one recipient outside.
func (h *house) submit(token string) (SendID, Submission) {
	h.t.Helper()
	sub := h.draftToSend(token)
	id, err := h.Submit(h.t.Context(), sub)
	must(h.t, err)
	return id, sub
}

func (h *house) draftToSend(token string) Submission {
	h.t.Helper()
	answers := h.deliver(mail("q"+token+"@b.example", "Frage"+token), anna)
	own := mail("d"+token+"@holdover.example", "AW: Frage"+token, "q"+token+"@b.example")
	id, v, err := h.SaveDraft(h.t.Context(), anna, "", 0, own)
	must(h.t, err)
	return Submission{Mailbox: anna, Draft: id, Version: v, Token: token, Own: own, Out: own, From: "anna@holdover.example",
		Local: to(bert), Remote: []string{"katrin@kunde.example"}, Release: h.clock.Now().Add(10 * time.Second), Answers: answers}
}

func (h *house) release() time.Time {
	h.t.Helper()
	next, err := h.Release(h.t.Context())
	must(h.t, err)
	return next
}

// claimed leases everything that is due, outside.
func (h *house) claimed() []OutMessage {
	h.t.Helper()
	all, err := h.ClaimOutbound(h.t.Context(), time.Minute, 100)
	must(h.t, err)
	return all
}

func TestSubmitAndRelease(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		id, sub := h.submit("t1")
		same(t, "drafts", h.counts(anna, Drafts), "0/0")
		same(t, "sent", h.counts(anna, Sent), "0/0")
		same(t, "claimed while held", len(h.claimed()), 0)
		same(t, "next", h.release(), sub.Release)
		same(t, "sent while held", h.counts(anna, Sent), "0/0")
		if _, _, err := h.SaveDraft(ctx, anna, sub.Draft, sub.Version, sub.Own); !errors.Is(err, ErrConflict) {
			t.Errorf("saving what is being sent: %v", err)
		}
		again, err := h.Submit(ctx, sub)
		must(t, err)
		same(t, "same token", again, id)

		h.crash()
		h.clock.add(time.Minute)
		for range 2 {
			same(t, "next", h.release(), time.Time{})
		}
		same(t, "sent", h.counts(anna, Sent), "0/1")
		same(t, "bert", h.counts(bert, Inbox), "1/1")
		same(t, "log of bert", h.log(bert), "arrived/portal")
		same(t, "log", h.log(anna), "arrived/outside draft/portal draftgone/portal sent/portal flags/portal")
		answered, err := h.Message(ctx, anna, sub.Answers)
		must(t, err)
		same(t, "answered", answered.Flags.Answered, true)
		copied := h.threads(anna, Sent)[0].Latest
		same(t, "seen", copied.Flags.Seen, true)
		same(t, "thread", copied.Thread, answered.Thread)
		same(t, "files", h.files(anna), 2)
		if _, err := h.Undo(ctx, anna, id); !errors.Is(err, ErrTooLate) {
			t.Errorf("undo after release: %v", err)
		}

		out := h.claimed()
		same(t, "claimed", len(out), 1)
		same(t, "copy", out[0].Message, copied.ID)
		same(t, "recipients", len(out[0].Recipients), 1)
		octets, err := h.SpoolOctets(ctx, out[0].ID)
		must(t, err)
		same(t, "octets", string(octets), string(sub.Out))
		out[0].Recipients[0].State = "sent"
		must(t, h.ReportOutbound(ctx, out[0], out[0].Recipients))
		if _, err := h.SpoolOctets(ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("spool file of what is done: %v", err)
		}
		rows, err := h.Submissions(ctx, anna, 10)
		must(t, err)
		same(t, "submissions", fmt.Sprintf("%d %v %s %d", len(rows), rows[0].Held, rows[0].Subject, len(rows[0].Recipients)), "1 false AW: Fraget1 2")
	})
}

func TestUndo(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, sub := h.submit("t1")
		for range 2 {
			draft, err := h.Undo(t.Context(), anna, id)
			must(t, err)
			same(t, "draft", draft, sub.Draft)
		}
		if _, err := h.Undo(t.Context(), bert, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("another's: %v", err)
		}
		h.clock.add(time.Minute)
		h.release()
		h.crash()
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/0")
		same(t, "bert", h.counts(bert, Inbox), "0/0")
		same(t, "drafts", h.counts(anna, Drafts), "0/1")
		_, v, err := h.SaveDraft(t.Context(), anna, sub.Draft, sub.Version, mail("d@holdover.example", "weiter"))
		must(t, err)
		same(t, "version", v, sub.Version+1)
		same(t, "log", h.log(anna), "arrived/outside draft/portal draftgone/portal draft/portal draft/portal")
	})
}

// TestUndoneStaysUndone: the file of what was taken back comes back after a crash.
func TestUndoneStaysUndone(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, _ := h.submit("t1")
		h.disk.fail(fault{op: "remove", part: "spool", err: errDead, die: true})
		_, err := h.Undo(t.Context(), anna, id)
		must(t, err)
		h.crash()
		h.clock.add(time.Minute)
		h.release()
		same(t, "bert", h.counts(bert, Inbox), "0/0")
		same(t, "claimed", len(h.claimed()), 0)
	})
}

func TestUndoAndReleaseCompete(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		won := map[string]int{}
		for i := range 10 {
			id, _ := h.submit(fmt.Sprint(i))
			h.clock.add(time.Minute)
			var undo error
			var wg sync.WaitGroup
			wg.Go(func() { _, undo = h.Undo(t.Context(), anna, id) })
			wg.Go(func() {
				if _, err := h.Release(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { h.Release(t.Context()) })
			wg.Wait()
			h.release()
			switch {
			case undo == nil:
				won["undo"]++
			case errors.Is(undo, ErrTooLate):
				won["release"]++
			default:
				t.Fatal(undo)
			}
		}
		same(t, "sent", h.counts(anna, Sent), fmt.Sprint("0/", won["release"]))
		same(t, "bert", h.counts(bert, Inbox), fmt.Sprint(won["release"], "/", won["release"]))
		same(t, "drafts", h.counts(anna, Drafts), fmt.Sprint("0/", won["undo"]))
		same(t, "outside", len(h.claimed()), won["release"])
	})
}

func TestSubmitTwiceAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		sub := h.draftToSend("t1")
		var ids [6]SendID
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				var err error
				if ids[i], err = h.Submit(t.Context(), sub); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			same(t, "id", id, ids[0])
		}
		h.clock.add(time.Minute)
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/1")
		same(t, "bert", h.counts(bert, Inbox), "1/1")
	})
}

func TestSubmitNeedsTheLastVersion(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		sub := h.draftToSend("t1")
		_, _, err := h.SaveDraft(t.Context(), anna, sub.Draft, sub.Version, mail("x@y.example", "neuer"))
		must(t, err)
		if _, err := h.Submit(t.Context(), sub); !errors.Is(err, ErrConflict) {
			t.Errorf("got %v", err)
		}
		sub.Draft = "nonesuch"
		if _, err := h.Submit(t.Context(), sub); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// TestMailToOneself is in Sent and in the Inbox.
func TestMailToOneself(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		sub := h.draftToSend("t1")
		sub.Local, sub.Remote = to(anna), nil
		_, err := h.Submit(t.Context(), sub)
		must(t, err)
		h.clock.add(time.Minute)
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/1")
		same(t, "inbox", h.counts(anna, Inbox), "2/2")
	})
}

func TestManyRecipientsInside(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		sub := h.draftToSend("t1")
		sub.Remote, sub.Local = nil, []Recipient{{"nobodynobody", "weg@holdover.example"}}
		for i := range 45 {
			m := email.MailboxID(fmt.Sprintf("box%02d", i))
			must(t, h.EnsureMailbox(t.Context(), m, fmt.Sprintf("box%d@holdover.example", i)))
			sub.Local = append(sub.Local, Recipient{m, fmt.Sprintf("box%d@holdover.example", i)})
		}
		id, err := h.Submit(t.Context(), sub)
		must(t, err)
		h.clock.add(time.Minute)
		h.disk.fail(fault{op: "rename", part: "box33", err: errDead, die: true}) // in the second or third part
		if _, err := h.Release(t.Context()); err == nil {
			t.Error("the failure was not told")
		}
		h.crash()
		h.release()
		for i := range 45 {
			same(t, "inbox", h.counts(email.MailboxID(fmt.Sprintf("box%02d", i)), Inbox), "1/1")
		}
		rows, err := h.Submissions(t.Context(), anna, 1)
		must(t, err)
		same(t, "id", rows[0].ID, id)
		failed := 0
		for _, r := range rows[0].Recipients {
			if r.State == "failed" {
				failed++
			}
		}
		same(t, "failed", failed, 1)
		_, err = h.SpoolOctets(t.Context(), id)
		same(t, "done", errors.Is(err, ErrNotFound), true)
	})
}

// TestSendCrash kills sending at each step, the commit of Submit and all of Release: once it was
// acknowledged it goes out once; before, the draft is still there.
func TestSendCrash(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		for _, where := range []string{"spool", "annaannaannaanna/.sent", "annaannaannaanna/.drafts", "bertbertbertbert"} {
			for _, op := range steps(t, "create", "sync", "rename", "syncdir", "remove") {
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/after=%v", where, op, after), func(t *testing.T) {
						h := newHouse(t, fresh(t))
						sub := h.draftToSend("t1")
						h.disk.fail(fault{op: op, part: where, err: errDead, die: true, after: after})
						_, err := h.Submit(t.Context(), sub)
						h.clock.add(time.Minute)
						if err == nil {
							h.Release(t.Context())
						}
						h.crash()
						if err != nil { // not acknowledged: the person sends again
							same(t, "drafts", h.counts(anna, Drafts), "0/1")
							_, err := h.Submit(t.Context(), sub)
							must(t, err)
							h.clock.add(time.Minute)
						}
						h.release()
						same(t, "drafts", h.counts(anna, Drafts), "0/0")
						same(t, "sent", h.counts(anna, Sent), "0/1")
						same(t, "bert", h.counts(bert, Inbox), "1/1")
						same(t, "outside", len(h.claimed()), 1)
					})
				}
			}
		}
	})
}

// TestUndoAfterACrashInRelease: the copy for Sent is in place, its commit did not happen. It is not
// found, since the submission is still held and may be taken back.
func TestUndoAfterACrashInRelease(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, sub := h.submit("t1")
		h.clock.add(time.Minute)
		h.disk.fail(fault{op: "syncdir", part: "/.sent/", err: errDead, die: true, after: true})
		if _, err := h.Release(t.Context()); err == nil {
			t.Error("the failure was not told")
		}
		h.crash()
		same(t, "sent", h.counts(anna, Sent), "0/0")
		draft, err := h.Undo(t.Context(), anna, id)
		must(t, err)
		same(t, "draft", draft, sub.Draft)
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/0")
		same(t, "files", h.files(anna), 2)
	})
}
