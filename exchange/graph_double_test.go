package exchange

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// onlineDouble is the stand-in as Exchange Online: Graph and tokens (scripted double, not Exchange).
func onlineDouble(t testing.TB) (*exchangetest.Double, GraphOptions) {
	t.Helper()
	d := exchangetest.Standin(t, exchangetest.StandinOptions{})
	return d, GraphOptions{URL: "http://" + d.Addr("graph") + "/v1.0", Security: Security{Policy: None}, Tokens: doubleTokens(t, d)}
}

func doubleTokens(t testing.TB, d *exchangetest.Double) *Tokens {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(d.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := NewTokens(TokenOptions{URL: "http://" + d.Addr("token") + "/tenant/oauth2/v2.0/token", Security: Security{Policy: None}, ClientID: d.Service, SecretFile: secret})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func newGraph(t testing.TB, o GraphOptions) *Graph {
	t.Helper()
	g, err := NewGraph(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func letter(id, more string) []byte {
	return []byte("Message-ID: <" + id + ">\r\nDate: Fri, 20 Nov 2026 13:05:00 +0000\r\nFrom: Anna <" + anna + ">\r\nTo: Ida <ida@x.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" + more)
}

const withAttachment = "In-Reply-To: <p1@x.test>\r\nReferences: <p0@x.test> <p1@x.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Guten Tag</p>\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"

// TestGraphRecreates: a sent message lies once in Sent with its dates, threading and attachment, is
// no draft, and nothing is left of the draft on the side; what was noted ends with "nothing left".
func TestGraphRecreates(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	var noted []string
	date := time.Date(2026, 11, 20, 13, 5, 0, 0, time.UTC)
	item := Item{Octets: letter("s1@x.test", withAttachment), Flags: Flags{Seen: true, Answered: true}, Date: date, Note: func(ref string) error { noted = append(noted, ref); return nil }}
	place, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, item)
	if err != nil {
		t.Fatal(err)
	}
	all := d.Messages(anna, "")
	if len(all) != 1 {
		t.Fatalf("%d messages, want one and no draft: %+v", len(all), all)
	}
	m := all[0]
	if m.Folder != "Gesendete Elemente" || m.ID != place.ID || place.Folder != m.Folder || m.Draft || !m.Seen || !m.Answered || m.MessageID != "<s1@x.test>" ||
		m.Subject != "Grüße" || !m.Received.Equal(date) || !m.Sent.Equal(date) {
		t.Errorf("%+v at %+v", m, place)
	}
	text := string(d.Octets(anna, m.ID))
	for _, want := range []string{"In-Reply-To: <p1@x.test>", "References: <p0@x.test> <p1@x.test>", "a.pdf", "JVBERg==", "text/html", "ida@x.test"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if len(noted) != 3 || !strings.HasPrefix(noted[0], "m:") || !strings.HasPrefix(noted[1], "i:") || noted[2] != "" {
		t.Errorf("noted %q", noted)
	}
	copies, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"s1@x.test"}})
	if err != nil || len(copies) != 1 || copies[0].Role != Sent || !copies[0].Flags.Answered || copies[0].ID != place.ID {
		t.Errorf("found %+v, %v", copies, err)
	}
}

// TestGraphLeavesNoLitter: an Append that ends at any step leaves what Tidy takes away by what was noted.
func TestGraphLeavesNoLitter(t *testing.T) {
	d, o := onlineDouble(t)
	killed := errors.New("killed")
	for _, c := range []struct {
		name  string
		fault exchangetest.DoubleFault
		note  int // the note that does not come back, from 1; 0: none
		want  error
		kept  int
	}{
		{"killed before the draft", exchangetest.DoubleFault{}, 1, ErrTemporary, 0},
		{"killed after the draft", exchangetest.DoubleFault{}, 2, ErrTemporary, 0},
		{"answer of the draft lost", exchangetest.DoubleFault{Point: "created", Do: "drop", Times: 1}, 0, ErrDoubt, 0},
		{"504 after the draft", exchangetest.DoubleFault{Point: "created", Do: "reply", Code: 504, Text: "UnknownError: timeout", Times: 1}, 0, ErrDoubt, 0},
		{"answer of the message lost", exchangetest.DoubleFault{Point: "created", Do: "drop", Skip: 1, Times: 1}, 0, ErrDoubt, 1},
		{"draft cannot be read", exchangetest.DoubleFault{Point: "get", Do: "reply", Code: 500, Text: "x", Times: 1}, 0, ErrUnreachable, 0},
		{"draft cannot be taken away", exchangetest.DoubleFault{Point: "delete", Do: "drop"}, 0, nil, 1},
		{"refused", exchangetest.DoubleFault{Point: "create", Do: "reply", Code: 400, Text: "ErrorInvalidRequest: no", Skip: 1, Times: 1}, 0, ErrRefused, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t, o)
			id := strings.ReplaceAll(c.name, " ", "-") + "@x.test"
			if c.fault.Point != "" {
				c.fault.Face = "graph"
				d.Fault(c.fault)
			}
			var last string
			n := 0
			_, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: letter(id, "\r\nText\r\n"), Note: func(ref string) error {
				if n++; n == c.note {
					return killed
				}
				last = ref
				return nil
			}})
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%v, want %v", err, c.want)
			}
			d.NoFaults()
			for range 2 { // again does no harm
				if err := g.Tidy(contextOf(t), anna, last); err != nil {
					t.Error(err)
				}
			}
			kept := 0
			for _, m := range d.Messages(anna, "") {
				if m.Draft || m.Folder == "Entwürfe" || strings.Contains(m.MessageID, sideDomain) {
					t.Errorf("litter: %+v", m)
				}
				if m.MessageID == "<"+id+">" {
					kept++
				}
			}
			if kept != c.kept {
				t.Errorf("%d copies, want %d", kept, c.kept)
			}
		})
	}
}

