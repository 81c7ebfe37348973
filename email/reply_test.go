package email

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var (
	self = Address{"Katrin Wessel", "k.wessel@firma.example"}
	own  = []string{"K.Wessel@firma.example", "wessel@firma.example"}
)

// TestCheck15_Replies compares all addressing cases with a golden file: head lines of a mail, then who an
// answer goes to. Run with UPDATE=1 to write it anew, and read the difference.
func TestCheck15_Replies(t *testing.T) {
	cases := []struct{ name, head string }{
		{"plain", "From: Anna <a@kunde.example>\nTo: k.wessel@firma.example\nCc: c@firma.example"},
		{"reply-to", "From: Anna <a@kunde.example>\nReply-To: Büro <buero@kunde.example>\nTo: k.wessel@firma.example, b@firma.example"},
		{"reply-to several", "From: a@kunde.example\nReply-To: x@kunde.example, y@kunde.example\nTo: k.wessel@firma.example"},
		{"reply-to without address", "From: a@kunde.example\nReply-To: niemand\nTo: k.wessel@firma.example"},
		{"reply-to is own alias", "From: a@kunde.example\nReply-To: wessel@firma.example\nTo: b@firma.example"},
		{"sender is never used", "From: a@kunde.example\nSender: sekretariat@kunde.example\nTo: k.wessel@firma.example"},
		{"own alias in to and cc", "From: a@kunde.example\nTo: WESSEL@firma.example, b@firma.example\nCc: k.wessel@firma.example, c@firma.example"},
		{"sent by oneself", "From: k.wessel@firma.example\nTo: a@kunde.example, b@kunde.example\nCc: c@firma.example"},
		{"sent by own alias", "From: wessel@firma.example\nReply-To: k.wessel@firma.example\nTo: a@kunde.example"},
		{"note to oneself", "From: k.wessel@firma.example\nTo: k.wessel@firma.example"},
		{"duplicates", "From: a@kunde.example\nTo: A@kunde.example, b@firma.example\nCc: B@firma.example, c@firma.example, C@FIRMA.example"},
		{"bcc is not copied", "From: a@kunde.example\nTo: k.wessel@firma.example\nBcc: geheim@kunde.example"},
		{"groups", "From: a@kunde.example\nTo: Team: b@firma.example, k.wessel@firma.example;, undisclosed-recipients:;\nCc: Leer:;"},
		{"list", "From: a@kunde.example\nTo: liste@listen.example\nList-Post: <mailto:liste@listen.example>\nMail-Followup-To: x@listen.example"},
		{"list and reply-to", "From: a@kunde.example\nReply-To: liste@listen.example\nTo: liste@listen.example\nList-Post: <https://x.example/post>, <mailto:liste%40listen.example?subject=x>"},
		{"list that takes none", "From: a@kunde.example\nTo: liste@listen.example\nList-Post: NO"},
		{"list sent by oneself", "From: k.wessel@firma.example\nTo: liste@listen.example\nList-Post: <mailto:liste@listen.example>"},
		{"circle named by its author", "From: a@kunde.example\nTo: liste@listen.example\nMail-Followup-To: liste@listen.example, b@kunde.example, Liste <liste@listen.example>"},
		{"list with a smuggled address", "From: a@kunde.example\nList-Post: <javascript:x>, <mailto:liste@listen.example%0D%0ABcc:e@x.example>"},
		{"sender and reply-to", "From: a@kunde.example\nSender: sekretariat@kunde.example\nReply-To: buero@kunde.example\nTo: wessel@firma.example"},
		{"only cc", "From: a@kunde.example\nCc: k.wessel@firma.example, d@firma.example"},
		{"no from", "To: k.wessel@firma.example, d@firma.example"},
		{"smuggled line", "From: =?utf-8?Q?A=0D=0ABcc:_e@x.example?= <a@kunde.example>\nTo: k.wessel@firma.example"},
	}
	var got strings.Builder
	for _, c := range cases {
		m := Parse(crlf(c.head + "\nSubject: x\n\nText\n"))
		fmt.Fprintf(&got, "# %s\n%s\n", c.name, c.head)
		for _, mode := range []ReplyMode{Reply, ReplyAll, ReplyList} {
			d := ReplyTo(m, mode, self, own, "de")
			fmt.Fprintf(&got, "%s -> To: %s | Cc: %s\n", mode, displayList(d.To), displayList(d.Cc))
			if len(d.Bcc) > 0 {
				t.Errorf("%s: Bcc %v", c.name, d.Bcc)
			}
		}
		got.WriteString("\n")
	}
	golden(t, "reply-matrix.txt", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs, got:\n%s", name, got)
	}
}

