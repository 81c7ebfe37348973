package mta

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-smtp"

	"holdover/mailstore"
)

const deliverTime = 5 * time.Minute

// session is one client's envelope. go-smtp calls it on one goroutine.
type session struct {
	in   *Inbound
	conn *smtp.Conn
	wire *wire
	envelope
}

var _ smtp.Session = (*session)(nil)

// Mail begins a transaction. The space is asked for before the octets come (D8).
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	return reply(s.begin(from, opts.Size), s.in.log)
}

func (s *session) begin(from string, size int64) error {
	if s.open {
		return refuse(503, 5, 5, 1, "one MAIL at a time")
	}
	if from != "" {
		if _, _, err := cutPath(from); err != nil {
			return err
		}
	}
	if err := s.in.o.Store.SpaceLeft(size); err != nil {
		return err
	}
	s.envelope = envelope{open: true, from: from}
	return nil
}

// Rcpt takes a recipient, or refuses it at once: nothing is bounced later.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	return reply(s.addRecipient(to), s.in.log)
}

// Data makes the message durable; its answer is the last word on the transaction.
func (s *session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r) // r is empty, but reading it lets the wire collect the body
	letter := s.wire.takeLetter()
	if err != nil || letter == nil {
		if letter != nil {
			letter.release()
		}
		return reply(errors.Join(errGone, err), s.in.log)
	}
	defer letter.release()
	id, err := s.accept(letter)
	if err != nil {
		return reply(err, s.in.log)
	}
	return refuse(250, 2, 6, 0, "accepted as "+string(id)) // go-smtp passes any code on
}

func (s *session) Reset() { s.envelope = envelope{} }

func (s *session) Logout() error { return nil }

// accept stores the message for all its recipients; nil means durable.
func (s *session) accept(letter *body) (id mailID, err error) {
	letter.normalise()
	if letter.fault != nil {
		return "", letter.fault
	}
	if err := inspect(letter.octets, s.in.o.Host); err != nil {
		return "", err
	}
	id, now := mailstore.NewID(), s.in.o.Now()
	trace := traceBlock(letter.octets, id, hop{
		helo: s.conn.Hostname(), peer: peerOf(s.wire.Conn), host: s.in.o.Host,
		with: protocol(s.wire), at: now,
	})
	// The client may leave, or we may be told to stop: what has begun is finished.
	ctx, cancel := context.WithTimeout(context.Background(), deliverTime)
	defer cancel()
	if len(s.inside) > 0 {
		given, err := s.in.o.Store.Deliver(ctx, mailstore.Arrival{
			ID: id, To: s.inside, From: s.from, Origin: mailstore.FromOutside,
			Trace: trace, Octets: letter.octets, At: now,
		})
		if err != nil {
			return "", err
		}
		id = given
	}
	if len(s.outside) > 0 { // a retry after an error here meets L1 inside
		whole := append(trace, letter.octets...)
		if _, err := s.in.o.Store.Enqueue(ctx, s.sender(), s.from, s.outside, whole); err != nil {
			return "", err
		}
	}
	s.in.log.Info("mail accepted", "id", id, "octets", len(letter.octets),
		"mailboxes", len(s.inside), "outside", len(s.outside), "tls", s.wire.encrypted())
	return id, nil
}
