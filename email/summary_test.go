package email

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSummarize(t *testing.T) {
	s := Summarize(crlf(original))
	want := Summary{
		MessageID: "3@kunde.example", InReplyTo: []string{"2@firma.example"}, References: []string{"1@kunde.example", "2@firma.example"},
		From: []Address{{"Anna Berg", "a@kunde.example"}}, To: []Address{{"Katrin Wessel", "k.wessel@firma.example"}}, Cc: []Address{{"", "c@firma.example"}},
		Subject: "Re: Angebot", BaseSubject: "Angebot", ThreadIndex: "AQHc/0mQ1a2b3c4d5e6f7g8h9i0jkg==", ThreadTopic: "Angebot",
		Snippet: "Guten Tag, danke.", Attachments: 1, Date: s.Date, BodyHash: s.BodyHash,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v\nwant %+v", s, want)
	}
	if !s.Date.Equal(time.Date(2026, 11, 20, 13, 3, 0, 0, time.UTC)) {
		t.Errorf("date %v", s.Date)
	}
	_, body, _ := strings.Cut(string(crlf(original)), "\r\n\r\n")
	if sum := sha256.Sum256([]byte(body)); s.BodyHash != hex.EncodeToString(sum[:]) {
		t.Errorf("body hash %s", s.BodyHash)
	}
	if !reflect.DeepEqual(Parse(crlf(original)).Summary, s) {
		t.Error("Parse and Summarize disagree")
	}
}

// TestBodyHashKeepsIdentity shows that what gateways put on top of a message does not change who it is.
func TestBodyHashKeepsIdentity(t *testing.T) {
	plain := Summarize(crlf(original))
	traced := Summarize(append([]byte("Received: from a by b\r\n\twith ESMTP id 1; date\r\n"), crlf(original)...))
	if plain.BodyHash != traced.BodyHash || plain.MessageID != traced.MessageID {
		t.Error("a trace line changes the identity")
	}
	if other := Summarize(append(crlf(original), 'x')); other.BodyHash == plain.BodyHash {
		t.Error("another body has the same hash")
	}
}

func TestTolerantHeader(t *testing.T) {
	for name, c := range map[string]struct{ in, subject, text string }{
		"line without colon":   {"Subject: x\nkaputte Zeile\nFrom: a@b.example\n\nText\n", "x", "Text\n"},
		"mbox From":            {"From a@b.example Sat Jan  3 01:05:34 1996\nSubject: x\n\nText\n", "x", "Text\n"},
		"space before colon":   {"Subject : x\n\nText\n", "x", "Text\n"},
		"name with a space":    {"Subject: x\nX Y: z\nTo: a@b.example\n\nText\n", "x", "Text\n"},
		"no header":            {"Nur Text\nohne Kopf\n", "", "Nur Text\nohne Kopf\n"},
		"no header, colon":     {"Hallo Anna: wie geht es?\n", "", "Hallo Anna: wie geht es?\n"},
		"trace and no header":  {"Received: x\nNur Text\nohne Kopf\n\nMehr\n", "", "Nur Text\nohne Kopf\n\nMehr\n"},
		"no blank line":        {"Subject: x\nText ohne Leerzeile\n", "x", "Text ohne Leerzeile\n"},
		"junk before the body": {"Subject: x\nContent-Type: text/plain\nkaputt\n\nText\n", "x", "Text\n"},
		"blank line of space":  {"Subject: x\nContent-Type: text/plain\n \nText\nzwei\n\n", "x", "Text\nzwei\n\n"},
		"only a header":        {"Subject: x\n", "x", ""},
		"folded":               {"Subject: ein\n zwei\n\tdrei\n\nText\n", "ein zwei drei", "Text\n"},
		"empty":                {"", "", ""},
		"raw Latin-1":          {"Subject: Gr\xfc\xdfe\n\nText\n", "Grüße", "Text\n"},
		"raw UTF-8":            {"Subject: Grüße\n\nText\n", "Grüße", "Text\n"},
		"unknown set":          {"Subject: =?klingon?q?Gr=FC=DFe?=\n\nText\n", "Grüße", "Text\n"},
		"split character":      {"Subject: =?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=\n\nText\n", "Grüße", "Text\n"},
		"words with blanks":    {"Subject: =?utf-8?q?a b?= c\n\nText\n", "a b c", "Text\n"},
		"word not ended":       {"Subject: =?utf-8?q?abc\n\nText\n", "=?utf-8?q?abc", "Text\n"},
		"word with line end":   {"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\nText\n", "a  Bcc: x", "Text\n"},
		"direction turned":     {"Subject: =?utf-8?b?4oCuYWJj?=\n\nText\n", "abc", "Text\n"},
	} {
		for _, ends := range []string{"\r\n", "\n", "\r"} {
			m := Parse([]byte(strings.ReplaceAll(c.in, "\n", ends)))
			if m.Subject != c.subject || m.Text() != c.text {
				t.Errorf("%s %q: subject %q text %q", name, ends, m.Subject, m.Text())
			}
		}
	}
}

