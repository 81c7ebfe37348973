package web

import (
	"strings"
	"testing"

	"holdover/email"
)

const bounceMail = "From: Zustelldienst <mailer-daemon@ahrenfeld.example>\r\nTo: k.wessel@ahrenfeld.example\r\nSubject: Nicht zugestellt: Angebot 2026-1187\r\nMessage-ID: <bounce@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThis is the mail system at host mx.ahrenfeld.example.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ahrenfeld.example\r\n\r\nFinal-Recipient: rfc822; einkauf@haverkamp.example\r\nAction: failed\r\nStatus: 5.0.0\r\nRemote-MTA: dns; mx.haverkamp.example\r\nDiagnostic-Code: smtp; 550 5.1.1 <script>alert(1)</script> User unknown\r\n\r\nFinal-Recipient: rfc822; lager@haverkamp.example\r\nAction: delayed\r\nStatus: 4.4.7\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: Katrin Wessel <k.wessel@ahrenfeld.example>\r\nTo: einkauf@haverkamp.example\r\nSubject: Angebot 2026-1187\r\nDate: Mon, 23 Nov 2026 14:05:00 +0100\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Sehr geehrte Damen und Herren,</p><p>anbei unser <b>Angebot</b>.</p>\r\n--i\r\nContent-Type: application/pdf; name=Angebot.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--i--\r\n--b--\r\n"

const signedMail = "From: Olivia Hartley <olivia@northgate.example>\r\nTo: k.wessel@ahrenfeld.example\r\nSubject: Signiert\r\nMessage-ID: <signed@x.example>\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nUnterschrieben.\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n--b--\r\n"

const secretMail = "From: Olivia Hartley <olivia@northgate.example>\r\nTo: k.wessel@ahrenfeld.example\r\nSubject: Verschluesselt\r\nMessage-ID: <secret@x.example>\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n"

// TestBounceInWords: who did not get it and why stands above, the server's words below, the message
// that came back opens in place.
func TestBounceInWords(t *testing.T) {
	h := newHouse(t)
	id := string(h.deliver(katrin, letter{raw: bounceMail}))
	page := h.as(katrin).page(h.open(katrin, email.MessageID(id)))
	notes := page.Find(".fate")
	if notes.Length() != 2 {
		t.Fatalf("%d reports", notes.Length())
	}
	for _, words := range []string{"Nicht zugestellt", "„Angebot 2026-1187“", "Nicht bekommen hat sie:", "einkauf@haverkamp.example Diese Adresse gibt es dort nicht.", "Antwort von mx.haverkamp.example: 550 5.1.1 <script>alert(1)</script> User unknown"} {
		if !strings.Contains(said(notes.First()), words) {
			t.Errorf("%q is missing in %q", words, said(notes.First()))
		}
	}
	if got := said(notes.Last()); !strings.Contains(got, "Der Server versucht es weiter.") || !strings.Contains(got, "lager@haverkamp.example") {
		t.Errorf("delayed: %q", got)
	}
	if page.Find(".files .file").Length() != 1 || page.Find(".attached").Length() != 1 {
		t.Errorf("%d files, %d attached messages", page.Find(".files .file").Length(), page.Find(".attached").Length())
	}
	inner := page.Find(".attached")
	if got := said(inner.Find(".attached-name")); got != "Angehängte Nachricht: Angebot 2026-1187 Katrin Wessel <k.wessel@ahrenfeld.example>" {
		t.Errorf("it is called %q", got)
	}
	body := h.as(katrin).page(inner.Find("iframe").AttrOr("src", ""))
	if got := said(body.Find("body")); got != "Sehr geehrte Damen und Herren, anbei unser Angebot ." && got != "Sehr geehrte Damen und Herren,anbei unser Angebot." {
		t.Errorf("its text: %q", got)
	}
	file := h.as(katrin).do("GET", inner.Find(".file a").First().AttrOr("href", ""), nil)
	if file.Body.String() != "%PDF" {
		t.Errorf("its file: %d %q", file.Code, file.Body)
	}
	for _, place := range []string{"2.9", "2.", ".2", "2.0.0", "0.0", "2.1.0.0.0", "x.1"} {
		if w := h.as(katrin).do("GET", box{}.part(id, place), nil); w.Code != 404 {
			t.Errorf("part %s: %d", place, w.Code)
		}
	}
	for _, bad := range []string{"/body?in=9", "/body?in=2.1", "/print?in=9", "/body?in=.", "/body"} {
		if w := h.as(katrin).do("GET", "/m/"+id+bad, nil); w.Code != 404 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

func TestSeals(t *testing.T) {
	h := newHouse(t)
	for raw, want := range map[string]string{signedMail: "Signiert (S/MIME).", secretMail: "Verschlüsselt (S/MIME)."} {
		page := h.as(katrin).page(h.open(katrin, h.deliver(katrin, letter{raw: raw})))
		if got := said(page.Find(".msg .note")); !strings.HasPrefix(got, want) || page.Find(".file").Length() != 1 {
			t.Errorf("%q, %d files", got, page.Find(".file").Length())
		}
	}
}

// TestCheck21_Print: a message and a conversation on paper, with every address and file.
func TestCheck21_Print(t *testing.T) {
	h := newHouse(t)
	h.sample()
	threads, _, err := h.mail.Threads(t.Context(), h.box(katrin), "inbox", before0, 50)
	must(t, err)
	for _, row := range threads {
		if !strings.Contains(row.Latest.Subject, "Delivery slot") {
			continue
		}
		path := "/mail/inbox/" + string(row.ID)
		link := h.as(katrin).page(path).Find(".conv-head a[href$='/print']").AttrOr("href", "")
		w := h.as(katrin).do("GET", link, nil)
		if got := w.Header().Get("Content-Security-Policy"); got != bodyPolicy {
			t.Errorf("policy %q", got)
		}
		sheet := document(t, w)
		if n := sheet.Find("article").Length(); n != 4 {
			t.Errorf("%d messages on paper", n)
		}
		for _, words := range []string{"Stadtwerke Ahrenfeld", "Olivia Hartley <olivia@northgate.example>", "Katrin Wessel <" + katrin + ">", "leitstelle@ahrenfeld.example", "Delivery note DN-88213.pdf (PDF, ", "16:30 CET", "Alle Kopfzeilen", "Geschrieben"} {
			if !strings.Contains(said(sheet.Find("body")), words) {
				t.Errorf("%q is missing", words)
			}
		}
		one := h.as(katrin).page("/m/" + string(row.Latest.ID) + "/print")
		if one.Find("article").Length() != 1 {
			t.Error("one message is not one on paper")
		}
	}
	if w := h.as(jens).do("GET", "/m/"+string(threads[0].Latest.ID)+"/print", nil); w.Code != 404 {
		t.Errorf("somebody else's: %d", w.Code)
	}
}
