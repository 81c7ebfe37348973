package email

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// withFile is a message with one file after its text.
func withFile(head, content string) *Message {
	return Parse([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n" + head + "Content-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(content)) + "\r\n--b--\r\n"))
}

func TestTextOfFiles(t *testing.T) {
	const named = "Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n"
	for name, c := range map[string]struct {
		head, content, want string
		limit               int
		more                bool
	}{
		"UTF-8":                      {named, "Grüße\r\nan\ralle", "Grüße\nan\nalle", 100, false},
		"byte order mark":            {named, "\xef\xbb\xbfGrüße", "Grüße", 100, false},
		"Windows-1252":               {named, "Gr\xfc\xdfe", "Grüße", 100, false},
		"UTF-16 as Excel writes it":  {named, "\xff\xfeG\x00r\x00\xfc\x00\n\x00", "Grü\n", 100, false},
		"UTF-16, big end first":      {named, "\xfe\xff\x00G\x00r", "Gr", 100, false},
		"the mail names the set":     {strings.Replace(named, "name", "charset=iso-8859-2; name", 1), "\xbb", "ť", 100, false},
		"cut at the end of a line":   {named, "eins\nzwei\ndrei", "eins\nzwei\n", 12, true},
		"no letter is cut in two":    {named, "aüüü", "a", 4, true},
		"cut in the middle of UTF16": {named, "\xff\xfea\x00b\x00c\x00", "a", 5, true},
	} {
		text, more, err := withFile(c.head, c.content).TextOf(1, c.limit)
		if err != nil || text != c.want || more != c.more {
			t.Errorf("%s: %q, %v, %v", name, text, more, err)
		}
	}
	if _, _, err := withFile(named, "MZ\x00\x01").TextOf(1, 100); !errors.Is(err, ErrNoText) {
		t.Errorf("a program: %v", err)
	}
	if _, _, err := withFile(named, "x").TextOf(2, 100); err == nil {
		t.Error("there is no third leaf")
	}
}

func TestFileAsPage(t *testing.T) {
	const plain = "Content-Type: application/octet-stream; name=Bericht.HTM\r\nContent-Disposition: attachment\r\n"
	page := withFile(plain, "<html><head><meta charset=windows-1252></head><body onload=x()><h1>Gr\xfc\xdfe</h1><form action=x><input></form><script>x()</script><img src=http://x.example/a.png>").Page(1)
	if page == nil {
		t.Fatal("no page")
	}
	shown := page.Show(Look{})
	if !strings.Contains(shown.HTML, "<h1>Grüße</h1>") || len(shown.Images) != 1 || strings.Contains(shown.HTML, "x()") || strings.Contains(shown.HTML, "x.example") || strings.Contains(shown.HTML, "<form") {
		t.Errorf("%+v", shown)
	}
	if withFile(strings.Replace(plain, ".HTM", ".doc", 1), "<p>a").Page(1) != nil || page.Page(7) != nil {
		t.Error("what is no page was read as one")
	}
}
