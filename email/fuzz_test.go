package email

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// seeds are small mails of every shape this room knows, as a start for the fuzzers.
func seeds() [][]byte {
	return [][]byte{
		nil, []byte("\r\n"), []byte("\r"), crlf(original), nested(3), nested(60), tenKB(),
		[]byte("From a@b\r\nkaputt\r\nSubject : =?utf-8?q?=C3?= =?utf-8?q?=BC?=\r\n\ttab\r\n\r\n> alt\r\nneu"),
		crlf("Content-Type: multipart/related\n\n--x\nContent-Type: text/html; charset=utf-7\n\n+ADw-b+AD4-\n--x\nContent-ID: <a>\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAA=\n--x--"),
		crlf("Content-Type: multipart/digest; boundary=\"a b\"\n\n--a b\n\nSubject: x\n\ny\n--a b--\n"),
		crlf("Content-Type: text/plain; format=flowed; delsp=yes\n\n> a \n> b\n-- \nc \n"),
		crlf("Content-Type: text/html\n\n<table><td><p>a<p onclick=x>b<a href=java&#10;script:x>c<img src=cid:x srcset=y><style>z</style><!--[if mso]>q<![endif]-->"),
		crlf("From: A: b@c, \"d\\\"\" <e@f> (g (h)), =?iso-2022-jp?b?GyRCOns=?= <i@j>;\nTo: <@a:b@c>, d e@f\nReferences: <a@b <c@d>>\nDate: 1 Jan 70\n\n"),
		crlf("Content-Disposition: attachment; filename*0*=utf-8'de'%C3; filename*1=\"..\\\\x\"; filename=\"=?utf-8?b?AA==?=\"\n\n"),
		crlf("Content-Type: text/enriched\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n#0V%T\n`\nend\n"),
	}
}

func FuzzSummarize(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		s := Summarize(octets)
		if len(s.BodyHash) != 64 || len(s.References) > keepFirst+keepLast {
			t.Errorf("%+v", s)
		}
		for _, line := range []string{s.Subject, s.BaseSubject, s.Snippet, s.MessageID, s.ThreadTopic, s.Sender.Name, s.Sender.Addr} {
			if strings.ContainsAny(line, "\r\n\x00") || !utf8.ValidString(line) {
				t.Errorf("not one line of text: %q", line)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		m := Parse(octets)
		text := m.Text()
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") || len(m.Parts) > maxParts {
			t.Errorf("%d parts, text %q", len(m.Parts), text)
		}
		for _, p := range m.Parts {
			if strings.ContainsAny(p.Name, "/\\\r\n\x00\"") || p.Name != cleanName(p.Name) {
				t.Errorf("name %q", p.Name)
			}
			m.Content(p.Index)
			if text, _, err := m.TextOf(p.Index, 1000); err == nil && (!utf8.ValidString(text) || strings.Contains(text, "\x00")) {
				t.Errorf("part %d as text: %q", p.Index, text)
			}
			if page := m.Page(p.Index); page != nil {
				page.Show(Look{})
			}
		}
		if fresh, quoted := Fold(text); fresh+quoted != text {
			t.Error("Fold loses text")
		}
		d := ReplyTo(m, ReplyAll, self, own, "de")
		d.Attachments = m.carry(nil)
		out, err := Compose(d, true)
		if err != nil {
			t.Fatal(err)
		}
		if !isCleanLines(out) {
			t.Errorf("unclean answer:\n%q", out)
		}
	})
}

func FuzzSafeHTML(f *testing.F) {
	for _, s := range []string{
		`<p>x`, `<svg><style><img src=x onerror=y>`, `<a href=" java&#9;script:x">`, `<img src="cid:a" srcset="//x">`, `<b><table><td><b></table>`, `<p style="color:rgb(1,2,3);x:url(y)">`, `a<div><i><blockquote>b</details></i><p>c`,
		`<noscript><p title="</noscript><img src=x onerror=y>">`, `<math><mi><mglyph><style><!--</style><img title="--&gt;<img src onerror=x>">`, `<plaintext>x`, `<textarea><script>`, `<a href=https://b.example>https://c.example</a>`,
		`<body background=//x style="background:#fff">`, `<a href="tel:+49 30"><a href="mailto:a@b">`, `<img src="data:image/png;base64,AA=="><img src="data:image/svg+xml,x">`, "<x\x00y>", "<p/onclick=x>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		safe, _ := asDocument(markup).SafeHTML(partLink)
		checkSafe(t, "fuzz", safe)
		if again := sanitize(safe); again != safe {
			t.Errorf("not stable:\n%q\n%q", safe, again)
		}
		checkSafe(t, "policy alone", policyAlone(markup))
		folded := asDocument(markup).Show(Look{Link: partLink, Fold: "Zitat"}).HTML
		checkNesting(t, "folded", folded)
		checkSafe(t, "folded", withoutFold(folded))
	})
}

// withoutFold takes the one fold off that the rewriter may put in.
func withoutFold(markup string) string {
	markup = strings.Replace(markup, "<details><summary>Zitat</summary>", "", 1)
	return strings.Replace(markup, "</details>", "", 1)
}

func FuzzParseAddressList(f *testing.F) {
	for _, s := range []string{
		"a@b.example", `"A, B" <a@b.example>; c@d.example`, "„A“ <a@b.example>\nb", "g: a@b, c@d;", "<a@b", `"a`, "(a", "a@[1.2.3.4]", "a@ü.example", `"a b"@c.example`, "@a:b@c", "=?utf-8?q?a,b?= <a@b.example>", "a\\,b@c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		good, bad := ParseAddressList(typed)
		if len(good)+len(bad) > maxAddresses {
			t.Error("too many")
		}
		for _, a := range good {
			if strings.ContainsAny(a.Addr, " \r\n<>") || !isASCII(a.String()) {
				t.Errorf("%q", a)
			}
			back := ParseAddresses(a.String())
			if len(back) != 1 || back[0] != a {
				t.Errorf("%q is written as %s and read as %q", a, a, back)
			}
		}
		ParseAddresses(typed)
	})
}

func FuzzOpenDraft(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	for seed := range uint64(20) {
		if octets, err := Compose(anyDraft(rand.New(rand.NewPCG(seed, 1))), true); err == nil {
			f.Add(octets)
		}
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		d, err := OpenDraft(octets)
		if err != nil {
			return
		}
		checkSafe(t, "quote", policyAlone(d.QuoteHTML))
		saved, err := Compose(d, true)
		if err != nil {
			t.Fatal(err)
		}
		again, err := OpenDraft(saved)
		if err != nil {
			t.Fatal(err)
		}
		want := d.normal()
		if want.MessageID == "" {
			want.MessageID = again.MessageID
		}
		if again.Text != want.Text || again.Quote != want.Quote || again.QuoteHTML != want.QuoteHTML || again.Subject != want.Subject || len(again.To) != len(want.To) {
			t.Errorf("saving changes the draft\n got %q\nwant %q", again, want)
		}
		for i, a := range again.Attachments {
			if !bytes.Equal(a.Octets, want.Attachments[i].Octets) || a.Name != want.Attachments[i].Name || a.Type != want.Attachments[i].Type {
				t.Errorf("attachment %q %q, was %q %q", a.Name, a.Type, want.Attachments[i].Name, want.Attachments[i].Type)
			}
		}
	})
}
