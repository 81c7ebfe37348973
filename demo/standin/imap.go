package standin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

// longestLine is what Exchange takes in an appended message.
const longestLine = 9900

// serveIMAP is the IMAP4 service.
func (e *Exchange) serveIMAP(l net.Listener) func() {
	server := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{exchange: e, store: e.store, conn: beneath(c.NetConn())}, &imapserver.GreetingData{}, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapChildren: {},
			imap.CapNamespace: {}, imap.CapLiteralPlus: {},
		},
		InsecureAuth: true,
		Logger:       quiet{},
	})
	go server.Serve(spoken{l})
	return func() { server.Close() }
}

// spoken gives each connection Exchange's words.
type spoken struct{ net.Listener }

func (s spoken) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &dialect{Conn: c}, nil
}

// session is one IMAP connection.
type session struct {
	exchange *Exchange
	store    *Store
	conn     *conn
	mailbox  string // primary address, after login
	serves   Side   // with what the login proves
	token    string // that it came in with, "" after a password
	folder   *folder
	readOnly bool
	view     *imapserver.SessionTracker
}

var (
	_ imapserver.SessionMove      = (*session)(nil)
	_ imapserver.SessionNamespace = (*session)(nil)
	_ imapserver.SessionSASL      = (*session)(nil)
)

func no(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Text: text}
}

// fault says what a mailbox that is not well makes of a command, or plays a rule, whose words become the answer.
func (s *session) fault(point string) error {
	if s.token != "" && !s.exchange.tokens.good(s.token, forIMAP) { // expired in mid-session
		s.conn.reset()
		return net.ErrClosed
	}
	switch fate := s.exchange.store.Fate(s.mailbox, s.serves); {
	case fate == Well || point == "login":
	case fate != Full:
		return no("User is authenticated but not connected.")
	case point == "append":
		return &imap.Error{Type: imap.StatusResponseTypeBad, Text: "Command Argument Error 11"}
	}
	rule, ok := s.exchange.faults.meet(context.Background(), s.conn, "imap", point, s.mailbox)
	if !ok {
		return nil
	}
	if rule.Do != "reply" {
		return net.ErrClosed
	}
	if text, bad := strings.CutPrefix(rule.Text, "BAD "); bad {
		return &imap.Error{Type: imap.StatusResponseTypeBad, Text: text}
	}
	return no(rule.Text)
}

func (s *session) Close() error {
	s.leave()
	return nil
}

func (s *session) Login(user, secret string) error {
	return s.enter(user, "LOGIN failed.", OnPremises, s.exchange.password(secret))
}

// enter lets in who proves itself: with the password on-premises, with a token Online.
func (s *session) enter(user, refusal string, serves Side, proven bool) error {
	mailbox, ok := s.exchange.opens(user)
	ok = ok && proven
	if !ok {
		return no(refusal)
	}
	switch s.exchange.store.Fate(mailbox, Anywhere) {
	case Unknown, Moving:
		return no(refusal)
	}
	s.mailbox, s.serves = mailbox, serves
	return s.fault("login")
}

func (s *session) AuthenticateMechanisms() []string { return []string{sasl.Plain, "XOAUTH2"} }

func (s *session) Authenticate(mech string) (sasl.Server, error) {
	const refusal = "AUTHENTICATE failed."
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, user, secret string) error {
			switch {
			case identity == "" || strings.EqualFold(identity, user):
				return s.enter(user, refusal, OnPremises, s.exchange.password(secret))
			case strings.EqualFold(user, s.exchange.options.Service):
				return s.enter(identity, refusal, OnPremises, s.exchange.password(secret))
			}
			return no(refusal)
		}), nil
	case "XOAUTH2":
		return &bearerServer{enter: func(user, token string) error {
			err := s.enter(user, refusal, Online, s.exchange.tokens.good(token, forIMAP))
			if mailbox, _ := s.exchange.opens(user); err == nil && s.exchange.store.Fate(mailbox, Online) == Elsewhere {
				err = no(refusal)
			}
			if err == nil {
				s.token = token
			}
			return err
		}}, nil
	}
	return nil, no("Unsupported authentication mechanism.")
}

