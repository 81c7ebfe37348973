package push

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
	"holdover/mailstore"
)

const anna = email.MailboxID("annaannaannaanna")

// service plays a browser maker's push service: it takes what comes and answers as told.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []http.Header
	bodies [][]byte
}

func newService(t *testing.T) *service {
	s := &service{status: http.StatusCreated}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got, s.bodies = append(s.got, r.Header), append(s.bodies, body)
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (s *service) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// browser makes the keys that a browser would.
func browser(t *testing.T, endpoint string) Subscription {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(t, err)
	secret := make([]byte, 16)
	rand.Read(secret)
	return Subscription{Endpoint: endpoint, P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(secret), Lang: "de"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStore(t *testing.T, db *database.DB) *mailstore.Store {
	t.Helper()
	store, err := mailstore.Open(t.Context(), mailstore.Options{Dir: t.TempDir(), DB: db, Host: "mx.example.test", Now: time.Now, Log: slog.New(slog.DiscardHandler), Reserve: -1})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.EnsureMailbox(t.Context(), anna, "anna@example.test"))
	return store
}

func loopback() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: 20 * time.Second}
}

// TestNotifications: who asked is told of new mail in the Inbox, once for a burst, in nothing but numbers;
// who is gone is forgotten.
func TestNotifications(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		db := open(t)
		store, far := newStore(t, db), newService(t)
		p, err := Open(t.Context(), Options{DB: db, Source: store, Contact: "mailto:admin@example.test", Client: loopback()})
		must(t, err)
		must(t, p.Subscribe(t.Context(), anna, browser(t, far.URL+"/one")))
		if far.count() != 1 || !strings.HasPrefix(far.got[0].Get("Authorization"), "vapid ") || far.got[0].Get("Content-Encoding") != "aes128gcm" {
			t.Fatalf("%d greetings, %v", far.count(), far.got)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		for n := range 3 {
			deliver(t, store, mailstore.Inbox, "Streng geheim "+string(rune('a'+n)))
		}
		deliver(t, store, mailstore.Junk, "Gewinn")
		await(t, func() bool { return far.count() == 2 })
		if body := string(far.bodies[1]); strings.Contains(body, "geheim") || strings.Contains(body, `"n"`) {
			t.Errorf("it travels in the clear: %q", body)
		}
		far.answer(http.StatusGone)
		deliver(t, store, mailstore.Inbox, "Noch eine")
		await(t, func() bool { list, err := p.of(t.Context(), anna); return err == nil && len(list) == 0 })
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		again, err := Open(t.Context(), Options{DB: db, Source: store})
		must(t, err)
		if again.Key() != p.Key() {
			t.Error("a restart changes the key: every browser would have to subscribe again")
		}
	})
}

func deliver(t *testing.T, store *mailstore.Store, folder mailstore.FolderID, subject string) {
	t.Helper()
	_, err := store.Deliver(t.Context(), mailstore.Arrival{To: []mailstore.Recipient{{Mailbox: anna, Address: "anna@example.test"}}, From: "x@example.test", Origin: mailstore.FromOutside,
		Folder: folder, Octets: []byte("From: x@example.test\r\nMessage-ID: <" + rand.Text() + "@example.test>\r\nSubject: " + subject + "\r\n\r\nText\r\n")})
	must(t, err)
}

func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came")
		}
	}
}

// TestEndpoints: what is no browser's address is refused, and inside addresses are never dialled.
func TestEndpoints(t *testing.T) {
	db := databasetest.Open(t)
	p, err := Open(t.Context(), Options{DB: db, Source: newStore(t, db)})
	must(t, err)
	for _, endpoint := range []string{"", "http://push.example.test/x", "https://", "https://user:pass@push.example.test/", "file:///etc/passwd", "https://x/" + strings.Repeat("a", 3000)} {
		if err := p.Subscribe(t.Context(), anna, browser(t, endpoint)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: %v", endpoint, err)
		}
	}
	far := newService(t)
	err = p.Subscribe(t.Context(), anna, browser(t, far.URL))
	if err == nil || far.count() != 0 || strings.Contains(err.Error(), far.URL) {
		t.Errorf("a loopback address was dialled %d times: %v", far.count(), err)
	}
}

// TestMost: a person has ten browsers; one that never answers is dropped in the end.
func TestMost(t *testing.T) {
	db := databasetest.Open(t)
	far := newService(t)
	now := time.Now()
	p, err := Open(t.Context(), Options{DB: db, Source: newStore(t, db), Client: loopback(), Now: func() time.Time { now = now.Add(time.Second); return now }})
	must(t, err)
	for n := range most + 2 {
		must(t, p.Subscribe(t.Context(), anna, browser(t, far.URL+"/"+string(rune('a'+n)))))
	}
	list, err := p.of(t.Context(), anna)
	must(t, err)
	if len(list) != most {
		t.Errorf("%d browsers are kept", len(list))
	}
	far.answer(http.StatusInternalServerError)
	for range mostFails {
		if err := p.send(t.Context(), list[0], note{N: 1}); err == nil {
			t.Error("a failure goes unnoticed")
		}
	}
	if list, _ = p.of(t.Context(), anna); len(list) != most-1 {
		t.Errorf("%d browsers after one failed %d times", len(list), mostFails)
	}
}
