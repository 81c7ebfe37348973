package standin_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"holdover/demo/standin"
)

const (
	anna = "anna@firma.test"
	bea  = "bea@firma.test"
)

func start(t *testing.T, change func(*standin.Options)) *standin.Exchange {
	t.Helper()
	o := standin.Options{
		Mailboxes: []standin.Mailbox{{Address: anna, Aliases: []string{"a.weiss@firma.test"}}, {Address: bea}},
		Groups:    map[string][]string{"alle@firma.test": {anna, bea}},
		Service:   "dienst", Secret: "geheim",
	}
	if change != nil {
		change(&o)
	}
	e, err := standin.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func mail(id string) string {
	return "X-MS-Exchange-Organization-SCL: -1\r\nX-Folded: one\r\n two\r\nMessage-ID: <" + id + "@out.test>\r\n" +
		"Date: Sat, 21 Nov 2026 10:00:00 +0100\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHallo Anna,\r\n.ein Punkt\r\n"
}

func send(e *standin.Exchange, text string, to ...string) error {
	c, err := smtp.Dial(e.SMTPAddr())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("extern@out.test", to, strings.NewReader(text))
}

func login(t *testing.T, e *standin.Exchange, user string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(e.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, "geheim").Wait(); err != nil {
		t.Fatalf("login as %s: %v", user, err)
	}
	return c
}

func TestDeliveryReachesEachMailboxOnce(t *testing.T) {
	e := start(t, nil)
	if err := send(e, mail("1"), "alle@firma.test", "A.Weiss@firma.test"); err != nil {
		t.Fatal(err)
	}
	for _, box := range []string{anna, bea} {
		got := e.Store().Messages(box, standin.Inbox)
		if len(got) != 1 || got[0].MessageID != "<1@out.test>" || got[0].Subject != "Grüße" || got[0].Seen {
			t.Errorf("%s holds %+v", box, got)
		}
	}
	octets, err := e.Store().Octets(anna, standin.Inbox, 1)
	if err != nil {
		t.Fatal(err)
	}
	received, rest, _ := strings.Cut(string(octets), "+0")
	if !strings.HasPrefix(received, "Received: from ") {
		t.Errorf("no Received line on top: %q", octets)
	}
	_, rest, _ = strings.Cut(rest, "\r\n")
	if want := strings.TrimPrefix(mail("1"), "X-MS-Exchange-Organization-SCL: -1\r\n"); rest != want {
		t.Errorf("below the Received line stands\n%q, want\n%q", rest, want)
	}
}

func TestUnknownRecipientIsRefused(t *testing.T) {
	e := start(t, nil)
	var answer *smtp.SMTPError
	if err := send(e, mail("1"), "niemand@firma.test"); !errors.As(err, &answer) || answer.Code != 550 {
		t.Errorf("got %v, want 550", err)
	}
}

func TestDoublesAreVisibleUnlessTheWindowIsOn(t *testing.T) {
	for window, want := range map[time.Duration]int{0: 2, time.Hour: 1} {
		e := start(t, func(o *standin.Options) { o.DoubleWindow = window })
		for range 2 {
			if err := send(e, mail("1"), anna); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(e.Store().Messages(anna, "")); got != want {
			t.Errorf("window %v: %d messages, want %d", window, got, want)
		}
	}
}

func TestDialect(t *testing.T) {
	e := start(t, nil)
	c, err := net.Dial("tcp", e.IMAPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	lines := bufio.NewReader(c)
	say := func(command string) (answer string) {
		if command != "" {
			fmt.Fprint(c, command+"\r\n")
		}
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("after %q: %v", command, err)
			}
			answer += line
			if command == "" || strings.HasPrefix(line, "a ") {
				return answer
			}
		}
	}
	for _, step := range []struct {
		say       string
		has, lack []string
	}{
		{"", []string{"* OK The Microsoft Exchange IMAP4 service is ready. ["}, []string{"CAPABILITY"}},
		{"a CAPABILITY", []string{"IMAP4rev1", "AUTH=XOAUTH2", "UIDPLUS"}, []string{"MOVE", "SPECIAL-USE", "CONDSTORE", "ESEARCH", "ENABLE"}},
		{`a LOGIN "dienst\\` + anna + `" falsch`, []string{"a NO LOGIN failed."}, nil},
		{`a LOGIN "dienst\\` + anna + `" geheim`, []string{"a OK LOGIN completed."}, []string{"CAPABILITY"}},
		{"a CAPABILITY", []string{" MOVE "}, []string{"SPECIAL-USE", "ENABLE"}},
		{`a LIST "" "*"`, []string{`\Sent) "/" "Gesendete Elemente"`, `\Drafts) "/" "Entw&APw-rfe"`, `\Trash) "/" "Gel&APY-schte Elemente"`, `\Junk) "/" "Junk-E-Mail"`, `"/" INBOX`}, nil},
		{`a SELECT "gesendete elemente"`, []string{`PERMANENTFLAGS (`, `\Flagged`}, []string{`\*`}},
		{"a APPEND INBOX (\\Seen Fremd) {5+}\r\na: b\n", []string{"a OK [APPENDUID "}, nil},
		{"a APPEND INBOX {9910+}\r\n" + strings.Repeat("x", 9910), []string{"a BAD", "Command Argument Error 11"}, nil},
	} {
		answer := say(step.say)
		for _, part := range step.has {
			if !strings.Contains(answer, part) {
				t.Errorf("%.60q: %q lacks %q", step.say, answer, part)
			}
		}
		for _, part := range step.lack {
			if strings.Contains(answer, part) {
				t.Errorf("%.60q: %q has %q", step.say, answer, part)
			}
		}
	}
}

func TestServiceAccountOpensMailboxesByEveryName(t *testing.T) {
	e := start(t, nil)
	for _, user := range []string{`dienst\` + anna, "dienst/a.weiss@firma.test", "ANNA@firma.test"} {
		login(t, e, user)
	}
	c, err := imapclient.DialInsecure(e.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Authenticate(sasl.NewPlainClient(bea, "dienst", "geheim")); err != nil {
		t.Errorf("AUTHENTICATE PLAIN for another mailbox: %v", err)
	}
}

func TestAppendSearchStoreMove(t *testing.T) {
	e := start(t, nil)
	c := login(t, e, anna)
	uid := appendTo(t, c, standin.Sent, mail("s1"), imap.FlagSeen, imap.FlagFlagged)
	if got := e.Store().Messages(anna, standin.Sent); len(got) != 1 || !got[0].Seen || got[0].Flagged || got[0].Received.Hour() != 14 {
		t.Errorf("after APPEND people see %+v; want read, not flagged, received at 14:05", got)
	}
	if _, err := c.Select(standin.Sent, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	search := func(id string) []imap.UID {
		data, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return data.AllUIDs()
	}
	if got := search("<s1@out.test>"); !slices.Equal(got, []imap.UID{uid}) {
		t.Errorf("search finds %v, want %v", got, uid)
	}
	if got := search("<s2@out.test>"); len(got) != 0 {
		t.Errorf("search finds %v for an id that is not there", got)
	}
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if got := e.Store().Messages(anna, standin.Sent); !got[0].Flagged {
		t.Error("a flag set by STORE is not shown")
	}
	if _, err := c.Move(imap.UIDSetNum(uid), standin.Deleted).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := e.Store().Messages(anna, ""); len(got) != 1 || got[0].Folder != standin.Deleted || !got[0].Flagged {
		t.Errorf("after MOVE: %+v", got)
	}
}

func appendTo(t *testing.T, c *imapclient.Client, folder, text string, flags ...imap.Flag) imap.UID {
	t.Helper()
	cmd := c.Append(folder, int64(len(text)), &imap.AppendOptions{Flags: flags, Time: time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC)})
	if _, err := cmd.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := cmd.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return data.UID
}

func TestOnlyPeekLeavesUnread(t *testing.T) {
	e := start(t, nil)
	if err := send(e, mail("1"), anna); err != nil {
		t.Fatal(err)
	}
	c := login(t, e, anna)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, peek := range []bool{true, false} {
		section := &imap.FetchItemBodySection{Peek: peek}
		got, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil || len(got) != 1 {
			t.Fatalf("fetch: %v, %v", got, err)
		}
		if seen := e.Store().Messages(anna, "")[0].Seen; seen == peek {
			t.Errorf("peek %v: seen is %v", peek, seen)
		}
	}
}

func TestFaults(t *testing.T) {
	e := start(t, nil)
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "before", Do: "reply", Code: 451, Text: "4.3.2 busy", Times: 1})
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "after", Do: "drop", Times: 1})
	var answer *smtp.SMTPError
	if err := send(e, mail("1"), anna); !errors.As(err, &answer) || answer.Code != 451 {
		t.Errorf("got %v, want 451", err)
	}
	if got := len(e.Store().Messages(anna, "")); got != 0 {
		t.Errorf("%d messages after a 451", got)
	}
	if err := send(e, mail("1"), anna); err == nil || errors.As(err, &answer) && answer.Code < 400 {
		t.Errorf("the lost answer came: %v", err)
	}
	if got := len(e.Store().Messages(anna, "")); got != 1 {
		t.Errorf("%d messages after a lost answer, want 1", got)
	}
	if err := send(e, mail("2"), anna); err != nil {
		t.Errorf("the rules are used up, but: %v", err)
	}
}

func TestHangEndsWithThePlug(t *testing.T) {
	e := start(t, nil)
	e.Faults().Add(standin.Fault{Face: "smtp", Point: "before", Do: "hang"})
	failed := make(chan error, 1)
	go func() { failed <- send(e, mail("1"), anna) }()
	for deadline := time.Now().Add(10 * time.Second); e.Faults().Hits() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the fault was never met")
		}
	}
	e.Cut()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("a cut connection was answered")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the client still hangs")
	}
}

func TestCutAndRestoreKeepThePort(t *testing.T) {
	e := start(t, nil)
	c := login(t, e, anna)
	address := e.SMTPAddr()
	e.Cut()
	if err := c.Noop().Wait(); err == nil {
		t.Error("an open IMAP connection outlived the cut")
	}
	if err := send(e, mail("1"), anna); err == nil {
		t.Error("mail was taken while the plug was out")
	}
	if err := e.Restore(); err != nil {
		t.Fatal(err)
	}
	if e.SMTPAddr() != address {
		t.Errorf("port changed from %s to %s", address, e.SMTPAddr())
	}
	if err := send(e, mail("1"), anna); err != nil {
		t.Error(err)
	}
	login(t, e, anna)
}

func TestJournalBringsTheStoreBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	keep := func(o *standin.Options) { o.Journal = path }
	e := start(t, keep)
	for _, id := range []string{"1", "2"} {
		if err := send(e, mail(id), anna); err != nil {
			t.Fatal(err)
		}
	}
	c := login(t, e, anna)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(1), standin.Archive).Wait(); err != nil {
		t.Fatal(err)
	}
	before := e.Store().Messages(anna, "")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	after := start(t, keep).Store().Messages(anna, "")
	if len(before) != 2 || fmt.Sprint(times(before)) != fmt.Sprint(times(after)) {
		t.Errorf("before the restart\n%v\nafter it\n%v", before, after)
	}
}

// times puts the received times into one zone and precision, so that two listings compare.
func times(all []standin.Message) []standin.Message {
	for i := range all {
		all[i].Received = all[i].Received.UTC().Round(0)
	}
	return all
}
