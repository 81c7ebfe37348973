package standin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"holdover/demo/standin"
)

// Each test here is a row of the table in README.md.

func put(t *testing.T, e *standin.Exchange, folder, id string) standin.Message {
	t.Helper()
	if _, err := e.Store().Put(anna, folder, []byte(mail(id)), e.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	all := e.Store().Messages(anna, folder)
	return all[len(all)-1]
}

func open(t *testing.T, c *imapclient.Client, folder string) *imap.SelectData {
	t.Helper()
	data, err := c.Select(folder, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func code(err error) string {
	var smtpError *smtp.SMTPError
	var imapError *imap.Error
	switch {
	case errors.As(err, &smtpError):
		e := smtpError.EnhancedCode
		return fmt.Sprintf("%d %d.%d.%d", smtpError.Code, e[0], e[1], e[2])
	case errors.As(err, &imapError):
		return string(imapError.Type) + " " + imapError.Text
	case err != nil:
		return "lost"
	}
	return "ok"
}

// row 1
func TestRepliesAndLostConnections(t *testing.T) {
	for name, c := range map[string]struct {
		rule standin.Fault
		want string
		kept int
	}{
		"server error":        {standin.Fault{Point: "mail", Do: "reply", Code: 451, Text: "4.3.2 Temporary server error"}, "451 4.3.2", 0},
		"throttled":           {standin.Fault{Point: "rcpt", Do: "reply", Code: 451, Text: "4.7.500 Server busy"}, "451 4.7.500", 0},
		"back pressure":       {standin.Fault{Point: "before", Do: "reply", Code: 452, Text: "4.3.1 Insufficient system resources"}, "452 4.3.1", 0},
		"lost before storing": {standin.Fault{Point: "before", Do: "drop"}, "lost", 0},
		"lost after storing":  {standin.Fault{Point: "after", Do: "drop"}, "lost", 1},
		"delayed":             {standin.Fault{Point: "mail", Do: "delay", Delay: 10 * time.Second, UpTo: 55 * time.Second}, "ok", 1},
	} {
		e := start(t, nil)
		c.rule.Face = "smtp"
		e.Faults().Add(c.rule)
		if c.rule.Do == "delay" {
			e.Clock().Stand()
			go func() { // while the client waits, a minute passes
				for e.Faults().Hits() == 0 {
					time.Sleep(time.Millisecond)
				}
				for range 20 {
					e.Clock().Advance(3 * time.Second)
					time.Sleep(time.Millisecond)
				}
			}()
		}
		if got := code(send(e, mail("1"), anna)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := len(e.Store().Messages(anna, "")); got != c.kept {
			t.Errorf("%s: %d messages, want %d", name, got, c.kept)
		}
	}
}

// row 3
func TestOwnDomainsNeedTheConnectorsCertificate(t *testing.T) {
	server, client, other := certificate(t, "ex.firma.test"), certificate(t, "gateway.firma.test"), certificate(t, "gateway.other.test")
	e := start(t, func(o *standin.Options) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{server}}
		o.Connector = standin.Connector{Certificate: "gateway.firma.test", Domains: []string{"firma.test"}}
	})
	for _, c := range []struct {
		from string
		with []tls.Certificate
		want string
	}{
		{"extern@out.test", nil, "ok"},
		{"bea@firma.test", nil, "550 5.7.68"},
		{"bea@FIRMA.test", []tls.Certificate{other}, "550 5.7.68"},
		{"bea@firma.test", []tls.Certificate{client}, "ok"},
	} {
		c2, err := smtp.DialStartTLS(e.SMTPAddr(), &tls.Config{InsecureSkipVerify: true, Certificates: c.with})
		if err != nil {
			t.Fatal(err)
		}
		if got := code(c2.SendMail(c.from, []string{anna}, strings.NewReader(mail("1")))); got != c.want {
			t.Errorf("from %s with %d certificates: %s, want %s", c.from, len(c.with), got, c.want)
		}
		c2.Close()
	}
}

func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// row 5
func TestThrottledConnectionsAreClosed(t *testing.T) {
	e := start(t, nil)
	e.Faults().Add(standin.Fault{Face: "imap", Point: "select", Do: "reply", Text: "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds", Times: 1})
	c := login(t, e, anna)
	if _, err := c.Select("INBOX", nil).Wait(); code(err) != "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds" {
		t.Errorf("throttled: %v", err)
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("a throttled connection lives on")
	}
	c = login(t, e, anna)
	for n := 1; n <= 10; n++ {
		if _, err := c.Select("Gibt es nicht", nil).Wait(); err == nil {
			t.Fatal("there is no such folder")
		}
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("after 10 errors the connection lives on")
	}
}

// row 6
func TestRefusedAppends(t *testing.T) {
	e := start(t, func(o *standin.Options) { o.Largest = 20000 })
	try := func(text string) string {
		c := login(t, e, anna)
		cmd := c.Append(standin.Sent, int64(len(text)), nil)
		cmd.Write([]byte(text))
		cmd.Close()
		_, err := cmd.Wait()
		return code(err)
	}
	lines := strings.Repeat("kurz\r\n", 5000)
	if got := try(mail("1") + strings.Repeat("x", 9901)); got != "BAD Command Argument Error 11" {
		t.Errorf("a long line: %s", got)
	}
	if got := try(mail("1") + lines); got != "NO Maximum size of appendable message has been exceeded." {
		t.Errorf("a large message: %s", got)
	}
	if err := e.Store().SetFate(anna, standin.Full); err != nil {
		t.Fatal(err)
	}
	if got := try(mail("1")); got != "BAD Command Argument Error 11" {
		t.Errorf("over quota: %s", got)
	}
	if n := len(e.Store().Messages(anna, "")); n != 0 {
		t.Errorf("%d messages were stored", n)
	}
}

// row 8
func TestWhatIMAPGetsWrong(t *testing.T) {
	e := start(t, nil)
	for _, id := range []string{"plain", "odd!id", "odd\u00e4id"} {
		put(t, e, standin.Inbox, id)
	}
	c := login(t, e, anna)
	open(t, c, standin.Inbox)
	found := func(id string) int {
		data, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return len(data.AllUIDs())
	}
	if found("<plain@out.test>") != 1 || found("<odd!id@out.test>") != 0 {
		t.Error("SEARCH HEADER must find a plain id and miss an odd one")
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{RFC822Size: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := e.Store().Octets(anna, standin.Inbox, 1)
	text := string(got[0].FindBodySection(whole))
	if got[0].RFC822Size == int64(len(stored)) || len(text) != len(stored) {
		t.Errorf("size %d is told, %d octets come, %d are stored", got[0].RFC822Size, len(text), len(stored))
	}
	if want := "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\nMessage-ID: <plain@out.test>\r\n" +
		"X-MS-Exchange-Organization-SCL: -1\r\nX-Folded: one\r\n two\r\n\r\nHallo Anna,\r\n.ein Punkt\r\n"; text != want {
		t.Errorf("got\n%q, want\n%q", text, want)
	}
}

// row 9
func TestOneFaceIsDown(t *testing.T) {
	e := start(t, nil)
	e.Cut("imap")
	if _, err := imapclient.DialInsecure(e.IMAPAddr(), nil); err == nil || e.Up("imap") || !e.Up("smtp") || !e.Up() {
		t.Errorf("IMAP answers while it is cut: %v, up: %v %v %v", err, e.Up("imap"), e.Up("smtp"), e.Up())
	}
	if err := send(e, mail("1"), anna); err != nil {
		t.Error(err)
	}
	if err := e.Restore("imap"); err != nil {
		t.Fatal(err)
	}
	login(t, e, anna)
}

// row 17
func TestFatesOfAMailbox(t *testing.T) {
	for fate, want := range map[standin.Fate][2]string{
		standin.Unknown:     {"550 5.1.10", "NO LOGIN failed."},
		standin.Full:        {"552 5.2.2", "ok"},
		standin.Unavailable: {"ok", "NO User is authenticated but not connected."},
		standin.Moving:      {"451 4.3.2", "NO LOGIN failed."},
	} {
		e := start(t, nil)
		if err := e.Store().SetFate(anna, fate); err != nil {
			t.Fatal(err)
		}
		if got := code(send(e, mail("1"), anna)); got != want[0] {
			t.Errorf("%s by SMTP: %s, want %s", fate, got, want[0])
		}
		c, err := imapclient.DialInsecure(e.IMAPAddr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err = c.Login(anna, "geheim").Wait(); err == nil {
			_, err = c.Select("INBOX", nil).Wait()
		}
		if got := code(err); got != want[1] {
			t.Errorf("%s by IMAP: %s, want %s", fate, got, want[1])
		}
		c.Close()
		if err := e.Store().SetFate(anna, standin.Well); err != nil {
			t.Fatal(err)
		}
		if got := len(e.Store().Messages(anna, "")); (got == 1) != (fate == standin.Unavailable) {
			t.Errorf("%s: %d messages when it is over", fate, got)
		}
	}
}

// row 17, the clock
func TestReceivedGoesByTheStandInsClock(t *testing.T) {
	e := start(t, nil)
	e.Clock().Stand()
	e.Clock().Set(time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC))
	if err := send(e, mail("1"), anna); err != nil {
		t.Fatal(err)
	}
	if got := e.Store().Messages(anna, "")[0]; !got.Received.Equal(e.Clock().Now()) || !strings.Contains(got.Traces[0], "09:05:00") {
		t.Errorf("received %v, traces %v", got.Received, got.Traces)
	}
}

// row 18
func TestUsersAtWork(t *testing.T) {
	deeds := func() ([]standin.Deed, []standin.Message) {
		e := start(t, nil)
		e.Clock().Stand()
		e.Clock().Set(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
		for i := range 20 {
			put(t, e, standin.Inbox, fmt.Sprint(i))
		}
		if err := e.Work(standin.Work{Seed: 7, Steps: 30, Deeds: standin.DeedNames()}); err != nil {
			t.Fatal(err)
		}
		return e.Deeds(), e.Store().Messages(anna, "")
	}
	said, left := deeds()
	again, _ := deeds()
	if fmt.Sprint(said) != fmt.Sprint(again) {
		t.Errorf("one seed, two stories:\n%v\n%v", said, again)
	}
	lies := map[string]string{}
	for _, m := range left {
		lies[m.ID] = m.Folder
	}
	last := map[string]string{}
	for _, d := range said {
		last[d.ID] = d.To
	}
	for id, to := range last {
		if lies[id] != to {
			t.Errorf("%s lies in %q, and users left it in %q", id, lies[id], to)
		}
	}
	in := func(folder string) int {
		n := 0
		for _, m := range left {
			if m.Folder == folder {
				n++
			}
		}
		return n
	}
	if len(left) == 20 || in(standin.Deleted) == 0 || in(standin.Archive) == 0 {
		t.Errorf("30 deeds left %d messages, %d deleted, %d filed", len(left), in(standin.Deleted), in(standin.Archive))
	}
	e := start(t, nil)
	put(t, e, standin.Inbox, "1")
	if err := e.Work(standin.Work{Every: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(e.Deeds()) < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody works")
		}
	}
	e.Rest()
	if n := len(e.Deeds()); e.AtWork() || n < 3 {
		t.Errorf("%d deeds, at work: %v", n, e.AtWork())
	}
}

// row 21, and what accept-then-lose is
func TestTakenButNotSeen(t *testing.T) {
	e := start(t, nil)
	e.Clock().Stand()
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "keep", Do: "late", Delay: time.Minute, UpTo: 45 * time.Minute, Seed: 3, Times: 5})
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "keep", Do: "lose", Times: 2})
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "keep", Do: "junk", Times: 1})
	for i := range 9 {
		if err := send(e, mail(fmt.Sprint(i)), anna); err != nil {
			t.Fatal(err)
		}
	}
	var seen []int
	for range 46 {
		seen = append(seen, len(e.Store().Messages(anna, standin.Inbox)))
		e.Clock().Advance(time.Minute)
	}
	if seen[0] != 1 || seen[1] != 1 || slices.Max(seen) != 6 || seen[10] == 6 {
		t.Errorf("seen minute by minute: %v", seen)
	}
	if junk := e.Store().Messages(anna, standin.Junk); len(junk) != 1 || e.Store().Lost() != 2 || e.Store().Late() != 0 {
		t.Errorf("junk %d, lost %d, late %d", len(junk), e.Store().Lost(), e.Store().Late())
	}
}

