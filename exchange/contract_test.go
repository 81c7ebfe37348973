package exchange

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/exchange/exchangetest"
)

// The contract suite: what sync-back relies on, held against every connector, on real servers and
// on the stand-in (demo/standin), which is a scripted double and no Exchange. What a connector does
// where it can do no better is noted in its cell. HOLDOVER_CONTRACT=path writes the table.

const anna = "anna@example.test"

// mailboxes are the methods that sync-back asks for.
type mailboxes interface {
	Find(ctx context.Context, mailbox string, q Query) ([]Copy, error)
	Append(ctx context.Context, mailbox string, to Folder, item Item) (Place, error)
	SetFlags(ctx context.Context, mailbox string, at Place, flags Flags) (Flags, error)
	SetCategories(ctx context.Context, mailbox string, at Place, change email.CategoryChange) (email.Categories, error)
	Move(ctx context.Context, mailbox string, at Place, to Folder) error
	Remove(ctx context.Context, mailbox string, at Place) error
	Create(ctx context.Context, mailbox string, f Folder) error
	Rename(ctx context.Context, mailbox string, f Folder, name string) error
	Discard(ctx context.Context, mailbox string, f Folder) (kept bool, err error)
	Close() error
}

// column is a connector and what it speaks to.
type column struct {
	name  string // connector@server
	face  string // of the stand-in
	start func(t *testing.T) *server
}

// columns of the suite over mailboxes.
func columns() []column {
	return []column{
		{"imap@dovecot", "", startDovecot},
		{"imap@double", "imap", startFace("imap", "imap")},
		{"imap, token@double", "imap", startFace("imap", "imap, token")},
		{"ews@double", "ews", startFace("ews", "ews")},
		{"graph@double", "graph", startFace("graph", "graph")},
	}
}

// server is what a column started: a connector, and a view of the truth behind it.
type server struct {
	mailboxes
	face    string
	opens   string               // the side whose mailboxes it opens
	double  *exchangetest.Double // nil: a real server
	connect func(t testing.TB, through func(address string) string) mailboxes
	date    func(t testing.TB, box string, c Copy) time.Time // the received date
}

// play is one behaviour on one column.
type play struct {
	*testing.T
	*server
	box string // a mailbox of its own
}

// behaviour is a row. Its note stands in the cell instead of a mark.
type behaviour struct {
	name   string
	double bool // needs faults, so that no real server can play it
	run    func(p *play) (note string)
}

func contextOf(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func startDovecot(t *testing.T) *server {
	t.Helper()
	o := IMAPOptions{Address: exchangetest.Dovecot(t, exchangetest.Maildirs(t)), Security: Security{Policy: None}, User: "{local}", Password: exchangetest.Password}
	s := &server{mailboxes: newIMAP(t, o)}
	s.date = func(t testing.TB, box string, c Copy) time.Time { return internalDate(t, o, box, c.Place) }
	return s
}

// startFace answers how to start the stand-in with a connector for one of its faces.
func startFace(face, connector string) func(t *testing.T) *server {
	return func(t *testing.T) *server {
		t.Helper()
		d := exchangetest.Standin(t, exchangetest.StandinOptions{Largest: largestInContract})
		s := &server{face: face, opens: map[string]string{"imap": "on-premises", "ews": "on-premises"}[connector], double: d, connect: connectors(d)[connector]}
		if s.opens == "" {
			s.opens = "online"
		}
		s.mailboxes = s.connect(t, direct)
		s.date = func(t testing.TB, box string, c Copy) time.Time {
			for _, m := range d.Messages(box, c.Folder) {
				if strings.Trim(m.MessageID, "<>") == c.MessageID {
					return m.Received
				}
			}
			t.Fatalf("%s is not in %s", c.MessageID, c.Folder)
			return time.Time{}
		}
		return s
	}
}

const largestInContract = 1 << 20

func direct(address string) string { return address }

// connectors are how to connect to each face; through may put something between.
func connectors(d *exchangetest.Double) map[string]func(t testing.TB, through func(string) string) mailboxes {
	return map[string]func(testing.TB, func(string) string) mailboxes{
		"imap": func(t testing.TB, through func(string) string) mailboxes {
			return newIMAP(t, IMAPOptions{Address: through(d.Addr("imap")), Security: Security{Policy: None}, Password: d.Secret, Call: 20 * time.Second})
		},
		"imap, token": func(t testing.TB, through func(string) string) mailboxes {
			return newIMAP(t, IMAPOptions{Address: through(d.Addr("imap")), Security: Security{Policy: None}, Auth: LoginXOAUTH2, Tokens: doubleTokens(t, d), Call: 20 * time.Second})
		},
		"ews": func(t testing.TB, through func(string) string) mailboxes {
			c, err := NewEWS(EWSOptions{URL: "http://" + through(d.Addr("ews")) + "/EWS/Exchange.asmx", Security: Security{Policy: None},
				User: d.Service, Password: d.Secret, Largest: largestInContract, Call: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		},
		"graph": func(t testing.TB, through func(string) string) mailboxes {
			return newGraph(t, GraphOptions{URL: "http://" + through(d.Addr("graph")) + "/v1.0", Security: Security{Policy: None},
				Tokens: doubleTokens(t, d), Largest: largestInContract, Call: 20 * time.Second})
		},
	}
}

func mailboxSection() *section {
	s := &section{heading: "Mailboxes"}
	for _, c := range columns() {
		s.columns = append(s.columns, c.name)
	}
	for _, b := range behaviours() {
		s.rows = append(s.rows, b.name)
	}
	return s
}

// TestContract runs every behaviour on every column.
func TestContract(t *testing.T) {
	results := mailboxSection()
	t.Cleanup(func() { results.write(t) })
	for _, c := range columns() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.start(t)
			for i, b := range behaviours() {
				if b.double && s.double == nil {
					results.note(b.name, c.name, "–")
					continue
				}
				t.Run(b.name, func(t *testing.T) {
					p := &play{T: t, server: s, box: fmt.Sprintf("c%d@example.test", i)}
					if s.double != nil {
						s.double.AddMailbox(p.box)
						defer s.double.Normal()
					}
					note := b.run(p)
					if !t.Failed() {
						results.note(b.name, c.name, note)
					}
				})
			}
		})
	}
}

func newIMAP(t testing.TB, o IMAPOptions) *IMAP {
	t.Helper()
	c, err := NewIMAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// mail is a small message with a Message-ID of its own.
func mail(id string) []byte {
	return []byte("Message-ID: <" + id + ">\r\nFrom: Anna <a@b.test>\r\nTo: c@example.test\r\nDate: Fri, 20 Nov 2026 14:05:00 +0100\r\n" +
		"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nText\r\n")
}

func (p *play) ctx() context.Context { return contextOf(p.T) }

func (p *play) find(id string, in ...Folder) []Copy {
	p.Helper()
	copies, err := p.Find(p.ctx(), p.box, Query{MessageIDs: []string{id}, Folders: in})
	if err != nil {
		p.Fatal(err)
	}
	return copies
}

func (p *play) one(id string) Copy {
	p.Helper()
	copies := p.find(id)
	if len(copies) != 1 {
		p.Fatalf("%q: %d copies, want 1", id, len(copies))
	}
	return copies[0]
}

func (p *play) put(f Folder, item Item) Place {
	p.Helper()
	place, err := p.Append(p.ctx(), p.box, f, item)
	if err != nil {
		p.Fatal(err)
	}
	return place
}
