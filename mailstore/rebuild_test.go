package mailstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

// picture is what a person sees of a mailbox, without what a rebuild may change.
func (h *house) picture(m email.MailboxID) string {
	h.t.Helper()
	folders, err := h.Folders(h.t.Context(), m)
	must(h.t, err)
	var all []string
	for _, f := range folders {
		all = append(all, fmt.Sprintf("%s %q %d/%d", f.ID, f.Name, f.Unread, f.Total))
		for _, r := range h.threads(m, f.ID) {
			l := r.Latest
			all = append(all, fmt.Sprintf(" %s %q here=%d count=%d flags=%v %q at=%d v=%d %v %v", l.ID, l.Subject, r.Here, r.Count, l.Flags, r.Categories, ms(l.Received), l.Version, l.Envelope, r.People))
		}
	}
	return strings.Join(all, "\n")
}

// forget loses the database.
func (h *house) forget(url string) {
	h.t.Helper()
	h.disk.dead.Store(true)
	h.Store.Close()
	h.db.Close()
	h.url = url
	h.open()
}

func TestRebuild(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		second := fresh(t)
		h := newHouse(t, fresh(t))
		ctx := t.Context()
		f, err := h.CreateFolder(ctx, FromPortal, anna, "", "Projekte")
		must(t, err)
		var ids []email.MessageID
		for i := range 6 {
			ids = append(ids, h.deliver(mail(fmt.Sprint(i, "@b.example"), fmt.Sprint("Angebot ", i/3), fmt.Sprint(i/3*3, "@b.example")), anna, bert))
		}
		must(t, h.SetFlags(ctx, FromPortal, anna, ids[:2], FlagChange{Seen: yes(), Flagged: yes()}))
		must(t, h.SetCategories(ctx, FromPortal, anna, ids[1:3], email.CategoryChange{Add: email.Categories{"Rote Kategorie", "Übergabe"}}))
		must(t, h.Move(ctx, FromPortal, anna, ids[1:3], f))
		must(t, h.Delete(ctx, FromPortal, anna, ids[3:4]))
		_, sub := h.submit("t1")
		id, _, err := h.SaveDraft(ctx, anna, "", 0, mail("d@b.example", "Entwurf"))
		must(t, err)
		_, _, err = h.SaveDraft(ctx, anna, id, 1, mail("d@b.example", "Entwurf 2"))
		must(t, err)
		before := h.picture(anna) + h.picture(bert)

		h.forget(second)
		same(t, "alarm", h.Alarms()[0].Code, AlarmDatabase)
		known, err := Addresses(h.dir)
		must(t, err)
		same(t, "addresses", fmt.Sprint(known), fmt.Sprint(map[string]email.MailboxID{"anna@holdover.example": anna, "bert@holdover.example": bert}))
		must(t, h.EnsureMailbox(ctx, anna, "anna@holdover.example")) // the directory was quicker than the administrator
		h.crash()
		same(t, "shown before the rebuild", len(h.threads(anna, Inbox)), 0)

		told := 0
		added, err := h.Rebuild(ctx, func(done, total int) {
			if done > total {
				t.Errorf("%d of %d", done, total)
			}
			told = done
		})
		must(t, err)
		same(t, "added", added, 15) // with the one deleted for good and the one held
		same(t, "progress", told >= added, true)
		same(t, "alarms", len(h.Alarms()), 0)
		if after := h.picture(anna) + h.picture(bert); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		for _, m := range []email.MailboxID{anna, bert} {
			entries, err := h.Entries(ctx, m, 0, 1000)
			must(t, err)
			for _, e := range entries {
				if e.Origin.Told() && e.Message != sub.Draft { // the held submission goes on
					t.Errorf("a rebuild would tell Exchange: %+v", e)
				}
			}
		}
		waiting, err := h.Message(ctx, anna, ids[0])
		must(t, err)
		same(t, "settled", waiting.Settled, false)
		h.clock.add(time.Minute)
		h.release()
		same(t, "sent", h.counts(anna, Sent), "0/1")
		h.crash()
		added, err = h.Rebuild(ctx, nil)
		must(t, err)
		same(t, "added again", added, 0)
	})
}