// bearerServer reads "user=U^Aauth=Bearer T^A^A". Who is refused gets a challenge with the reason
// first, and the refusal after its answer.
type bearerServer struct {
	enter   func(user, token string) error
	refused error
}

func (b *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if b.refused != nil {
		return nil, true, b.refused
	}
	if response == nil {
		return []byte{}, false, nil
	}
	var user, token string
	for _, part := range strings.Split(string(response), "\x01") {
		if value, ok := strings.CutPrefix(part, "user="); ok {
			user = value
		}
		if value, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			token = value
		}
	}
	if b.refused = b.enter(user, token); b.refused != nil {
		return []byte(`{"status":"400","schemes":"Bearer","scope":""}`), false, nil
	}
	return nil, true, nil
}

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: '/'}}}, nil
}

// Append stores a message. Exchange refuses over-long lines, and drops keywords without a word.
func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	octets, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if err := s.fault("append"); err != nil {
		return nil, err
	}
	if int64(len(octets)) > s.exchange.largest.Load() {
		return nil, no("Maximum size of appendable message has been exceeded.")
	}
	for rest := octets; len(rest) > 0; {
		var line []byte
		if line, rest = cutLine(rest); len(bytes.TrimRight(line, "\r\n")) > longestLine {
			return nil, &imap.Error{Type: imap.StatusResponseTypeBad, Text: "Command Argument Error 11"}
		}
	}
	at := o.Time
	if at.IsZero() || s.exchange.strange("dates-ignored") {
		at = s.exchange.clock.Now()
	}
	if s.exchange.strange("bare-headers") {
		octets = withoutX(octets)
	}
	m := newMessage(octets, at, o.Flags)
	m.unshown = m.flags[imap.FlagFlagged]
	data, err := s.appended(name, m)
	if err != nil {
		return nil, err
	}
	return data, s.fault("appended")
}

func (s *session) appended(name string, m *message) (*imap.AppendData, error) {
	kept, err := s.exchange.keep("imap", s.mailbox, name, m)
	if err != nil {
		return nil, err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	f, err := s.store.folder(s.mailbox, name)
	if err != nil {
		return nil, err
	}
	if !kept { // a UID that nothing will ever have
		m.uid = f.next
		f.next++
	}
	return &imap.AppendData{UIDValidity: f.validity, UID: m.uid}, nil
}

// Select opens a folder; EXAMINE opens it read-only.
func (s *session) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	if err := s.fault("select"); err != nil {
		return nil, err
	}
	s.leave()
	s.store.lock()
	defer s.store.mu.Unlock()
	f, err := s.store.folder(s.mailbox, name)
	if err != nil {
		return nil, err
	}
	s.folder, s.readOnly, s.view = f, o.ReadOnly, f.tracker.NewSession()
	data := &imap.SelectData{
		Flags: permanentFlags(), PermanentFlags: permanentFlags(),
		NumMessages: uint32(len(f.messages)), UIDNext: f.next, UIDValidity: f.validity,
	}
	if o.ReadOnly {
		data.PermanentFlags = nil
	}
	for i, m := range f.messages {
		if !m.flags[imap.FlagSeen] {
			data.FirstUnseenSeqNum = uint32(i) + 1
			break
		}
	}
	return data, nil
}

func (s *session) Unselect() error {
	s.leave()
	return nil
}

func (s *session) leave() {
	if s.view != nil {
		s.view.Close()
	}
	s.view, s.folder = nil, nil
}

func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.view == nil {
		return nil
	}
	return s.view.Poll(w, allowExpunge)
}

func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if s.view == nil {
		<-stop
		return nil
	}
	if rule, _ := s.exchange.faults.at("imap", "idle", s.mailbox); rule.Do == "silent" {
		<-stop
		return nil
	}
	return s.view.Idle(w, stop)
}

var errReadOnly = errors.New("folder was opened with EXAMINE")

func (s *session) writable() error {
	if s.readOnly {
		return no(errReadOnly.Error())
	}
	return nil
}
