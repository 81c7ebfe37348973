package email

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const exchangeNDR = `From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@corp.example>
To: anna@corp.example
Subject: Unzustellbar: Angebot
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Fehler bei der Nachrichtenzustellung.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns;ex.corp.example

Original-Recipient: rfc822;bernd@kunde.example
Final-Recipient: rfc822;bernd@intern.kunde.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;
 Recipient not found
Remote-MTA: dns;mx.kunde.example


Final-Recipient: rfc822;<ida@kunde.example>
Action: delayed (later)
Status: 4.4.7 (expired)
--b
Content-Type: text/rfc822-headers

Subject: =?utf-8?q?Angebot_=C3=BCber_K=C3=BChlung?=
Message-ID: <a1@corp.example>
--b--
`

func (r ReportRecipient) line() string {
	return r.Addr + " " + r.Action + " " + r.Status + " " + ExplainStatus(r.Status, r.Words, "de")
}

func TestReport(t *testing.T) {
	r := Parse(crlf(exchangeNDR)).Report()
	if r == nil || len(r.Recipients) != 2 {
		t.Fatalf("%+v", r)
	}
	if got := r.Recipients[0].line(); got != "bernd@kunde.example failed 5.1.10 Die Empfängerdomäne nimmt keine E-Mail an." {
		t.Error(got)
	}
	if got := r.Recipients[0]; got.Words != "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found" || got.Remote != "mx.kunde.example" {
		t.Errorf("%+v", got)
	}
	if got := r.Recipients[1].line(); got != "ida@kunde.example delayed 4.4.7 Der Server des Empfängers war zu lange nicht erreichbar." {
		t.Error(got)
	}
	if r.Subject != "Angebot über Kühlung" || r.MessageID != "a1@corp.example" || r.Guessed || !strings.Contains(r.Technical, "Reporting-MTA") {
		t.Errorf("%+v", r)
	}
}

// TestOwnBounce: what we write ourselves is read.
func TestOwnBounce(t *testing.T) {
	var out bytes.Buffer
	err := WriteBounce(&out, Bounce{ReportingMTA: "mx.corp.example", To: Address{Addr: "anna@corp.example"}, From: Address{Addr: "postmaster@corp.example"}, Date: time.Unix(0, 0), Lang: "de",
		Failed: []FailedRecipient{{Addr: "x@kunde.example", Status: "5.2.2", Words: "552 5.2.2 full"}}, Original: []byte("Subject: Angebot\r\nMessage-ID: <o@x>\r\n\r\nText\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	r := Parse(out.Bytes()).Report()
	if r == nil || len(r.Recipients) != 1 || r.Recipients[0].line() != "x@kunde.example failed 5.2.2 Das Postfach ist voll." || r.Subject != "Angebot" || r.MessageID != "o@x" {
		t.Errorf("%+v", r)
	}
}

func TestDisposition(t *testing.T) {
	in := "From: ida@kunde.example\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nGelesen\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;ida@kunde.example\nOriginal-Message-ID: <a1@corp.example>\nDisposition: manual-action/MDN-sent-manually; %s\n--b--\n"
	for _, what := range []string{"displayed", "deleted", "denied"} {
		r := Parse(crlf(fmt.Sprintf(in, what))).Report()
		if r == nil || len(r.Recipients) != 1 || r.Recipients[0].Addr != "ida@kunde.example" || r.Recipients[0].Action != what || r.MessageID != "a1@corp.example" {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

func TestNoReport(t *testing.T) {
	for _, in := range []string{
		"From: anna@x.example\nSubject: Undeliverable goods\n\nThe parcel for bernd@y.example was returned to sender.\n",
		"From: postmaster@x.example\nSubject: Wartung\n\nAm Samstag. Fragen an hilfe@x.example.\n",
		"From: MAILER-DAEMON@x.example\nSubject: Undelivered\n\nnobody\n", "", "\n",
	} {
		if r := Parse(crlf(in)).Report(); r != nil {
			t.Errorf("%q is a report: %+v", in, r)
		}
	}
}

func TestExplain(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"5.1.1", ""}: "Diese Adresse gibt es dort nicht.", {"5.0.0", "550 5.1.1 unknown"}: "Diese Adresse gibt es dort nicht.", {"", "552 mailbox is full"}: "Das Postfach ist voll.",
		{"", "550 no such user here"}: "Diese Adresse gibt es dort nicht.", {"", "421 try again"}: "Der Server des Empfängers hat die Nachricht bisher nicht angenommen.",
		{"5.7.1", "mailbox full"}: "Der Server des Empfängers hat die Nachricht abgelehnt.", {"", ""}: "Der Server des Empfängers hat die Nachricht nicht angenommen.",
		{"5.1.10", ""}: "Die Empfängerdomäne nimmt keine E-Mail an.", {"5.1.100", ""}: "Die Adresse ist nicht gültig.", {"5.7.999", ""}: "Der Server des Empfängers hat die Nachricht abgelehnt.", {"9", ""}: "Der Server des Empfängers hat die Nachricht nicht angenommen.",
	} {
		if got := ExplainStatus(in[0], in[1], "de"); got != want {
			t.Errorf("%v: %s", in, got)
		}
		if ExplainStatus(in[0], in[1], "en") == want {
			t.Errorf("%v has no English", in)
		}
	}
}

// TestReportCorpus: of the bounces of 60 kinds of servers nearly all say who did not get it, most of
// them why; and what is no bounce says nothing.
func TestReportCorpus(t *testing.T) {
	dir := corpusDir(t)
	names, _ := filepath.Glob(filepath.Join(dir, "dsn", "sisimai*"))
	all, read, told := 0, 0, 0
	for _, name := range names {
		octets, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := Parse(octets).Report()
		switch base := filepath.Base(name); {
		case strings.Contains(base, "notbounce"), strings.Contains(base, "rfc3834"):
			if r != nil && !strings.Contains(base, "rb-issue") {
				t.Errorf("%s is taken for a report: %+v", base, r)
			}
			continue
		case strings.Contains(base, "arf"):
			continue // complaints
		}
		all++
		if r == nil {
			continue
		}
		read++
		for _, one := range r.Recipients {
			if !strings.Contains(one.line(), "hat die Nachricht nicht angenommen") {
				told++
				break
			}
		}
	}
	t.Logf("%d bounces: %d say who, %d say why", all, read, told)
	if read*100 < all*93 || told*100 < all*70 {
		t.Errorf("%d bounces: only %d say who, %d say why", all, read, told)
	}
}
