package mta

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// deaf is the real store in which some reports are lost, as if the process died before the commit.
type deaf struct {
	*mailstore.Store
	lost int
}

func (d *deaf) ReportOutbound(ctx context.Context, m mailstore.OutMessage, r []mailstore.OutRecipient) error {
	if d.lost > 0 {
		d.lost--
		return errors.New("the process was killed here")
	}
	return d.Store.ReportOutbound(ctx, m, r)
}

// submit sends a draft of Anna's, held for a while.
func submit(t *testing.T, store *mailstore.Store, hold time.Duration, to string) {
	t.Helper()
	ctx := context.Background()
	draft := email.Draft{
		From: email.Address{Name: "Anna", Addr: anna.Address}, To: []email.Address{{Addr: to}},
		Subject: "Angebot für Büro", Text: "Guten Tag,\n.\n..Punkte\nAnna", Date: time.Now(), MessageID: "d1@" + host,
	}
	octets, err := email.Compose(draft, true)
	if err != nil {
		t.Fatal(err)
	}
	id, version, err := store.SaveDraft(ctx, anna.ID, "", 0, octets)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Submit(ctx, mailstore.Submission{
		Mailbox: anna.ID, Draft: id, Version: version, Token: "t1", Own: octets, Out: octets,
		From: anna.Address, Remote: []string{to}, Release: time.Now().Add(hold),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// total is how many messages a folder of Anna's has.
func total(t *testing.T, store *mailstore.Store, folder mailstore.FolderID) int {
	t.Helper()
	folders, err := store.Folders(context.Background(), anna.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.ID == folder {
			return f.Total
		}
	}
	return -1
}

// What the portal sends reaches the world within a second after its hold, octet by octet, once.
func TestFromDraftToSink(t *testing.T) {
	late := time.Hour
	for range 3 { // a busy machine may be slow once
		if late = min(late, sendOne(t)); late < time.Second {
			return
		}
	}
	t.Errorf("it came %v after its hold", late)
}

// sendOne sends a draft that is held for a moment and says how long after its hold it came.
func sendOne(t *testing.T) time.Duration {
	store, s := realStore(t), newSink(t)
	outbound(t, s, func(o *OutboundOptions) { o.Store, o.Poll = store, 0 })
	hold := 300 * time.Millisecond
	due := time.Now().Add(hold)
	submit(t, store, hold, "einkauf@kunde.example")
	until(t, "the mail at the sink", func() bool { return len(s.got()) == 1 })
	late := time.Since(due)
	if late < 0 {
		t.Errorf("it came %v before its hold ended", -late)
	}
	until(t, "the copy in Sent", func() bool { return total(t, store, mailstore.Sent) == 1 })
	rows, err := store.Submissions(context.Background(), anna.ID, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d submissions, %v", len(rows), err)
	}
	raw, err := store.Raw(context.Background(), anna.ID, rows[0].Message)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll("\r\n"+s.got()[0].raw, "\r\n..", "\r\n.")[2:]
	if !strings.HasSuffix(string(raw), got) {
		t.Errorf("sent %q\nin Sent %q", got, raw)
	}
	until(t, "the queue to be empty", func() bool {
		claimed, err := store.ClaimOutbound(context.Background(), time.Minute, 10)
		return err == nil && len(claimed) == 0
	})
	if n := len(s.got()); n != 1 {
		t.Errorf("%d copies at the sink", n)
	}
	return late
}

// A refusal comes back as one report in the sender's conversation, whatever the process lived through.
func TestOneReport(t *testing.T) {
	for lost := range 3 {
		store, s := &deaf{realStore(t), lost}, newSink(t)
		s.script(func(command string) string {
			if strings.HasPrefix(command, "RCPT") {
				return "550 5.1.1 kein solcher Empfänger"
			}
			return ""
		})
		outbound(t, s, func(o *OutboundOptions) {
			o.Store, o.Patience = store, 100*time.Millisecond
			o.Language = func(email.MailboxID) string { return "de" }
		})
		submit(t, store.Store, 0, "niemand@kunde.example")
		failed := func() bool {
			rows, err := store.Submissions(context.Background(), anna.ID, 10)
			return err == nil && len(rows) == 1 && len(rows[0].Recipients) == 1 && rows[0].Recipients[0].State == "failed"
		}
		until(t, "the recipient to have failed", failed)
		if n := total(t, store.Store, mailstore.Inbox); n != 1 {
			t.Errorf("after %d deaths: %d reports", lost, n)
		}
		rows, _, err := store.Threads(context.Background(), anna.ID, mailstore.Inbox, mailstore.Before{}, 10)
		if err != nil || len(rows) != 1 {
			t.Fatalf("threads: %v %v", rows, err)
		}
		if rows[0].Count != 2 { // the sent message and its report
			t.Errorf("the conversation has %d messages", rows[0].Count)
		}
		raw, err := store.Raw(context.Background(), anna.ID, rows[0].Latest.ID)
		if err != nil || !strings.Contains(string(raw), "Auto-Submitted: auto-replied") || !strings.Contains(string(raw), "niemand@kunde.example") {
			t.Errorf("%v: report %s", err, raw)
		}
	}
}
