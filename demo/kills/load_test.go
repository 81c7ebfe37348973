package kills_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"holdover/demo/portal"
	"holdover/demo/sample"
)

// load is what the world and the people do while the product is being killed. Each client repeats
// what was not acknowledged, as real ones do, so that in the end everything is acknowledged.
type load struct {
	ledger *ledger
	smtp   string
	people map[string]*portal.Person // by address

	dots    atomic.Int64 // clients that have sent the final dot and wait for the answer
	broken  atomic.Int64 // answers to a final dot that never came
	posts   atomic.Int64 // sends of the portal under way
	reads   atomic.Int64
	running sync.WaitGroup

	mu sync.Mutex
	up chan struct{} // closed while the product is up
}

func newLoad(l *ledger, address string) *load {
	return &load{ledger: l, smtp: address, people: map[string]*portal.Person{}, up: make(chan struct{})}
}

func (l *load) rise() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.up)
}

func (l *load) fall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = make(chan struct{})
}

// whenUp waits until the product is up; false: the load is over.
func (l *load) whenUp(ctx context.Context) bool {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
		return true
	case <-ctx.Done():
		return false
	}
}

// start lets senders, writers and readers work until ctx ends. What they have begun they bring to
// an acknowledgement, for which the product must come up again.
func (l *load) start(ctx, patience context.Context, seed uint64) {
	for n := range 4 {
		l.running.Go(func() { l.sender(ctx, patience, rand.New(rand.NewPCG(seed, uint64(n)))) })
	}
	for address, p := range l.people {
		l.running.Go(func() { l.writer(ctx, patience, address, p, rand.New(rand.NewPCG(seed, 100+uint64(len(address))))) })
		l.running.Go(func() { l.reader(ctx, address, p) })
	}
}

// sender is a mail server of the world.
func (l *load) sender(ctx, patience context.Context, r *rand.Rand) {
	s := &session{load: l}
	defer s.close()
	tick := time.NewTicker(60 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		i, text := l.compose(r)
		for l.whenUp(patience) {
			if s.send(i, text) == nil {
				l.ledger.ack(i)
				break
			}
			pause(patience)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// pause keeps a client that was refused from asking again at once.
func pause(ctx context.Context) {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
	}
}

// compose writes a message for one mailbox, or now and then for three or for a group.
func (l *load) compose(r *rand.Rand) (*item, string) {
	all := employees()
	i := &item{kind: "in", token: l.ledger.token()}
	switch r.IntN(10) {
	case 0:
		for _, n := range r.Perm(len(all))[:3] {
			i.to = append(i.to, all[n])
		}
	case 1, 2, 3:
		i.to = []string{all[r.IntN(len(all))]}
	default: // those who are signed in
		i.to = []string{watched()[r.IntN(len(watched()))]}
	}
	i.messageID = "<" + i.token + "@welt.example>"
	body := "Hallo,\r\n\r\ndies ist " + i.token + ".\r\n" + strings.Repeat("Eine Zeile mit Text, damit es etwas zu schreiben gibt.\r\n", r.IntN(150)) + ".\r\n"
	i.body = digest(body)
	return i, fmt.Sprintf("From: Welt <absender@welt.example>\r\nTo: %s\r\nSubject: Nachricht %s\r\nMessage-ID: %s\r\nDate: %s\r\n\r\n%s",
		strings.Join(i.to, ", "), i.token, i.messageID, time.Now().Format(time.RFC1123Z), body)
}

func watched() []string {
	return []string{"katharina.brandt@" + sample.Domain, "hannah.clarke@" + sample.Domain}
}

func employees() (all []string) {
	for _, p := range sample.People() {
		if !p.Shared {
			all = append(all, p.Address())
		}
	}
	return all
}

// session is one SMTP connection, made anew after an error.
type session struct {
	load   *load
	client *smtp.Client
	sent   int
}

func (s *session) close() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

func (s *session) send(i *item, text string) (err error) {
	defer func() {
		if err != nil || s.sent >= 20 {
			s.close()
		}
	}()
	if s.client == nil {
		conn, err := net.DialTimeout("tcp", s.load.smtp, 5*time.Second)
		if err != nil {
			return err
		}
		s.client, s.sent = smtp.NewClient(conn), 0
		s.client.CommandTimeout, s.client.SubmissionTimeout = 30*time.Second, 30*time.Second
	}
	s.sent++
	if err := s.client.Mail("absender@welt.example", nil); err != nil {
		return err
	}
	for _, to := range i.to {
		if err := s.client.Rcpt(to, nil); err != nil {
			return err
		}
	}
	w, err := s.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	s.load.dots.Add(1)
	err = w.Close()
	s.load.dots.Add(-1)
	if err != nil {
		s.load.broken.Add(1)
	}
	return err
}

// writer is a person at the portal.
func (l *load) writer(ctx, patience context.Context, address string, p *portal.Person, r *rand.Rand) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		i := &item{kind: "sent", token: l.ledger.token(), from: address}
		letter := portal.Letter{Token: "form-" + i.token, Subject: "Antwort " + i.token, Text: "Guten Tag,\n\n" + i.token}
		if r.IntN(3) == 0 {
			i.to = []string{employees()[2+r.IntN(5)]}
			if i.to[0] == address {
				i.to[0] = employees()[1]
			}
			letter.To = i.to[0]
		} else {
			i.outside = "kunde@welt.example"
			letter.To = i.outside
		}
		for l.whenUp(patience) {
			l.posts.Add(1)
			err := p.Send(patience, letter)
			l.posts.Add(-1)
			if err == nil {
				l.ledger.ack(i)
				break
			}
			pause(patience)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// reader marks messages as read at the portal.
func (l *load) reader(ctx context.Context, address string, p *portal.Person) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for l.whenUp(ctx) {
		i := l.ledger.newest(func(i *item) bool {
			return i.kind == "in" && !i.asked && i.to[0] == address && time.Since(i.acked) > 3*time.Second
		})
		if i != nil {
			threads, _, err := p.Search(ctx, i.token)
			if err == nil && len(threads) == 1 {
				l.ledger.askRead(i)
				if p.MarkRead(ctx, threads[0]) == nil {
					l.ledger.ackRead(i)
					l.reads.Add(1)
				}
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
