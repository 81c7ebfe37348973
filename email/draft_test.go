package email

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"reflect"
	"strings"
	"testing"
	"time"
)

// awkward are pieces of text that break careless writers and readers of mail.
var awkward = []string{
	"", " ", "  ", "\n", "\n\n", "Hallo", "Grüße aus Köln ", "> ", ">", ">>", "From here", " From", "-- ", "--", "-- \n", "--  ", ".", "..", ".\n", "=", "=3D", "=?utf-8?Q?x?=",
	"=?utf-8?B?", "\t", "Wort ", strings.Repeat("lang ", 40), strings.Repeat("x", 1200), "日本語の文章", "😀", "Ä\u0308", "\u00a0", "\u200b", `"`, `\`, "'", ",", ";", ":", "<", ">",
	"(Kommentar)", "@", "a@b.example", "<script>", "&amp;", "--=_m", "Von: x", "Am 1.1.2026 schrieb x:", "\u2028", strings.Repeat(" ", 100), strings.Repeat("ü", 300), "%41", "*", "[EXTERN]",
}

func awkwardText(r *rand.Rand, pieces int) string {
	var out strings.Builder
	for range r.IntN(pieces + 1) {
		out.WriteString(awkward[r.IntN(len(awkward))])
		if r.IntN(4) == 0 {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func anyAddress(r *rand.Rand) Address {
	return Address{Name: awkwardText(r, 4), Addr: fmt.Sprintf("p%d.q+r@%d.example", r.IntN(9), r.IntN(9))}
}

func anyAddresses(r *rand.Rand) (list []Address) {
	for range r.IntN(4) {
		list = append(list, anyAddress(r))
	}
	return list
}

func anyDraft(r *rand.Rand) Draft {
	d := Draft{
		MessageID: NewMessageID("holdover.example"),
		From:      anyAddress(r),
		To:        anyAddresses(r),
		Cc:        anyAddresses(r),
		Bcc:       anyAddresses(r),
		Subject:   awkwardText(r, 5),
		Text:      awkwardText(r, 12),
		Date:      time.Unix(r.Int64N(4e9), 0).UTC(),
	}
	if r.IntN(2) == 0 {
		d.InReplyTo, d.References = "a@b.example", []string{"c@d.example", "a@b.example"}
		d.Quote, d.QuoteLead = awkwardText(r, 12), awkwardText(r, 4)
		d.ThreadTopic, d.ThreadIndex = "Angebot", "AQHc/0mQ1a2b3c4d5e6f7g8h9i0jkg=="
	}
	if r.IntN(3) == 0 {
		d.QuoteHTML = "<p>" + strings.ReplaceAll(awkwardText(r, 6), "\x00", "") + "</p>\n<table><tr><td style=\"color:red\">x</td></tr></table>"
	}
	for range r.IntN(3) {
		octets := make([]byte, r.IntN(300))
		for i := range octets {
			octets[i] = byte(r.Uint32())
		}
		kinds := []string{"application/pdf", "text/plain", "text/html", "image/png", "message/rfc822", "", "kaputt", "multipart/mixed"}
		if r.IntN(4) == 0 {
			picture, _ := Attachment{Name: "Bild.png", Octets: append([]byte("\x89PNG\r\n\x1a\n"), octets...)}.AsPicture()
			d.Attachments = append(d.Attachments, picture)
			d.HTML = `<div><b>Bild</b> <img src="cid:` + picture.CID + `" alt="x"></div>`
		}
		d.Attachments = append(d.Attachments, Attachment{Name: awkwardText(r, 3) + "Datei.pdf", Type: kinds[r.IntN(len(kinds))], Octets: octets})
	}
	return d
}

// TestDraftSurvives writes and reads drafts of awkward content: nothing may change, and what leaves
// the house has the same body, no Bcc and nothing private.
func TestDraftSurvives(t *testing.T) {
	for seed := range uint64(3000) {
		d := anyDraft(rand.New(rand.NewPCG(seed, 7))).normal()
		octets, err := Compose(d, true)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := OpenDraft(octets)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got.Date = got.Date.UTC()
		if !reflect.DeepEqual(got, d) {
			diffDrafts(t, seed, got, d)
			t.Fatalf("%s", octets)
		}
		checkWire(t, fmt.Sprint("seed ", seed), octets)
		checkLeaving(t, seed, d, octets)
	}
}

func diffDrafts(t *testing.T, seed uint64, got, want Draft) {
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			t.Errorf("seed %d %s:\n got %q\nwant %q", seed, a.Type().Field(i).Name, a.Field(i).Interface(), b.Field(i).Interface())
		}
	}
}

func checkLeaving(t *testing.T, seed uint64, d Draft, kept []byte) {
	t.Helper()
	out, err := Compose(d, false)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if Summarize(out).BodyHash != Summarize(kept).BodyHash {
		t.Errorf("seed %d: the copy kept has another body than what leaves", seed)
	}
	head, _, _ := bytes.Cut(out, []byte("\r\n\r\n"))
	if lower := strings.ToLower(string(head)); strings.Contains(lower, "\nbcc:") || strings.Contains(lower, "holdover-draft") {
		t.Errorf("seed %d: private fields leave:\n%s", seed, head)
	}
	stripped := WithoutDraftState(kept)
	if bytes.Contains(stripped, []byte("X-Holdover")) || Summarize(stripped).BodyHash != Summarize(kept).BodyHash {
		t.Errorf("seed %d: WithoutDraftState is wrong", seed)
	}
}

// TestNoSecondHeaderLine feeds line ends and controls into every field: the standard library's
// reader must find each field once and none that was smuggled in.
func TestNoSecondHeaderLine(t *testing.T) {
	evil := []string{"\r\nBcc: evil@x.example", "\nX-Evil: 1", "\r\n\r\n<html>", "\rX-Evil: 1", "\x00", "\u2028X-Evil: 1", "a>\r\nX-Evil: 1", "\"\r\nX-Evil: 1", "\v\fX-Evil: 1", "=?utf-8?Q?=0D=0AX-Evil:_1?="}
	for _, e := range evil {
		a := Address{Name: "N" + e, Addr: "a" + e + "@b.example"}
		d := Draft{
			MessageID: "id" + e, From: a, To: []Address{a}, Cc: []Address{a}, Subject: "S" + e, Text: "T" + e, InReplyTo: "r" + e, References: []string{"x" + e},
			ThreadTopic: "t" + e, ThreadIndex: "i" + e, QuoteLead: "l" + e, Quote: "q" + e,
			Attachments: []Attachment{{Name: "n" + e, Type: "text/plain; x=" + e, Octets: []byte("o")}, {Name: "n", Type: "t" + e}},
		}
		octets, err := Compose(d, false)
		if err != nil {
			t.Fatal(err)
		}
		checkFields(t, e, octets)
		var report bytes.Buffer
		if err := WriteBounce(&report, Bounce{
			ReportingMTA: "m" + e, To: a, From: a, MessageID: "id" + e, Original: octets,
			Failed: []FailedRecipient{{"f" + e, "5" + e, "w" + e, "r" + e}},
		}); err != nil {
			t.Fatal(err)
		}
		checkFields(t, e, report.Bytes())
		for _, p := range Parse(report.Bytes()).Parts {
			if p.Type == "message/delivery-status" {
				status, _ := Parse(report.Bytes()).Content(p.Index)
				if bytes.Contains(status, []byte("\nX-Evil")) || !isCleanLines(status) {
					t.Errorf("%q: %s", e, status)
				}
			}
		}
	}
}

func checkFields(t *testing.T, evil string, octets []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(octets))
	if err != nil {
		t.Fatalf("%q: %v\n%s", evil, err, octets)
	}
	for name, values := range m.Header {
		if len(values) != 1 || name == "X-Evil" || name == "Bcc" {
			t.Errorf("%q: field %s %q", evil, name, values)
		}
	}
	checkWire(t, evil, octets)
}

func TestComposeRefuses(t *testing.T) {
	if _, err := Compose(Draft{Text: "x"}, false); err != ErrNoSender {
		t.Errorf("no sender: %v", err)
	}
	if _, err := Compose(Draft{}, true); err != nil {
		t.Errorf("empty draft: %v", err)
	}
	if _, err := OpenDraft(nil); err != ErrNoDraft {
		t.Errorf("no octets: %v", err)
	}
}

// TestForeignDraft opens a draft that Outlook has written.
func TestForeignDraft(t *testing.T) {
	d, err := OpenDraft(crlf("From: A <a@b.example>\nTo: c@d.example\nSubject: Entwurf\nContent-Type: text/html\n\n<p>Hallo <b>du</b></p>"))
	if err != nil || d.Text != "Hallo du" || d.Subject != "Entwurf" || len(d.To) != 1 || d.QuoteHTML != "" {
		t.Errorf("%+v %v", d, err)
	}
}

// TestForgedDraft shows that the private fields of somebody else's mail are not believed.
func TestForgedDraft(t *testing.T) {
	d := Draft{From: Address{Addr: "a@b.example"}, Text: "x", Quote: "q", QuoteHTML: "<p>harmlos</p>"}
	octets, err := Compose(d, true)
	if err != nil {
		t.Fatal(err)
	}
	octets = bytes.Replace(octets, []byte("<p>harmlos</p>"), []byte("<script>1</script><img src=3D\"https://t.example/\">"), 1)
	got, err := OpenDraft(octets)
	if err != nil {
		t.Fatal(err)
	}
	checkSafe(t, "forged", got.QuoteHTML)
	for _, state := range []string{"text=99; lead=1; quote=1;", "text=1; lead=9999999999; quote=1;", "text=-1; lead=0; quote=0;", "text=1; lead=0; quote=1; 0:99999999", "text=1; lead=0; quote=1; 7:1"} {
		forged := bytes.Replace(octets, []byte("text=1; lead=0; quote=1;"), []byte(state), 1)
		if got, err = OpenDraft(forged); err != nil || !strings.Contains(got.Text, "x") || len(got.Text) > 100 {
			t.Errorf("%s: %q %v", state, got.Text, err)
		}
	}
}

// TestDraftWithCalendar: an answer to an invitation stays one, also after it was taken back and opened again.
func TestDraftWithCalendar(t *testing.T) {
	object := "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Übung\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, quote := range []string{"", "<p>Original</p>"} {
		for _, files := range [][]Attachment{nil, {{Name: "a.txt", Type: "text/plain", Octets: []byte("x")}}} {
			d := Draft{MessageID: "m@example.test", From: Address{Addr: "anna@example.test"}, Subject: "Zugesagt: Übung", Text: "Anna hat zugesagt.", QuoteHTML: quote, Calendar: []byte(object), Attachments: files}
			octets, err := Compose(d, true)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(octets), "text/calendar; charset=utf-8; method=REPLY") {
				t.Errorf("the method is not named:\n%s", octets)
			}
			back, err := OpenDraft(octets)
			if err != nil || string(back.Calendar) != object || back.Text != d.Text || len(back.Attachments) != len(files) || (back.QuoteHTML == "") != (quote == "") {
				t.Errorf("%v %+v\n%s", err, back, octets)
			}
		}
	}
}