// TestAnOldDatabaseTellsNothing: a backup of the database was put back. What came since has no row,
// and Exchange may have it already.
func TestAnOldDatabaseTellsNothing(t *testing.T) {
	path := t.TempDir() + "/mail.db"
	h := newHouse(t, "sqlite:"+path)
	h.deliver(mail("a@b.example", "old"), anna)
	backup := t.TempDir() + "/backup.db"
	must(t, h.db.Write(t.Context(), func(*database.Tx) error { return nil }))
	h.Store.Close()
	h.db.Close()
	octets, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(backup, octets, 0o600))
	h.open()
	h.pass(1)
	h.deliver(mail("b@b.example", "since"), anna)
	h.forget("sqlite:" + backup)
	same(t, "alarm", h.Alarms()[0].Code, AlarmDatabase)
	same(t, "log", h.log(anna), "arrived/outside")
	_, err = h.Rebuild(t.Context(), nil)
	must(t, err)
	same(t, "log", h.log(anna), "arrived/outside found/rebuild")
}

// TestFilesByHand: a migration put files into a Maildir.
func TestFilesByHand(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		at := time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)
		put := func(name string, octets []byte) {
			name = filepath.Join(h.dir, mailboxDir(anna), name)
			must(t, os.MkdirAll(filepath.Dir(name), 0o700))
			must(t, os.WriteFile(name, octets, 0o600))
			must(t, os.Chtimes(name, at, at))
		}
		put("cur/1700000000.M1P2.mail.example:2,RS", mail("a@b.example", "Angebot"))
		put("new/wild name", mail("b@b.example", "ohne Zeit"))
		put(".archive/cur/1700000001.M2:2,F", []byte("no header at all"))
		put(".alteablage12/cur/1700000002.M3:2,", mail("c@b.example", "Ordner"))
		put(".Sent Items/cur/1700000002.M4:2,", mail("d@b.example", "fremder Ordner"))
		for range 2 {
			h.crash()
			same(t, "inbox", h.counts(anna, Inbox), "1/2")
			same(t, "archive", h.counts(anna, Archive), "1/1")
			same(t, "folder", h.counts(anna, "alteablage12"), "1/1")
		}
		rows := h.threads(anna, Inbox)
		same(t, "by file time", rows[0].Latest.Received, at)
		same(t, "by name", rows[1].Latest.Received, time.Unix(1700000000, 0).UTC())
		same(t, "flags", rows[1].Latest.Flags, Flags{Seen: true, Answered: true})
		same(t, "origin", rows[1].Latest.Origin, FromFound)
		if strings.Contains(h.log(anna), "outside") {
			t.Errorf("log: %s", h.log(anna))
		}
		raw, err := h.Raw(t.Context(), anna, rows[1].Latest.ID)
		must(t, err)
		same(t, "octets", string(raw), string(mail("a@b.example", "Angebot")))
		same(t, "expired at once", h.expire(), 0)
	})
}

func TestOneProcessOnly(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	_, err := Open(t.Context(), Options{Dir: h.dir, DB: h.db, Host: "mx.holdover.example"})
	if err == nil || !strings.Contains(err.Error(), ErrInUse.Error()) {
		t.Errorf("got %v", err)
	}
}

