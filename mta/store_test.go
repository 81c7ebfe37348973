package mta

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/database/databasetest"
	"holdover/email"
	"holdover/mailstore"
)

// realStore is a store in a temporary folder with Anna's and Bert's mailboxes.
func realStore(t testing.TB) *mailstore.Store {
	t.Helper()
	ctx := context.Background()
	store, err := mailstore.Open(ctx, mailstore.Options{
		Dir: t.TempDir(), DB: databasetest.Open(t), Host: host, Reserve: 1, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, m := range []struct {
		id      email.MailboxID
		address string
	}{{anna.ID, anna.Address}, {bert.ID, bert.Address}} {
		if err := store.EnsureMailbox(ctx, m.id, m.address); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// sample is a corpus file as it is sent.
type sample struct {
	name   string
	octets []byte
}

// TestCorpus sends every file of the corpus by DATA to Anna and by BDAT to Bert. What is stored
// below the trace block is what was on the wire, with its line ends made CRLF.
func TestCorpus(t *testing.T) {
	samples := readCorpus(t, corpus(t))
	store := realStore(t)
	s := serve(t, func(o *InboundOptions) { o.Store = store; o.MaxSize = 100 << 20 })
	work := make(chan sample)
	tally := &tally{t: t, store: store, times: map[string]int{}, kept: map[string]int{}}
	var workers sync.WaitGroup
	for range 8 { // they share commits, so this is faster
		data, bdat := s.hello(t), s.hello(t)
		workers.Go(func() {
			for one := range work {
				tally.send(data, bdat, one)
			}
		})
	}
	for _, one := range samples {
		work <- one
	}
	close(work)
	workers.Wait()
	tally.finish(len(samples))
}

func readCorpus(t *testing.T, dir string) (samples []sample) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		octets, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		samples = append(samples, sample{name, octets})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

// tally knows what the server must say to a sample, and which samples are the same message (L1).
type tally struct {
	t     *testing.T
	store *mailstore.Store

	mu           sync.Mutex
	nul, circles int
	times, kept  map[string]int // by mailbox and identity
}

func (y *tally) send(data, bdat *client, one sample) {
	lined := one.octets
	if !bytes.HasSuffix(lined, []byte("\r\n")) {
		lined = append(bytes.Clone(lined), "\r\n"...) // DATA cannot say otherwise
	}
	want := "250 2.6.0"
	if bytes.IndexByte(lined, 0) >= 0 {
		want = "550 5.6.0"
		y.count(&y.nul)
	} else if head, _, _ := bytes.Cut(Normalise(lined), []byte("\r\n\r\n")); strings.Count(strings.ToLower(string(head)), "\nreceived:") >= mostHops {
		want = "554 5.4.6"
		y.count(&y.circles)
	}
	byData, byChunks := sendData(data, lined, want), sendChunks(bdat, one.octets, want)
	if want[0] == '2' {
		y.check(anna.ID, byData, one.name, Normalise(lined))
		y.check(bert.ID, byChunks, one.name, Normalise(one.octets))
	}
}

func (y *tally) count(n *int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	*n++
}

func (y *tally) check(box email.MailboxID, id email.MessageID, name string, want []byte) {
	summary := email.Summarize(want)
	identity := fmt.Sprintf("%s %s %s", box, summary.MessageID, summary.BodyHash)
	if summary.MessageID == "" {
		identity = fmt.Sprintf("%s %x", box, sha256.Sum256(want))
	}
	raw, err := y.store.Raw(context.Background(), box, id)
	y.mu.Lock()
	defer y.mu.Unlock()
	y.times[identity]++
	switch {
	case errors.Is(err, mailstore.ErrNotFound):
		return // the same message came before; finish counts
	case err != nil:
		y.t.Errorf("%s: %v", name, err)
		return
	}
	y.kept[identity]++
	if !bytes.HasSuffix(raw, want) {
		y.t.Errorf("%s: stored octets differ: %d, want %d", name, len(raw), len(want))
		return
	}
	trace := raw[:len(raw)-len(want)]
	if !strings.HasPrefix(string(trace), "Received: from mx.kunde.example") || !strings.Contains(string(trace), "id "+string(id)+";") {
		y.t.Errorf("%s: trace block %q", name, trace)
	}
	if email.Summarize(raw).MessageID == "" {
		y.t.Errorf("%s: no Message-ID although one was added: trace block %q", name, trace)
	}
}

func (y *tally) finish(sent int) {
	again := 0
	for identity, times := range y.times {
		again += times - 1
		if y.kept[identity] != 1 {
			y.t.Errorf("%s was sent %d times and is stored %d times", identity, times, y.kept[identity])
		}
	}
	if sent == 0 || y.nul == 0 || y.circles == 0 {
		y.t.Errorf("%d files, %d with NUL, %d in circles", sent, y.nul, y.circles)
	}
	y.t.Logf("%d files sent by DATA and by BDAT; refused %d with NUL, %d in circles; %d deliveries repeated an identity", sent, y.nul, y.circles, again)
}

// sendData sends octets by DATA to Anna; lines are those that CRLF ends.
func sendData(c *client, octets []byte, want string) email.MessageID {
	c.t.Helper()
	c.letter()
	stuffed := bytes.ReplaceAll(append([]byte("\r\n"), octets...), []byte("\r\n."), []byte("\r\n.."))[2:]
	end := ".\r\n"
	if !bytes.HasSuffix(octets, []byte("\r\n")) {
		end = "\r\n" + end
	}
	c.send(string(stuffed) + end)
	return idIn(c.want(want))
}

// sendChunks sends octets by BDAT to Bert, in two pieces.
func sendChunks(c *client, octets []byte, want string) email.MessageID {
	c.t.Helper()
	c.do("MAIL FROM:<einkauf@kunde.example>", "250")
	c.do("RCPT TO:<bert@corp.example>", "250")
	half := len(octets) / 2
	c.send(fmt.Sprintf("BDAT %d\r\n%sBDAT %d LAST\r\n%s", half, octets[:half], len(octets)-half, octets[half:]))
	c.want("250 2.0.0")
	return idIn(c.want(want))
}

func idIn(reply string) email.MessageID {
	_, id, _ := strings.Cut(reply, "accepted as ")
	return email.MessageID(id)
}

// A client that lost our 250 sends again: one message, whether or not it has a Message-ID.
func TestRetryMakesNoSecond(t *testing.T) {
	store := realStore(t)
	s := serve(t, func(o *InboundOptions) { o.Store = store })
	for _, mail := range []string{
		"Message-ID: <x@kunde.example>\r\nSubject: with id\r\n\r\nx\r\n",
		"Date: Sat, 21 Nov 2026 22:00:00 +0000\r\nSubject: without id\r\n\r\ny\r\n",
	} {
		for range 2 {
			c := s.hello(t)
			sendData(c, []byte(mail), "250 2.6.0")
			c.Close()
		}
	}
	folders, err := store.Folders(context.Background(), anna.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.ID == mailstore.Inbox && f.Total != 2 {
			t.Errorf("%d messages in the inbox, want 2", f.Total)
		}
	}
}

// A full disk refuses at MAIL, before any octet of the message, and what is stored stays readable.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	dir, db := t.TempDir(), databasetest.Open(t)
	open := func(reserve int64) *mailstore.Store {
		store, err := mailstore.Open(ctx, mailstore.Options{Dir: dir, DB: db, Host: host, Reserve: reserve, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open(1)
	if err := store.EnsureMailbox(ctx, anna.ID, anna.Address); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(o *InboundOptions) { o.Store = store })
	id := sendData(s.hello(t), []byte("Subject: x\r\n\r\nx\r\n"), "250 2.6.0")
	s.stop()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	full := open(1 << 60)
	defer full.Close()
	s = serve(t, func(o *InboundOptions) { o.Store = full })
	c := s.hello(t)
	c.do("MAIL FROM:<a@b.example>", "452 4.3.1")
	c.do("NOOP", "250")
	if raw, err := full.Raw(ctx, anna.ID, id); err != nil || !bytes.HasSuffix(raw, []byte("\r\n\r\nx\r\n")) {
		t.Errorf("reading: %v", err)
	}
}

// BenchmarkAccept is ten sessions with 10 KB messages into the real store: the time of one accepted,
// durable message.
func BenchmarkAccept(b *testing.B) { benchmarkAccept(b, realStore(b)) }

// BenchmarkAcceptNoStore is the same without a store: what SMTP itself costs.
func BenchmarkAcceptNoStore(b *testing.B) { benchmarkAccept(b, forgetful{}) }

// forgetful accepts and keeps nothing.
type forgetful struct{}

func (forgetful) SpaceLeft(int64) error { return nil }
func (forgetful) Deliver(_ context.Context, a mailstore.Arrival) (email.MessageID, error) {
	return a.ID, nil
}
func (forgetful) Enqueue(context.Context, email.MailboxID, string, []string, []byte) (mailstore.SendID, error) {
	return "", nil
}

func benchmarkAccept(b *testing.B, store Store) {
	s := serve(b, func(o *InboundOptions) { o.Store = store })
	text := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 130)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	b.SetParallelism(5) // sessions are this times GOMAXPROCS: ten on two cores
	b.RunParallel(func(p *testing.PB) {
		c := s.hello(b)
		for n := 0; p.Next(); n++ {
			sum := sha256.Sum256(fmt.Appendf(nil, "%p %d", c, n))
			c.letter()
			c.send(fmt.Sprintf("Message-ID: <%x@kunde.example>\r\nDate: Sat, 21 Nov 2026 22:00:00 +0000\r\nSubject: bench\r\n\r\n%s.\r\n", sum, text))
			c.want("250 2.6.0")
		}
	})
}
