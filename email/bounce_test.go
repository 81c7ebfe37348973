package email

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestBounce(t *testing.T) {
	b := Bounce{
		ReportingMTA: "mx.firma.example", To: self, From: Address{"Holdover", "postmaster@firma.example"}, MessageID: "b@firma.example",
		Date: time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC), Original: crlf(original), Lang: "de",
		Failed: []FailedRecipient{
			{"x@kunde.example", "5.1.1", "550 5.1.1 no such\r\nuser Müller", "mx.kunde.example"},
			{"y@kunde.example", "kaputt", "", ""},
		},
	}
	var out bytes.Buffer
	if err := WriteBounce(&out, b); err != nil {
		t.Fatal(err)
	}
	checkWire(t, "bounce", out.Bytes())
	m := Parse(out.Bytes())
	if m.Subject != "Nicht zugestellt: Re: Angebot" || !m.Automatic || m.InReplyTo[0] != "3@kunde.example" || m.MessageID != "b@firma.example" {
		t.Errorf("%+v", m.Summary)
	}
	text := m.Text()
	for _, want := range []string{"Ihre Nachricht „Re: Angebot“ konnte nicht zugestellt werden", "x@kunde.example", "Diese Adresse gibt es dort nicht.", "Antwort von mx.kunde.example: 550 5.1.1 no such  user Müller", "y@kunde.example", "hat die Nachricht nicht angenommen"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if m.root.kind != "multipart/report" || m.root.params["report-type"] != "delivery-status" || len(m.Parts) != 3 {
		t.Fatalf("%s %v %+v", m.root.kind, m.root.params, m.Parts)
	}
	status, _ := m.Content(1)
	want := "Reporting-MTA: dns; mx.firma.example\r\nArrival-Date: Sat, 21 Nov 2026 22:00:00 +0000\r\n\r\n" +
		"Final-Recipient: rfc822; x@kunde.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.kunde.example\r\nDiagnostic-Code: smtp; 550 5.1.1 no such  user M?ller\r\n\r\n" +
		"Final-Recipient: rfc822; y@kunde.example\r\nAction: failed\r\nStatus: 5.0.0\r\n"
	if strings.TrimSpace(string(status)) != strings.TrimSpace(want) {
		t.Errorf("status\n%s\nwant\n%s", status, want)
	}
	header, _ := m.Content(2)
	if !strings.Contains(string(header), "Message-ID: <3@kunde.example>") || strings.Contains(string(header), "Guten Tag") {
		t.Errorf("returned header\n%s", header)
	}
	b.Lang = "en"
	out.Reset()
	if err := WriteBounce(&out, b); err != nil || !strings.Contains(Parse(out.Bytes()).Text(), "There is no such address.") {
		t.Errorf("%v\n%s", err, out.Bytes())
	}
}
