package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// cpu is the processor time that this process has used.
func cpu(t testing.TB) time.Duration {
	var used syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestFirstPageIsCheap: the first page of a large mailbox asks the store a handful of times and is small on the
// wire. What it costs of CPU is only said, since that is the machine's matter too. HOLDOVER_LARGE sets how many
// messages it has (100,000 in the bench).
func TestFirstPageIsCheap(t *testing.T) {
	size := 1500
	if text := os.Getenv("HOLDOVER_LARGE"); text != "" {
		var err error
		size, err = strconv.Atoi(text)
		must(t, err)
	}
	var asked *counting
	h := newHouse(t, func(o *Options) { asked = &counting{Mail: o.Mail}; o.Mail = asked })
	for i := range size {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Vorgang %d zur Prüfung und Freigabe", i), text: "Sehr geehrte Frau Wessel, anbei der Vorgang mit der Bitte um Prüfung und Rückmeldung bis Freitag.",
			from: fmt.Sprintf("Person %d <p%d@firma%d.example>", i%700, i%700, i%90), ago: time.Duration(size-i) * time.Second})
	}
	words, err := views.LoadWords("")
	must(t, err)
	german := words.In("de")
	for said(h.as(katrin).page("/search?q=vorgang").Find("h1")) != german.N("search.count", size) {
		time.Sleep(100 * time.Millisecond) // the index is at rest before time is taken
	}
	v := h.as(katrin).with("Accept-Encoding", "gzip")
	for range 20 {
		v.do("GET", "/mail/inbox", nil)
	}
	*asked = counting{Mail: asked.Mail}
	const times = 200
	start, octets := cpu(t), 0
	for range times {
		w := v.do("GET", "/mail/inbox", nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		octets = w.Body.Len()
	}
	each := (cpu(t) - start) / times
	t.Logf("%d messages: %v of CPU a page, %d octets packed, %d questions to the store", size, each, octets, asked.n/times)
	if octets > 15<<10 {
		t.Errorf("a page has %d octets packed", octets)
	}
	if asked.n/times > 4 {
		t.Errorf("a page asks the store %d times", asked.n/times)
	}
}

// counting counts questions to the store.
type counting struct {
	Mail
	n int
}

func (c *counting) Folders(ctx context.Context, m email.MailboxID) ([]mailstore.Folder, error) {
	c.n++
	return c.Mail.Folders(ctx, m)
}

func (c *counting) Threads(ctx context.Context, m email.MailboxID, f mailstore.FolderID, before mailstore.Before, limit int) ([]mailstore.ThreadRow, mailstore.Before, error) {
	c.n++
	return c.Mail.Threads(ctx, m, f, before, limit)
}

func (c *counting) Conversation(ctx context.Context, m email.MailboxID, t mailstore.ThreadID) ([]mailstore.Message, error) {
	c.n++
	return c.Mail.Conversation(ctx, m, t)
}

func (c *counting) Message(ctx context.Context, m email.MailboxID, id email.MessageID) (mailstore.Message, error) {
	c.n++
	return c.Mail.Message(ctx, m, id)
}

func (c *counting) Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error) {
	c.n++
	return c.Mail.Messages(ctx, m, ids)
}

func (c *counting) Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error) {
	c.n++
	return c.Mail.Raw(ctx, m, id)
}
