package web

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"holdover/paper"
)

// sheets is a Press that makes a file of five pages of anything, or fails.
type sheets struct {
	err   error
	asked []int // widths
}

func (p *sheets) Sheet(_ context.Context, pdf []byte, n, width int) (paper.Sheet, error) {
	p.asked = append(p.asked, width)
	if n > 5 {
		return paper.Sheet{}, paper.ErrNoSheet
	}
	return paper.Sheet{Number: n, Count: 5, Text: "Angebot <b>Nr. 7</b> " + string(pdf), Type: "image/png", Picture: tinyPicture}, p.err
}

// tinyPicture is a white PNG of one pixel.
var tinyPicture, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")

// withFile is a mail with one file.
func withFile(head, content string) letter {
	return letter{subject: "Angebot", head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
		text: "--b\n\nAnbei.\n--b\n" + head + "\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(content)) + "\n--b--"}
}

const offer = `Content-Type: application/pdf; name="offer.pdf"`

// TestPreviewOfAPDF: page n of m as a picture of ours, with its text, ways to the others, and nothing of the file.
func TestPreviewOfAPDF(t *testing.T) {
	press := &sheets{}
	h := newHouse(t, func(o *Options) { o.Paper = press })
	id := h.deliver(katrin, withFile(offer, "%PDF-1"))
	read := h.as(katrin).page(h.open(katrin, id))
	look := read.Find(".file a[href*='/preview/']")
	if look.Length() != 2 || look.First().AttrOr("href", "") != "/m/"+string(id)+"/preview/1" || len(press.asked) != 0 {
		t.Fatalf("%d ways to the preview, %d pages drawn before anybody asked", look.Length(), len(press.asked))
	}
	page := h.as(katrin).page("/m/" + string(id) + "/preview/1?page=2&zoom=200")
	if wrong := foreign(page); len(wrong) > 0 {
		t.Error(wrong)
	}
	picture := page.Find(".preview-paper img")
	if picture.AttrOr("alt", "") != "Seite 2 von 5 aus offer.pdf" || picture.AttrOr("src", "") != "data:image/png;base64,"+base64.StdEncoding.EncodeToString(tinyPicture) || press.asked[0] != 2480 {
		t.Errorf("alt %q, drawn %v wide", picture.AttrOr("alt", ""), press.asked)
	}
	if text := said(page.Find(".preview-said")); text != "Angebot <b>Nr. 7</b> %PDF-1" {
		t.Errorf("the text says %q", text)
	}
	for rel, want := range map[string]string{"prev": "?page=1&zoom=200", "next": "?page=3&zoom=200"} {
		if href := page.Find("a[rel="+rel+"]").AttrOr("href", ""); href != "/m/"+string(id)+"/preview/1"+want {
			t.Errorf("%s leads to %q", rel, href)
		}
	}
	if back := page.Find("a.back").AttrOr("href", ""); back != h.open(katrin, id)+"?open="+string(id)+"#m-"+string(id) {
		t.Errorf("back leads to %q", back)
	}
	last := h.as(katrin).page("/m/" + string(id) + "/preview/1?page=5&zoom=7")
	if last.Find("a[rel=next]").Length() != 0 || last.Find(".zoom-100").Length() != 1 {
		t.Error("the last page leads on, or a width of nobody's is shown")
	}
	w := h.as(katrin).do("GET", "/m/"+string(id)+"/preview/1", nil)
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", w.Header())
	}
	for _, path := range []string{"7", "1.0", "x", "..%2f1"} {
		if w := h.as(katrin).do("GET", "/m/"+string(id)+"/preview/"+path, nil); w.Code != http.StatusNotFound {
			t.Errorf("place %s: %d", path, w.Code)
		}
	}
	if w := h.as(jens).do("GET", "/m/"+string(id)+"/preview/1", nil); w.Code != http.StatusNotFound {
		t.Errorf("somebody else: %d", w.Code)
	}
}

// TestPreviewThatFails: each reason has its sentence, and the file can be saved all the same.
func TestPreviewThatFails(t *testing.T) {
	press := &sheets{}
	h := newHouse(t, func(o *Options) { o.Paper = press })
	id := h.deliver(katrin, withFile(offer, "%PDF-1"))
	path := "/m/" + string(id) + "/preview/1"
	for err, want := range map[error]struct {
		status int
		says   string
	}{
		paper.ErrBusy:       {http.StatusServiceUnavailable, "Gerade sehen sich viele"},
		paper.ErrLocked:     {http.StatusUnprocessableEntity, "mit einem Kennwort geschützt"},
		paper.ErrTooMuch:    {http.StatusUnprocessableEntity, "zu aufwendig"},
		paper.ErrNoEngine:   {http.StatusNotImplemented, "keine PDF-Dateien zeigen"},
		paper.ErrUnreadable: {http.StatusUnprocessableEntity, "beschädigt oder kein PDF"},
		errors.New("other"): {http.StatusInternalServerError, ""},
	} {
		press.err = err
		w := h.as(katrin).do("GET", path, nil)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) || want.says != "" && !strings.Contains(w.Body.String(), "/m/"+string(id)+"/part/1?save=1") {
			t.Errorf("%v: %d", err, w.Code)
		}
	}
	press.err = nil
	if w := h.as(katrin).do("GET", path+"?page=6", nil); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "gibt es in der Datei nicht") {
		t.Errorf("page 6 of 5: %d", w.Code)
	}
}

