package search

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// memory is a store in memory for one or more mailboxes.
type memory struct {
	mu       sync.Mutex
	messages map[email.MailboxID]map[email.MessageID]mailstore.Message
	raw      map[email.MessageID][]byte
	log      map[email.MailboxID][]mailstore.Entry
	notices  chan mailstore.Notice
	rawErr   error // what Raw answers, if not nil
	raws     atomic.Int64
	busy     atomic.Int64
}

func newMemory() *memory {
	return &memory{
		messages: map[email.MailboxID]map[email.MessageID]mailstore.Message{}, raw: map[email.MessageID][]byte{},
		log: map[email.MailboxID][]mailstore.Entry{}, notices: make(chan mailstore.Notice, 100_000),
	}
}

func (s *memory) Busy() int { return int(s.busy.Load()) }

func (s *memory) Watch() (<-chan mailstore.Notice, func()) { return s.notices, func() {} }

func (s *memory) Mailboxes(context.Context) ([]email.MailboxID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []email.MailboxID
	for m := range s.messages {
		all = append(all, m)
	}
	return all, nil
}

func (s *memory) Folders(context.Context, email.MailboxID) ([]mailstore.Folder, error) {
	return []mailstore.Folder{{ID: "inbox"}, {ID: "drafts"}, {ID: "sent"}, {ID: "archive"}, {ID: "trash"}, {ID: "junk"}, {ID: "projekte01ab", Name: "Projekte 2026"}}, nil
}

func (s *memory) Categorised(_ context.Context, m email.MailboxID) (map[email.MessageID]email.Categories, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[email.MessageID]email.Categories{}
	for id, one := range s.messages[m] {
		if len(one.Categories) > 0 {
			all[id] = one.Categories
		}
	}
	return all, nil
}

func (s *memory) Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log[m]
	if int(after) >= len(log) {
		return nil, ctx.Err()
	}
	log = log[after:]
	return slices.Clone(log[:min(limit, len(log))]), ctx.Err()
}

func (s *memory) Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []mailstore.Message
	for _, id := range ids {
		if message, ok := s.messages[m][id]; ok {
			found = append(found, message)
		}
	}
	return found, ctx.Err()
}

func (s *memory) Standings(_ context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]mailstore.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[email.MessageID]mailstore.Standing{}
	for _, id := range ids {
		if message, ok := s.messages[m][id]; ok {
			found[id] = mailstore.Standing{Folder: message.Folder, Flags: message.Flags}
		}
	}
	return found, nil
}

func (s *memory) those(m email.MailboxID, limit int, meant func(mailstore.Message) bool) (ids []email.MessageID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, message := range s.messages[m] {
		if meant(message) && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s *memory) Unseen(_ context.Context, m email.MailboxID, limit int) ([]email.MessageID, error) {
	return s.those(m, limit, func(one mailstore.Message) bool { return !one.Flags.Seen })
}

func (s *memory) Flagged(_ context.Context, m email.MailboxID, limit int) ([]email.MessageID, error) {
	return s.those(m, limit, func(one mailstore.Message) bool { return one.Flags.Flagged })
}

func (s *memory) Within(_ context.Context, m email.MailboxID, f mailstore.FolderID, limit int) ([]email.MessageID, error) {
	return s.those(m, limit, func(one mailstore.Message) bool { return one.Folder == f })
}

func (s *memory) Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raws.Add(1)
	octets, ok := s.raw[id]
	switch {
	case s.rawErr != nil:
		return nil, s.rawErr
	case !ok:
		return nil, mailstore.ErrNotFound
	}
	return octets, ctx.Err()
}

func (s *memory) note(m email.MailboxID, id email.MessageID, kind mailstore.Kind) {
	seq := mailstore.Seq(len(s.log[m]) + 1)
	s.log[m] = append(s.log[m], mailstore.Entry{Mailbox: m, Seq: seq, Message: id, Kind: kind, At: time.Unix(int64(seq), 0)})
	select {
	case s.notices <- mailstore.Notice{Mailbox: m, Seq: seq}:
	default:
	}
}

func (s *memory) put(m email.MailboxID, message mailstore.Message, octets []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	message.Summary, message.Size, message.Mailbox = email.Summarize(octets), int64(len(octets)), m
	if s.messages[m] == nil {
		s.messages[m] = map[email.MessageID]mailstore.Message{}
	}
	s.messages[m][message.ID], s.raw[message.ID] = message, octets
	s.note(m, message.ID, mailstore.Arrived)
}

func (s *memory) change(m email.MailboxID, id email.MessageID, kind mailstore.Kind, f func(*mailstore.Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	message := s.messages[m][id]
	f(&message)
	s.messages[m][id] = message
	s.note(m, id, kind)
}

func (s *memory) remove(m email.MailboxID, id email.MessageID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.messages[m], id)
	delete(s.raw, id)
	s.note(m, id, mailstore.Deleted)
}

const box email.MailboxID = "aaaaaaaaaaaaaaaa"

var berlin = time.FixedZone("CET", 3600)

func today() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, berlin) }

// fixed is a store with the mailbox of testdata.
func fixed(t testing.TB) *memory {
	t.Helper()
	octets, err := os.ReadFile("testdata/mailbox.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := newMemory()
	for _, block := range bytes.Split(octets, []byte("\n=== "))[1:] {
		head, body, _ := strings.Cut(string(block)+"\n", "\n")
		var id, folder, flags, received string
		if _, err := fmt.Sscan(head, &id, &folder, &flags, &received); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		at, err := time.Parse(time.RFC3339, received)
		if err != nil {
			t.Fatal(err)
		}
		s.put(box, mailstore.Message{
			ID: email.MessageID(id), Folder: mailstore.FolderID(folder), Received: at,
			Flags: mailstore.Flags{
				Seen: strings.Contains(flags, "seen"), Flagged: strings.Contains(flags, "flagged"),
				Answered: strings.Contains(flags, "answered"), Draft: strings.Contains(flags, "draft"),
			},
		}, []byte(strings.ReplaceAll(body, "\n", "\r\n")))
	}
	return s
}

func openIn(t testing.TB, dir string, s Source) *Index {
	t.Helper()
	x, err := Open(Options{Dir: dir, Source: s, Now: today, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return x
}

// find answers the ids of a query's hits, in order, separated by spaces.
func find(t testing.TB, x *Index, query string) string {
	t.Helper()
	r, err := x.Search(t.Context(), box, query, 0, 50)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if r.Total != len(r.Hits) {
		t.Errorf("%s: total %d of %d hits", query, r.Total, len(r.Hits))
	}
	return ids(r)
}

func ids(r Result) string {
	var ids []string
	for _, h := range r.Hits {
		ids = append(ids, string(h.Message))
	}
	return strings.Join(ids, " ")
}
