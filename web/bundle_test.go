package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// files is a mail with these files, each with its name as text.
func files(names ...string) letter {
	text := "--b\nContent-Type: text/html\n\n<p>Anbei.</p>\n"
	for _, name := range names {
		text += "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"" + name + "\"\n\n" + name + "\n"
	}
	return letter{subject: "Pläne: Halle 4/5", head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", text: text + "--b--"}
}

// TestBundle: all files come in one, none hides another, and no name leads out of the folder.
func TestBundle(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, files("plan.pdf", "Plan.pdf", "../../../etc/passwd", "..", "CON\\x.txt"))
	page := h.as(katrin).page(h.open(katrin, id))
	link := page.Find("a[href$='/files.zip']")
	if said(link) != "Alle 5 Dateien als ZIP speichern" {
		t.Fatalf("the link says %q", said(link))
	}
	w := h.as(katrin).do("GET", link.AttrOr("href", ""), nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	packed, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	must(t, err)
	names := map[string]bool{}
	for _, f := range packed.File {
		in, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		if len(text) == 0 || strings.ContainsAny(f.Name, `/\`) || strings.HasPrefix(f.Name, ".") || names[strings.ToLower(f.Name)] {
			t.Errorf("%q holds %q", f.Name, text)
		}
		names[strings.ToLower(f.Name)] = true
	}
	if len(names) != 5 {
		t.Errorf("%d files: %v", len(names), names)
	}
	if w := h.as(jens).do("GET", link.AttrOr("href", ""), nil); w.Code != http.StatusNotFound {
		t.Errorf("somebody else: %d", w.Code)
	}
	none := h.deliver(katrin, letter{subject: "Ohne", text: "x"})
	if w := h.as(katrin).do("GET", "/m/"+string(none)+"/files.zip", nil); w.Code != http.StatusNotFound {
		t.Errorf("no files: %d", w.Code)
	}
}

// TestDarkBody: a message keeps its own colours until somebody asks for dark ones, and gets them back.
func TestDarkBody(t *testing.T) {
	h := newHouse(t)
	k, id := h.as(katrin), h.deliver(katrin, files("a.txt"))
	page := k.page(h.open(katrin, id))
	frame := func() string { return page.Find("iframe").AttrOr("src", "") }
	if strings.Contains(frame(), "dark") || strings.Contains(k.do("GET", frame(), nil).Body.String(), `class="dark"`) {
		t.Errorf("dark unasked: %s", frame())
	}
	turn := page.Find("a.only-dark")
	page = k.page(before(turn.AttrOr("href", ""), "#"))
	if !strings.HasSuffix(frame(), "?dark=1") || !strings.Contains(k.do("GET", frame(), nil).Body.String(), `class="dark"`) {
		t.Errorf("asked for: %s", frame())
	}
	if turn = page.Find("a.only-dark"); said(turn) != "In ihren eigenen Farben zeigen" {
		t.Errorf("the way back says %q", said(turn))
	}
	if page = k.page(before(turn.AttrOr("href", ""), "#")); strings.Contains(frame(), "dark") {
		t.Errorf("and back: %s", frame())
	}
}

func before(text, mark string) string {
	text, _, _ = strings.Cut(text, mark)
	return text
}