// TestGraphTidiesOnlyItsOwn: a draft that somebody sent, and what was never noted, stay.
func TestGraphTidiesOnlyItsOwn(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	d.Put(anna, "Gesendete Elemente", letter("sent@x.test", "\r\nText\r\n"), time.Time{})
	for _, ref := range []string{"i:" + d.Messages(anna, "")[0].ID, "m:sent@x.test", "x:y", "i:../../bea@example.test/messages/1"} {
		g.Tidy(contextOf(t), anna, ref)
	}
	if n := len(d.Messages(anna, "")); n != 1 {
		t.Errorf("%d messages are left", n)
	}
}

// TestGraphUnsuited: what Graph would harm, or not take, is refused before anything is sent.
func TestGraphUnsuited(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	part := func(kind string) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\nContent-Type: " + kind + "\r\n\r\nx\r\n--b--\r\n"
	}
	for name, more := range map[string]string{
		"signed": "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", "encrypted": "Content-Type: application/pkcs7-mime\r\n\r\nx\r\n",
		"invitation": part("text/calendar; method=REQUEST"), "a message inside": part("message/rfc822"), "winmail": part("application/ms-tnef"),
		"broken": "Content-Type: multipart/mixed\r\n\r\nx\r\n", "large": "\r\n" + strings.Repeat("x\r\n", 1_000_001),
	} {
		_, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: letter("u@x.test", more)})
		if !errors.Is(err, ErrUnsuited) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: []byte("Subject: no id\r\n\r\nText\r\n")}); !errors.Is(err, ErrUnsuited) {
		t.Errorf("without a Message-ID: %v", err)
	}
	if n := len(d.Messages(anna, "")); n != 0 {
		t.Errorf("%d messages were made", n)
	}
	// Somebody set the limit higher than Graph's: 200 is a lie and 413 a refusal.
	o.Largest = 50 << 20
	g = newGraph(t, o)
	for name, size := range map[string]int{"200 without storing": 3_050_000, "413": 4 << 20} {
		octets := letter("big@x.test", "\r\n"+strings.Repeat("x\r\n", size/3))
		if _, err := g.Append(contextOf(t), anna, Folder{Role: Drafts}, Item{Octets: octets, Flags: Flags{Draft: true}}); !errors.Is(err, ErrUnsuited) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGraphAnswers: Graph's ways of saying no, each with its outcome.
func TestGraphAnswers(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	place := Place{}
	var err error
	if place, err = g.Append(contextOf(t), anna, Folder{Role: Inbox}, Item{Octets: letter("a@x.test", "\r\nText\r\n")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		fault exchangetest.DoubleFault
		want  error
		after time.Duration
	}{
		{"429 with Retry-After", exchangetest.DoubleFault{Point: "request", Do: "reply", Code: 429, Delay: 7 * time.Second, Text: "ApplicationThrottled: slow"}, ErrThrottled, 7 * time.Second},
		{"429 without", exchangetest.DoubleFault{Point: "request", Do: "reply", Code: 429, Text: "ApplicationThrottled: slow"}, ErrThrottled, pauseUnsaid},
		{"503", exchangetest.DoubleFault{Point: "request", Do: "reply", Code: 503, Text: "x"}, ErrThrottled, pauseUnsaid},
		{"502 on reading", exchangetest.DoubleFault{Point: "list", Do: "reply", Code: 502, Text: "x"}, ErrUnreachable, 0},
		{"403", exchangetest.DoubleFault{Point: "list", Do: "reply", Code: 403, Text: "ErrorAccessDenied: Access is denied."}, ErrLogin, 0},
		{"401 for ever", exchangetest.DoubleFault{Point: "list", Do: "reply", Code: 401, Text: "InvalidAuthenticationToken: no"}, ErrLogin, 0},
		{"cut", exchangetest.DoubleFault{Point: "list", Do: "drop"}, ErrUnreachable, 0},
	} {
		c.fault.Face = "graph"
		d.Fault(c.fault)
		copies, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}})
		var f *Failure
		if !errors.Is(err, c.want) || len(copies) != 0 || !errors.As(err, &f) || f.After != c.after {
			t.Errorf("%s: %v, %v", c.name, copies, err)
		}
		d.NoFaults()
	}
	for point, change := range map[string]func() error{
		"moved":   func() error { return g.Move(contextOf(t), anna, place, Folder{Role: Archive}) },
		"patched": func() error { _, err := g.SetFlags(contextOf(t), anna, place, Flags{Seen: true}); return err },
	} {
		d.Fault(exchangetest.DoubleFault{Face: "graph", Point: point, Do: "reply", Code: 504, Text: "x", Times: 1})
		if err := change(); !errors.Is(err, ErrDoubt) {
			t.Errorf("504 after %s: %v", point, err)
		}
	}
	for fate, want := range map[string]error{"unknown": ErrUnknownMailbox, "full": ErrRefused, "moving": ErrTemporary} {
		d.SetMailbox(anna, map[string]string{"fate": fate})
		if _, err := g.Append(contextOf(t), anna, Folder{Role: Inbox}, Item{Octets: letter("b@x.test", "\r\nText\r\n")}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", fate, err, want)
		}
	}
	d.SetMailbox(anna, map[string]string{"fate": "", "side": "on-premises"})
	if _, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}}); !errors.Is(err, ErrElsewhere) {
		t.Errorf("on-premises: %v", err)
	}
	if _, err := g.Find(contextOf(t), "nobody@example.test", Query{MessageIDs: []string{"a@x.test"}}); !errors.Is(err, ErrUnknownMailbox) {
		t.Errorf("unknown: %v", err)
	}
}