// TestCheckFinds breaks each invariant by hand: Check must name it, else every other test is blind.
func TestCheckFinds(t *testing.T) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	h.bad = true
	ctx := context.Background()
	a := h.deliver(mail("a@b.example", "Angebot"), anna)
	h.deliver(mail("b@b.example", "Re: Angebot", "a@b.example"), anna)
	held, _ := h.submit("t1")
	base := len(h.findings())
	same(t, "sound", base, 0)
	broken := func(what string, do, undo string) {
		t.Helper()
		exec := func(statement string) {
			must(t, h.db.Write(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(statement)
				return err
			}))
		}
		exec(do)
		if found := h.findings(); !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.What, what) }) {
			t.Errorf("%s: found %v", do, found)
		}
		exec(undo)
		if found := h.findings(); len(found) > 0 {
			t.Fatalf("after %s: found %v", undo, found)
		}
	}
	broken("counts wrongly", "UPDATE folder SET total = total + 1 WHERE id = 'inbox'", "UPDATE folder SET total = total - 1 WHERE id = 'inbox'")
	broken("counts wrongly", "UPDATE folder SET unread = unread + 1 WHERE id = 'inbox'", "UPDATE folder SET unread = unread - 1 WHERE id = 'inbox'")
	broken("list line", "UPDATE thread_folder SET count = count + 1", "UPDATE thread_folder SET count = count - 1")
	broken("list line", "UPDATE thread_folder SET flagged = flagged + 1", "UPDATE thread_folder SET flagged = flagged - 1")
	broken("wrong place", "UPDATE thread_folder SET latest = latest + 1", "UPDATE thread_folder SET latest = latest - 1")
	broken("gap", "UPDATE entry SET mailbox = mailbox || 'x' WHERE seq = 2", "UPDATE entry SET mailbox = 'annaannaannaanna' WHERE seq = 2")
	broken("after its end", "UPDATE mailbox SET seq = seq - 1 WHERE seq > 0", "UPDATE mailbox SET seq = seq + 1 WHERE seq > 0")
	broken("no entry", fmt.Sprintf("UPDATE entry SET message = 'x' WHERE message = '%s'", a), fmt.Sprintf("UPDATE entry SET message = '%s' WHERE message = 'x'", a))
	broken("held, and no submission", "UPDATE submission SET draft = draft || 'x'", "UPDATE submission SET draft = substr(draft, 1, length(draft) - 1)")
	broken("does not exist", "UPDATE ref SET thread = thread || 'x'", "UPDATE ref SET thread = substr(thread, 1, length(thread) - 1)")
	broken("does not exist", "UPDATE message SET thread = thread || 'x'", "UPDATE message SET thread = substr(thread, 1, length(thread) - 1)")
	broken("no recipient who waits", "UPDATE recipient SET state = 'sent'", "UPDATE recipient SET state = 'queued'")
	broken("has no row", fmt.Sprintf("UPDATE message SET file = file || 'x' WHERE id = '%s'", a), fmt.Sprintf("UPDATE message SET file = substr(file, 1, length(file) - 1) WHERE id = '%s'", a))
	broken("does not say", fmt.Sprintf("UPDATE message SET answered = 1 WHERE id = '%s'", a), fmt.Sprintf("UPDATE message SET answered = 0 WHERE id = '%s'", a))
	broken("no row that waits", "UPDATE submission SET state = 'done'; UPDATE message SET hidden = 3 WHERE hidden = 2; UPDATE recipient SET state = 'sent'",
		"UPDATE submission SET state = 'held'; UPDATE message SET hidden = 2 WHERE hidden = 3; UPDATE recipient SET state = 'queued'")
	broken("beyond the end", "INSERT INTO cursor VALUES ('x', 'annaannaannaanna', 99)", "DELETE FROM cursor")

	name := filepath.Join(h.dir, h.name(anna, a))
	octets, err := os.ReadFile(name)
	must(t, err)
	must(t, os.WriteFile(name, append(octets[:len(octets)-3], "?\r\n"...), 0o600))
	if found := h.findings(); len(found) != 1 || !strings.Contains(found[0].What, "not what was stored") {
		t.Errorf("a changed file: %v", found)
	}
	must(t, os.Remove(filepath.Join(h.dir, outName(held))))
	if found := h.findings(); len(found) != 2 {
		t.Errorf("a missing spool file: %v", found)
	}
}

func (h *house) findings() []Finding {
	h.t.Helper()
	found, err := h.Check(context.Background())
	must(h.t, err)
	return found
}

// TestAMailboxOlderThanItsRow: the rows of one mailbox were lost and the directory made it anew. Its
// files were there before the row; whether Exchange has them is not known.
func TestAMailboxOlderThanItsRow(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.deliver(mail("a@b.example", "old"), anna)
		must(t, h.db.Write(t.Context(), func(tx *database.Tx) error {
			for _, from := range []string{"message", "thread_folder", "conversation", "ref", "entry", "folder"} {
				if _, err := tx.Exec("DELETE FROM "+from+" WHERE mailbox = ?", string(anna)); err != nil {
					return err
				}
			}
			_, err := tx.Exec("DELETE FROM mailbox WHERE id = ?", string(anna))
			return err
		}))
		h.clock.add(time.Hour)
		h.crash()
		must(t, h.EnsureMailbox(t.Context(), anna, "anna@holdover.example"))
		h.crash()
		same(t, "log", h.log(anna), "found/rebuild")
		same(t, "settled", h.threads(anna, Inbox)[0].Latest.Settled, false)
	})
}