// TestPreviewOfOtherFiles: text in its character set, values in a table, pages of HTML cleaned in the frame of messages; a program stays a file.
func TestPreviewOfOtherFiles(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct{ head, content, find, want string }{
		"text":    {`Content-Type: text/plain; name="a.txt"` + "\nContent-Disposition: attachment", "Gr\xfc\xdfe <b>", ".preview-text", "Grüße <b>"},
		"date":    {`Content-Type: application/octet-stream; name="a.ics"`, "BEGIN:VCALENDAR\nEND:VCALENDAR", ".preview-text", "BEGIN:VCALENDAR END:VCALENDAR"},
		"card":    {`Content-Type: text/vcard; name="a.vcf"`, "BEGIN:VCARD\nFN:Ö", ".preview-text", "BEGIN:VCARD FN:Ö"},
		"table":   {`Content-Type: text/csv; name="a.csv"`, "Ort;Preis\nHalle;\"1,5 \"\"t\"\"\"\nnur eins", ".preview-paper tr", `OrtPreisHalle1,5 "t"nur eins`},
		"one row": {`Content-Type: text/csv; name="a.csv"`, "Ort", ".preview-text", "Ort"},
		"empty":   {`Content-Type: text/plain; name="a.txt"` + "\nContent-Disposition: attachment", "", ".preview p.soft:last-child", "Die Datei ist leer."},
		"long":    {`Content-Type: text/plain; name="a.log"` + "\nContent-Disposition: attachment", strings.Repeat("Zeile\n", 200_000), ".preview .note", "Hier sehen Sie den Anfang der Datei. Speichern Sie sie, um alles zu sehen."},
		"program": {`Content-Type: text/plain; name="a.txt"` + "\nContent-Disposition: attachment", "MZ\x00\x00", ".preview .note", "Diese Datei enthält keinen Text, den wir zeigen können. Sie können sie speichern."},
	} {
		id := h.deliver(katrin, withFile(c.head, c.content))
		w := h.as(katrin).do("GET", "/m/"+string(id)+"/preview/1", nil)
		page := document(t, w)
		if wrong := foreign(page); len(wrong) > 0 && name != "table" { // no page of a message has one
			t.Error(name, wrong)
		}
		if got := strings.Join(strings.Fields(page.Find(c.find).Text()), " "); got != c.want {
			t.Errorf("%s: %d, %q", name, w.Code, got)
		}
	}
	id := h.deliver(katrin, withFile(`Content-Type: text/html; name="a.html"`+"\nContent-Disposition: attachment", "<h1>Bericht</h1><script>x()</script><form><input></form>"))
	frame := h.as(katrin).page("/m/" + string(id) + "/preview/1").Find("iframe")
	w := h.as(katrin).do("GET", frame.AttrOr("src", ""), nil)
	if !strings.Contains(w.Body.String(), "<h1>Bericht</h1>") || strings.Contains(w.Body.String(), "x()") || w.Header().Get("Content-Security-Policy") != bodyPolicy || frame.AttrOr("sandbox", "") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, head := range []string{`Content-Type: application/zip; name="a.zip"`, `Content-Type: image/png; name="a.png"`, offer} { // without a Press PDF files are only kept
		id := h.deliver(katrin, withFile(head, "x"))
		if w := h.as(katrin).do("GET", "/m/"+string(id)+"/preview/1", nil); w.Code != http.StatusNotFound || h.as(katrin).page(h.open(katrin, id)).Find("a[href*='/preview/']").Length() > 0 {
			t.Errorf("%s: %d", head, w.Code)
		}
	}
}

// TestPreviewInAttachedMessage: a file of a message that is attached to another one is looked at in its place.
func TestPreviewInAttachedMessage(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Paper = &sheets{} })
	inner := "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nInnen.\n--c\n" + offer + "\n\n%PDF-inner\n--c--\n"
	id := h.deliver(katrin, letter{subject: "Weitergeleitet", head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
		text: "--b\n\nSiehe unten.\n--b\nContent-Type: message/rfc822\n\nSubject: Innen\n" + inner + "\n--b--"})
	look := h.as(katrin).page(h.open(katrin, id)).Find(".file a[href*='/preview/']").First().AttrOr("href", "")
	if look != "/m/"+string(id)+"/preview/1.1" {
		t.Fatalf("the way is %q", look)
	}
	if page := h.as(katrin).page(look); !strings.Contains(page.Find(".preview-said").Text(), "%PDF-inner") {
		t.Errorf("%q", page.Find("main").Text())
	}
}

// TestBundleCountsAttachedMessages: what opens in place is in the archive of all files too, and the link says so.
func TestBundleCountsAttachedMessages(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Zwei", head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
		text: "--b\n\nx\n--b\nContent-Type: message/rfc822\n\nSubject: Innen\n\ny\n--b\nContent-Type: application/zip; name=a.zip\n\nz\n--b--"})
	if link := h.as(katrin).page(h.open(katrin, id)).Find("a[href$='/files.zip']"); said(link) != "Alle 2 Dateien als ZIP speichern" {
		t.Errorf("the link says %q", said(link))
	}
}

// TestPreviewByKeys: the keys of the list turn the pages of a file, and Escape leads back to the message. Without JavaScript all are links.
func TestPreviewByKeys(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Paper = &sheets{} })
	id := h.deliver(katrin, withFile(offer, "%PDF-1"))
	b := newBrowser(t, h, katrin)
	b.open("/m/" + string(id) + "/preview/1")
	says := func(place string) {
		b.until(`document.readyState === "complete" && document.querySelector(".preview-bar strong")?.textContent === "` + place + `"`)
	}
	says("Seite 1 von 5")
	b.press("Control+.")
	says("Seite 2 von 5")
	b.press("Control+,")
	says("Seite 1 von 5")
	b.press("Escape")
	b.until(`location.pathname.startsWith("/mail/inbox/") && !!document.querySelector(".file")`)
	b.clean("the preview")
}