// TestGraphReadsAll: pages are followed to the end, odd ids that $filter misses are found, what is
// absent is absent without an error, and other people's ids in no answer.
func TestGraphReadsAll(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	var ids []string
	for i := range 1205 { // three pages
		id := fmt.Sprintf("many%d@x.test", i)
		d.Put(anna, "INBOX", traced(id), time.Date(2026, 11, 20, 0, 0, i, 0, time.UTC))
		if i%100 == 0 {
			ids = append(ids, id)
		}
	}
	odd := `a"b'c&d@x.test`
	d.Put(anna, "Archiv", traced(odd), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	for _, more := range []int{0, wholeFrom} { // hits read one by one, and with their page
		for i := range more {
			ids = append(ids, fmt.Sprintf("many%d@x.test", i*50+1))
		}
		copies, err := g.Find(contextOf(t), anna, Query{MessageIDs: append(slices.Clone(ids), "absent@x.test", odd)})
		if err != nil || len(copies) != len(ids)+1 {
			t.Errorf("%d copies of %d, %v", len(copies), len(ids)+1, err)
		}
		for _, c := range copies {
			if c.Role != Inbox && c.Role != Archive || len(c.Traces) != 1 || c.Traces[0] != "trace-"+c.MessageID {
				t.Errorf("%+v", c)
			}
		}
	}
	since := Query{MessageIDs: []string{odd}, Folders: []Folder{{Role: Archive}}, Since: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	if copies, err := g.Find(contextOf(t), anna, since); err != nil || len(copies) != 1 || copies[0].Role != Archive {
		t.Errorf("%+v, %v", copies, err)
	}
	since.Folders = []Folder{{Role: Sent}}
	if copies, err := g.Find(contextOf(t), anna, since); err != nil || len(copies) != 0 {
		t.Errorf("in another folder: %+v, %v", copies, err)
	}
}

// traced is a letter as our gateway hands it over.
func traced(id string) []byte {
	return append([]byte("Received: from x by holdover.test with ESMTPS id trace-"+id+";\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\n"), letter(id, "\r\nText\r\n")...)
}

// TestGraphPaces: no more requests at once for one mailbox than Online takes, however many ask.
func TestGraphPaces(t *testing.T) {
	d, o := onlineDouble(t)
	d.Fault(exchangetest.DoubleFault{Face: "graph", Point: "list", Do: "delay", Delay: 20 * time.Millisecond})
	g := newGraph(t, o)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if _, err := g.filter(contextOf(t), anna, fmt.Sprintf("p%d@x.test", i), nil); err != nil { // the stand-in refuses a fifth
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestGraphMovesFromItsPlace: a message that somebody moved meanwhile is not moved on as if it lay there still.
func TestGraphMovesFromItsPlace(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	place, err := g.Append(contextOf(t), anna, Folder{Role: Inbox}, Item{Octets: letter("m@x.test", "\r\nText\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	d.Edit(anna, place.ID, map[string]string{"folder": "Archiv"})
	if err := g.Move(contextOf(t), anna, place, Folder{Role: Trash}); !errors.Is(err, ErrGone) {
		t.Errorf("moved from a place where it is not: %v", err)
	}
	if m := d.Messages(anna, ""); len(m) != 1 || m[0].Folder != "Archiv" {
		t.Errorf("%+v", m)
	}
}

// TestOnlineTokensExpire: a token that ends in mid-run, by time or revoked, is asked for anew, over Graph and IMAP.
func TestOnlineTokensExpire(t *testing.T) {
	d, o := onlineDouble(t)
	g := newGraph(t, o)
	mailboxes := newIMAP(t, IMAPOptions{Address: d.Addr("imap"), Security: Security{Policy: None}, Auth: LoginXOAUTH2, Tokens: o.Tokens})
	look := func(when string) {
		t.Helper()
		for range 2 {
			if _, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}}); err != nil {
				t.Errorf("Graph, %s: %v", when, err)
			}
		}
		_, err := mailboxes.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}})
		if errors.Is(err, ErrUnreachable) { // the server hangs up on a session whose token ended
			_, err = mailboxes.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}})
		}
		if err != nil {
			t.Errorf("IMAP, %s: %v", when, err)
		}
	}
	look("at first")
	d.Advance(2 * time.Hour) // the stand-in's clock, not ours: ours believes that the token lives
	look("after two hours there")
	d.Online("/tokens", url.Values{"revoke": {"true"}})
	look("after a revocation")
}
