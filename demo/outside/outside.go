// Package outside is the world beyond the organisation: an SMTP sink that takes everything and
// keeps it in memory, for the demo's page and for tests.
package outside

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// keep is how many messages the sink remembers; the oldest go first.
const keep = 100_000

// Message is one message as the world received it.
type Message struct {
	ID         int       `json:"id"` // from 1, in order of arrival
	At         time.Time `json:"at"`
	From       string    `json:"from"`
	To         []string  `json:"to"`
	Subject    string    `json:"subject"`
	MessageID  string    `json:"message_id"`
	InReplyTo  string    `json:"in_reply_to"`
	References string    `json:"references"`
	Octets     []byte    `json:"octets"`
}

// Sink is the running SMTP server.
type Sink struct {
	address string
	server  *smtp.Server
	now     func() time.Time

	mu       sync.Mutex
	last     int
	messages []Message
	arrival  chan struct{} // closed and replaced at each message
	refuse   func(from string, to string) error
}

// Start listens on address, e.g. 127.0.0.1:0.
func Start(address string, now func() time.Time) (*Sink, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("outside world: %w", err)
	}
	s := &Sink{address: l.Addr().String(), now: now, arrival: make(chan struct{})}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "mx.outside.example"
	s.server.MaxLineLength = 0
	s.server.EnableSMTPUTF8 = true
	s.server.ReadTimeout = 5 * time.Minute
	s.server.ErrorLog = quiet{}
	go s.server.Serve(l)
	return s, nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Addr is host:port of the sink.
func (s *Sink) Addr() string { return s.address }

// Close ends the sink and its connections.
func (s *Sink) Close() error { return s.server.Close() }

// Refuse makes the sink answer RCPT with what f returns; nil takes everything again.
func (s *Sink) Refuse(f func(from, to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// Messages lists what arrived, oldest first, after the message with that id (0: all).
func (s *Sink) Messages(after int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.messages, after+1, func(m Message, id int) int { return m.ID - id })
	return slices.Clone(s.messages[i:])
}

// Arrival closes at the next message: take it before looking at Messages.
func (s *Sink) Arrival() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrival
}

func (s *Sink) take(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	m.ID, m.At = s.last, s.now()
	s.messages = append(s.messages, m)
	if len(s.messages) > keep {
		s.messages = slices.Delete(s.messages, 0, len(s.messages)-keep)
	}
	close(s.arrival)
	s.arrival = make(chan struct{})
}

type session struct {
	sink *Sink
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	refuse := s.sink.refuse
	s.sink.mu.Unlock()
	if refuse != nil {
		if err := refuse(s.from, to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	octets, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := Message{From: s.from, To: s.to, Octets: octets}
	if parsed, err := mail.ReadMessage(bytes.NewReader(octets)); err == nil {
		m.Subject, m.MessageID = words(parsed.Header.Get("Subject")), parsed.Header.Get("Message-ID")
		m.InReplyTo = parsed.Header.Get("In-Reply-To")
		m.References = strings.Join(strings.Fields(parsed.Header.Get("References")), " ")
	}
	s.sink.take(m)
	return nil
}

func words(text string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		return decoded
	}
	return text
}