// row 16, as far as the store goes
func TestIDsOverMoves(t *testing.T) {
	e := start(t, nil)
	before := put(t, e, standin.Inbox, "1")
	c := login(t, e, anna)
	open(t, c, standin.Inbox)
	if _, err := c.Move(imap.UIDSetNum(1), standin.Archive).Wait(); err != nil {
		t.Fatal(err)
	}
	after := e.Store().Messages(anna, "")[0]
	if after.ID != before.ID || after.ItemID == before.ItemID {
		t.Errorf("by IMAP: id %s, %s; item id %s, %s", before.ID, after.ID, before.ItemID, after.ItemID)
	}
	back, err := e.Store().Relocate(anna, after.ItemID, "inbox")
	if err != nil || back.ID != before.ID || back.ItemID == after.ItemID || back.Folder != standin.Inbox {
		t.Errorf("by id: %+v, %v", back, err)
	}
	if _, _, err := e.Store().Item(anna, after.ItemID); !errors.Is(err, standin.ErrNoItem) {
		t.Errorf("the old item id: %v", err)
	}
	if _, octets, err := e.Store().Item(anna, before.ID); err != nil || string(octets) != mail("1") {
		t.Errorf("the immutable id: %v", err)
	}
}

// row 22, as far as IMAP goes
func TestLostSyncState(t *testing.T) {
	e := start(t, nil)
	put(t, e, standin.Inbox, "1")
	put(t, e, standin.Inbox, "2")
	c := login(t, e, anna)
	before := open(t, c, standin.Inbox)
	if err := e.Store().Renumber(anna, standin.Inbox); err != nil {
		t.Fatal(err)
	}
	after := open(t, c, standin.Inbox)
	if after.UIDValidity == before.UIDValidity || after.NumMessages != 2 || after.UIDNext == before.UIDNext {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if _, err := e.Store().MakeFolder(anna, "Projekte"); err != nil {
		t.Fatal(err)
	}
	m := put(t, e, "Projekte", "3")
	if err := e.Store().RenameFolder(anna, "Projekte", "Vorhaben"); err != nil {
		t.Fatal(err)
	}
	if got := e.Store().Messages(anna, "Vorhaben"); len(got) != 1 || got[0].ID != m.ID || got[0].FolderID != m.FolderID {
		t.Errorf("after the renaming: %+v", got)
	}
}

func TestSilentNotifications(t *testing.T) {
	for _, silent := range []bool{false, true} {
		e := start(t, nil)
		if silent {
			e.Faults().Add(standin.Fault{Face: "imap", Point: "idle", Do: "silent"})
		}
		told := make(chan uint32, 10)
		c, err := imapclient.DialInsecure(e.IMAPAddr(), &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					told <- *data.NumMessages
				}
			}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.Login(anna, "geheim").Wait(); err != nil {
			t.Fatal(err)
		}
		open(t, c, standin.Inbox)
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		heard := false
		for n := 0; !heard && (n < 5 || !silent && n < 1000); n++ { // the first may come before the server listens
			put(t, e, standin.Inbox, fmt.Sprint(n))
			select {
			case <-told:
				heard = true
			case <-time.After(20 * time.Millisecond):
			}
		}
		if heard == silent {
			t.Errorf("silent %v, and something is told: %v", silent, heard)
		}
		idle.Close()
	}
}