func TestCheck15_Subjects(t *testing.T) {
	for _, c := range []struct{ in, base, reply, forward string }{
		{"Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"Re: Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"AW: WG: RE: Fwd: Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"Re[2]: AW (3): re^4: Antw: x", "x", "AW: x", "WG: x"},
		{"AW : Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"Aw：Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"[EXTERN] Re: [External] Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"[Extern!]: Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"Nicht zugestellt: AW: Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"UNDELIVERABLE: Angebot", "Angebot", "AW: Angebot", "WG: Angebot"},
		{"PS: vergessen", "PS: vergessen", "AW: PS: vergessen", "WG: PS: vergessen"},
		{"Re Angebot", "Re Angebot", "AW: Re Angebot", "WG: Re Angebot"},
		{"Referat: Stand", "Referat: Stand", "AW: Referat: Stand", "WG: Referat: Stand"},
		{"IT: Wartung", "IT: Wartung", "AW: IT: Wartung", "WG: IT: Wartung"},
		{"[liste] Re: Frage", "[liste] Frage", "AW: [liste] Re: Frage", "WG: [liste] Re: Frage"},
		{"Tr: Sv: Vs: Rv: x", "x", "AW: x", "WG: x"},
		{"Re:", "", "AW:", "WG:"},
		{"", "", "AW:", "WG:"},
	} {
		if got := baseSubject(c.in); got != c.base {
			t.Errorf("%q: base %q, want %q", c.in, got, c.base)
		}
		if got := AnswerSubject(c.in, ReplyAll, "de"); got != c.reply {
			t.Errorf("%q: %q, want %q", c.in, got, c.reply)
		}
		if got := AnswerSubject(c.in, Forward, "de"); got != c.forward {
			t.Errorf("%q: %q, want %q", c.in, got, c.forward)
		}
	}
	for in, want := range map[string][2]string{"Angebot": {"Re: Angebot", "Fwd: Angebot"}, "AW: WG: Antw: Offer": {"Re: Offer", "Fwd: Offer"}, "[EXTERN] Re[4]: Offer": {"Re: Offer", "Fwd: Offer"}, "PS: x": {"Re: PS: x", "Fwd: PS: x"}} {
		if reply, forward := AnswerSubject(in, ReplyList, "en"), AnswerSubject(in, ForwardFile, "en"); reply != want[0] || forward != want[1] {
			t.Errorf("%q: %q and %q, want %q", in, reply, forward, want)
		}
	}
	if AnswerSubject("AW: x", Reply, "en") != "Re: x" || AnswerSubject("WG: x", Forward, "en") != "Fwd: x" {
		t.Error("English marks are wrong")
	}
}

const original = `From: Anna Berg <a@kunde.example>
To: Katrin Wessel <k.wessel@firma.example>
Cc: c@firma.example
Subject: Re: Angebot
Message-ID: <3@kunde.example>
In-Reply-To: <2@firma.example>
References: <1@kunde.example> <2@firma.example>
Date: Fri, 20 Nov 2026 14:03:00 +0100
Thread-Topic: Angebot
Thread-Index: AQHc/0mQ1a2b3c4d5e6f7g8h9i0jkg==
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/plain; charset=utf-8

Guten Tag,
> alt
danke.   
--m
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf
Content-Transfer-Encoding: base64

JVBERi0=
--m--
`

func TestReplyText(t *testing.T) {
	m := Parse(crlf(original))
	d := ReplyTo(m, Reply, self, own, "de")
	if d.QuoteLead != "Am 20.11.2026 um 14:03 schrieb Anna Berg <a@kunde.example>:" || d.Quote != "Guten Tag,\n> alt\ndanke." || d.QuoteHTML != "" || len(d.Attachments) > 0 {
		t.Errorf("%+v", d)
	}
	if d.InReplyTo != "3@kunde.example" || !reflect.DeepEqual(d.References, []string{"1@kunde.example", "2@firma.example", "3@kunde.example"}) {
		t.Errorf("%s %v", d.InReplyTo, d.References)
	}
	if !strings.HasPrefix(d.ThreadIndex, "AQHc/0mQ1a2b3c4d5e6f7g8h9i0jk") || len(d.ThreadIndex) != 36 || d.ThreadTopic != "Angebot" {
		t.Errorf("Thread-Index %s", d.ThreadIndex)
	}
	if en := ReplyTo(m, Reply, self, own, "en"); en.QuoteLead != "On 20 November 2026 at 14:03, Anna Berg <a@kunde.example> wrote:" || en.Subject != "Re: Angebot" {
		t.Errorf("%s %s", en.QuoteLead, en.Subject)
	}
	if again := ReplyTo(m, Reply, self, own, "de"); again.MessageID == d.MessageID || !strings.HasSuffix(d.MessageID, "@firma.example") {
		t.Errorf("ids %s %s", again.MessageID, d.MessageID)
	}
}

func TestForward(t *testing.T) {
	d := ReplyTo(Parse(crlf(original)), Forward, self, own, "de")
	want := `-----Ursprüngliche Nachricht-----
Von: Anna Berg <a@kunde.example>
Gesendet: Freitag, 20. November 2026 14:03
An: Katrin Wessel <k.wessel@firma.example>
Cc: c@firma.example
Betreff: Re: Angebot`
	if d.QuoteLead != want || d.Subject != "WG: Angebot" || len(d.To) > 0 || d.InReplyTo != "" {
		t.Errorf("%+v", d)
	}
	if len(d.Attachments) != 1 || d.Attachments[0].Name != "Übersicht.pdf" || string(d.Attachments[0].Octets) != "%PDF-" {
		t.Errorf("attachments %+v", d.Attachments)
	}
	octets, err := Compose(d, false)
	if err != nil {
		t.Fatal(err)
	}
	sent := Parse(octets)
	if len(sent.Attachments) != 1 || sent.Attachments[0].Name != "Übersicht.pdf" {
		t.Errorf("sent %+v", sent.Attachments)
	}
	if fresh, quoted := Fold("Zur Kenntnis\n\n" + strings.ReplaceAll(want, "\n", "\n") + "\n\nText\n"); fresh != "Zur Kenntnis\n\n" || !strings.Contains(quoted, "Text") {
		t.Errorf("%q", fresh)
	}
}

// TestReplyToHTML answers with both forms: plain text, and HTML with the original in a blockquote.
func TestReplyToHTML(t *testing.T) {
	m := Parse(crlf("From: a@b.example\nSubject: x\nContent-Type: text/html\n\n<p onclick=x>Guten <b>Tag</b></p><img src=cid:y><script>1</script>"))
	d := ReplyTo(m, Reply, self, own, "de")
	d.Text = "Danke & Gruß <K>\n  eingerückt"
	octets, err := Compose(d, false)
	if err != nil {
		t.Fatal(err)
	}
	sent := Parse(octets)
	if len(sent.Parts) != 2 || sent.Parts[0].Type != "text/plain" || sent.Parts[1].Type != "text/html" {
		t.Fatalf("parts %+v", sent.Parts)
	}
	markup, _ := sent.Content(1)
	if !strings.Contains(string(markup), "Danke &amp; Gruß &lt;K&gt;<br>\r\n&nbsp; eingerückt") || !strings.Contains(string(markup), "<p>Guten <b>Tag</b></p>") || strings.Contains(string(markup), "script") {
		t.Errorf("%s", markup)
	}
	if text := sent.Text(); !strings.HasPrefix(text, "Danke & Gruß <K>\n  eingerückt\n\n") || !strings.Contains(text, "> Guten Tag") {
		t.Errorf("%q", text)
	}
}

func TestCheck15_References(t *testing.T) {
	m := Parse(corpusFile(t, "mime", "hostile", "dev-references-3000.eml"))
	if len(m.References) != keepFirst+keepLast {
		t.Errorf("%d references", len(m.References))
	}
	d := ReplyTo(m, Reply, self, own, "de")
	if len(d.References) != keepFirst+keepLast || d.References[0] != m.References[0] || d.References[len(d.References)-1] != m.MessageID {
		t.Errorf("%v", d.References)
	}
}

// TestForwardFile: the message travels whole, without the fields that are nobody else's business.
func TestForwardFile(t *testing.T) {
	sent, err := Compose(Draft{From: self, To: []Address{{Addr: "a@kunde.example"}}, Bcc: []Address{{Addr: "geheim@kunde.example"}}, Subject: "Angebot", Text: "Guten Tag"}, true)
	if err != nil {
		t.Fatal(err)
	}
	d := ReplyTo(Parse(sent), ForwardFile, self, own, "de")
	if d.Subject != "WG: Angebot" || len(d.To) > 0 || d.Quote+d.QuoteHTML+d.QuoteLead != "" || len(d.Attachments) != 1 {
		t.Fatalf("%+v", d)
	}
	octets, err := Compose(d, false)
	if err != nil {
		t.Fatal(err)
	}
	m := Parse(octets)
	if len(m.Attachments) != 1 || m.Attachments[0].Type != "message/rfc822" || m.Attachments[0].Name != "Angebot.eml" {
		t.Fatalf("%+v", m.Attachments)
	}
	if inner := m.Attached(m.Attachments[0].Index); inner == nil || inner.Subject != "Angebot" || strings.TrimSpace(inner.Text()) != "Guten Tag" {
		t.Errorf("%+v", inner)
	}
	if strings.Contains(string(octets), "geheim@") || strings.Contains(strings.ToLower(string(octets)), "x-holdover") {
		t.Errorf("private fields leave:\n%s", octets)
	}
}

// TestAside: whoever asked for answers elsewhere is told from the others.
func TestAside(t *testing.T) {
	m := Parse(crlf("From: a@kunde.example\nReply-To: buero@kunde.example\nTo: k.wessel@firma.example, b@firma.example\nCc: c@firma.example\n\nx\n"))
	d := ReplyTo(m, ReplyAll, self, own, "de")
	if got := Aside(m, d.To, d.Cc); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