func TestParams(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename="a.pdf"`:                                              "a.pdf",
		`attachment; filename=a b.pdf`:                                              "a b.pdf",
		`attachment; filename*=utf-8''%C3%9Cber.pdf`:                                "Über.pdf",
		`attachment; filename*=iso-8859-1'de'%DCber.pdf; filename=x.pdf`:            "Über.pdf",
		`attachment; filename*0*=utf-8''%C3; filename*1*=%9Cber; filename*2=".pdf"`: "Über.pdf",
		`attachment; filename*2=c.pdf; filename*0=a; filename*1=b`:                  "abc.pdf",
		`attachment; filename="=?utf-8?Q?=C3=9Cber.pdf?="`:                          "Über.pdf",
		`attachment; filename="a\"b.pdf"`:                                           "a_b.pdf",
		`attachment; filename="C:\Users\x\a.pdf"`:                                   "a.pdf",
		`attachment; filename="../../etc/passwd"`:                                   "passwd",
		`attachment; filename="a.pdf`:                                               "a.pdf",
		`attachment; filename=".."`:                                                 "",
		`attachment; filename="/"`:                                                  "",
		"attachment; filename=\"a\x00\x07.pdf\"":                                    "a .pdf",
		`attachment; filename="` + strings.Repeat("ü", 300) + `.pdf"`:               strings.Repeat("ü", 98) + ".pdf",
		`attachment; filename="rechnung` + "\u202e" + `fdp.exe"`:                    "rechnungfdp.exe",
		`attachment; filename="<b>.html"`:                                           "_b_.html",
	} {
		m := Parse(crlf("Content-Type: application/pdf\nContent-Disposition: " + in + "\n\nx"))
		if len(m.Attachments) != 1 || m.Attachments[0].Name != want {
			t.Errorf("%s: %+v, want %q", in, m.Attachments, want)
		}
	}
}

func TestTransfer(t *testing.T) {
	for _, c := range []struct {
		coding, in, want string
		damaged          bool
	}{
		{"base64", "SGFs\r\nbG8=\r\n", "Hallo", false},
		{"BASE64 ", "SGFs!!bG8=", "Hallo", true},
		{"base64", "SGFsbG8", "Hallo", true},
		{"base64", "SGE=bGxv", "Hallo", false},
		{"quoted-printable", "Gr=C3=BC=\r\n=C3=9Fe=20\r\nx", "Grüße \r\nx", false},
		{"quoted-printable", "a=zz b= \r\nc=", "a=zz bc", true},
		{"x-uuencode", "begin 644 a\r\n%2&%L;&\\ \r\n`\r\nend\r\n", "Hallo", false},
		{"7bit", "Hallo", "Hallo", false},
		{"unbekannt", "Hallo", "Hallo", false},
	} {
		got, err := decodeTransfer(c.coding, []byte(c.in), 0)
		if string(got) != c.want || (err != nil) != c.damaged {
			t.Errorf("%s %q: %q %v", c.coding, c.in, got, err)
		}
	}
}

func TestCharsetNames(t *testing.T) {
	for _, c := range []struct{ label, in, want string }{
		{"utf-7", "Gr+APwA3w-e", "Grüße"},
		{"utf-7", "1 +- 1", "1 + 1"},
		{"utf-8", "Gr\xfc\xdfe", "Grüße"}, // wrongly labelled
		{"us-ascii", "Gr\xfc\xdfe", "Grüße"},
		{"iso-8859-1", "5 \x80", "5 €"},
		{"iso-8859-15", "5 \xa4", "5 €"},
		{"gb2312", "\xb2\xe2\xca\xd4", "测试"},
		{"ks_c_5601-1987", "\xc7\xd1", "한"},
		{"shift_jis", "\x93\xfa", "日"},
		{"x-gibt-es-nicht", "Grüße", "Grüße"},
		{"utf-16", "\xff\xfeH\x00i\x00", "Hi"},
	} {
		if got := toUTF8(c.label, []byte(c.in)); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.label, c.in, got, c.want)
		}
	}
}

func TestAutomatic(t *testing.T) {
	for in, want := range map[string]bool{
		"Auto-Submitted: auto-replied": true, "Auto-Submitted: no": false, "Auto-Submitted: auto-generated; x=y": true, "Precedence: bulk": true, "Subject: x": false,
	} {
		if Summarize(crlf(in+"\n\n")).Automatic != want {
			t.Error(in)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	for in, want := range map[string][]string{
		"<a@b>":                    {"a@b"},
		"a@b":                      {"a@b"},
		"<a@b> <c@d>\r\n <e@f>":    {"a@b", "c@d", "e@f"},
		"<a@b><c@d>":               {"a@b", "c@d"},
		"Ihre Mail vom 1.1. <a@b>": {"a@b"},
		"<a@ b>":                   {"a@b"},
		"<<a@b>>":                  {"a@b"},
		"<a@b":                     {"a@b"},
		"<>":                       nil,
		"kein Zeichen":             nil,
	} {
		if got := messageIDs(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q", in, got)
		}
	}
	if chain := capChain([]string{"a", "b", "a", "c"}); !reflect.DeepEqual(chain, []string{"b", "a", "c"}) {
		t.Errorf("%v", chain)
	}
}

// tenKB is an ordinary mail: text and HTML, one small attachment.
func tenKB() []byte {
	text := strings.Repeat("Guten Tag Frau Wessel, anbei die Unterlagen für Köln. ", 30)
	return crlf("Received: from a.example by b.example with ESMTPS id x; Fri, 20 Nov 2026 14:03:00 +0100\nFrom: =?utf-8?q?J=C3=B6rg?= <a@kunde.example>\nTo: Katrin Wessel <k@firma.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" +
		"Message-ID: <3@kunde.example>\nReferences: <1@a> <2@b>\nDate: Fri, 20 Nov 2026 14:03:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n" +
		"--a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + text + "\n--a\nContent-Type: text/html; charset=utf-8\n\n<p>" + text + text + "</p>\n--a--\n" +
		"--m\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 64) + "--m--\n")
}

func BenchmarkSummarize(b *testing.B) {
	mail := tenKB()
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	for b.Loop() {
		Summarize(mail)
	}
}

func BenchmarkParseAndShow(b *testing.B) {
	mail := tenKB()
	b.SetBytes(int64(len(mail)))
	for b.Loop() {
		m := Parse(mail)
		m.SafeHTML(nil)
		m.Text()
	}
}
