package exchange

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
)

func TestPrivateFieldsAreTakenOff(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"A: 1\r\nX-MS-Exchange-Organization-AuthAs: Internal\r\n\tfolded\r\nB: 2\r\n\r\nX-MS-Exchange-Organization-Body: stays\r\n", "A: 1\r\nB: 2\r\n\r\nX-MS-Exchange-Organization-Body: stays\r\n"},
		{"x-ms-exchange-FOREST-x:1\r\n\r\n", "\r\n"},
		{"X-MS-Exchange-CrossTenant-id: stays\r\n\r\nb", "X-MS-Exchange-CrossTenant-id: stays\r\n\r\nb"},
		{"no header at all", "no header at all"},
		{"\r\nbody only", "\r\nbody only"},
		{"", ""},
	} {
		if got := string(withoutPrivate([]byte(c.in))); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
}

func TestLineEnds(t *testing.T) {
	clean := []byte("a\r\nb\r\n")
	if got := asCRLF(clean); &got[0] != &clean[0] {
		t.Error("clean octets were copied")
	}
	for in, want := range map[string]string{"a\nb\r\nc\rd": "a\r\nb\r\nc\r\nd", "\r": "\r\n", "x\r\r\n": "x\r\n\r\n"} {
		if got := string(asCRLF([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestLongLines: what Exchange's IMAP would refuse is re-encoded in a copy that says the same.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("Zeile ohne Ende ", 1000)
	plain := "From: a@b.test\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + long + "\r\n"
	short := mustShorten(t, plain)
	m := parse(t, short)
	if m.Header.Get("Content-Transfer-Encoding") != "base64" || m.Header.Get("From") != "a@b.test" {
		t.Errorf("header is %v", m.Header)
	}
	if body, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body)); string(body) != long+"\r\n" {
		t.Error("the text changed")
	}
	nested := "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\nshort part\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>" + long + "\r\n--b--\r\nepilogue\r\n"
	m = parse(t, mustShorten(t, nested))
	_, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	parts := multipart.NewReader(m.Body, params["boundary"])
	first, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(first); string(text) != "short part" {
		t.Errorf("a part that fits was changed: %q", text)
	}
	second, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, second)); string(text) != "<p>"+long {
		t.Error("the long part changed")
	}
	header := "References: " + strings.Repeat("<id@x.test> ", 1500) + "\r\nSubject: x\r\n\r\nbody\r\n"
	m = parse(t, mustShorten(t, header))
	if strings.Join(strings.Fields(m.Header.Get("References")), "") != strings.Repeat("<id@x.test>", 1500) {
		t.Error("a folded field lost words")
	}
	signed := strings.Replace(nested, "multipart/mixed", "multipart/signed", 1)
	for name, octets := range map[string]string{
		"signed": signed, "a word without end in the header": "X: " + strings.Repeat("x", 20000) + "\r\n\r\n", "unknown encoding": strings.Replace(plain, "8bit", "uuencode", 1),
	} {
		var f *Failure
		if _, err := forAppend(Item{Octets: []byte(octets)}); !errors.Is(err, ErrRefused) || !errors.As(err, &f) || f.Remedy == "" {
			t.Errorf("%s: %v, want a refusal with its remedy", name, err)
		}
	}
	fits := []byte("Subject: x\r\n\r\n" + strings.Repeat("y", longestLine-2) + "\r\n")
	if got, err := forAppend(Item{Octets: fits}); err != nil || &got[0] != &fits[0] {
		t.Errorf("a message that fits was copied: %v", err)
	}
}

func TestReceiptIsAskedForOnce(t *testing.T) {
	in := []byte("Disposition-Notification-To: a@b.test\r\n\r\nx")
	if got, _ := forAppend(Item{Octets: in, Others: true}); !bytes.HasPrefix(got, []byte("X-Disposition-")) {
		t.Errorf("became %q", got)
	}
	if got, _ := forAppend(Item{Octets: in}); !bytes.Equal(got, in) {
		t.Errorf("an own mail became %q", got)
	}
}

func mustShorten(t *testing.T, text string) []byte {
	t.Helper()
	got, err := forAppend(Item{Octets: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	if tooLong(got) {
		t.Fatal("lines are still too long")
	}
	return got
}

func parse(t *testing.T, octets []byte) *netmail.Message {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// FuzzAppendCopy: no octets make the re-encoder crash, hang or let a long line through.
func FuzzAppendCopy(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--"))
	f.Add([]byte("X: y\n\n" + strings.Repeat("z", 12000)))
	f.Fuzz(func(t *testing.T, octets []byte) {
		// Long lines are rare in fuzzed input: make some.
		for _, in := range [][]byte{octets, bytes.ReplaceAll(octets, []byte("x"), bytes.Repeat([]byte("x"), 3000))} {
			if out, err := forAppend(Item{Octets: in, Others: true}); err == nil && tooLong(out) {
				t.Errorf("a long line went through")
			}
		}
	})
}
