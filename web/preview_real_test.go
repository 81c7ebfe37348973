package web

import (
	"bytes"
	"encoding/base64"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"holdover/paper"
)

// realPaper compiles PDFium once for all tests of this package.
var realPaper = sync.OnceValue(func() *paper.Press { return paper.New(paper.Options{}) })

// paperOfTheWalk draws for real where the program was built with PDFium, as on every runner.
func paperOfTheWalk() Paper {
	if !paper.Built() {
		return &sheets{}
	}
	return realPaper()
}

// lockedPDF names a lock that nobody has a key for.
const lockedPDF = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\ntrailer\n<< /Root 1 0 R /Size 3 /Encrypt << /Filter /Own /V 99 >> >>\n%%EOF\n"

// offerMail has a file of each kind that is looked at.
func offerMail(t testing.TB) letter {
	t.Helper()
	offer, err := os.ReadFile("testdata/offer.pdf")
	must(t, err)
	text := "--b\n\nSehr geehrte Frau Wessel,\n\nanbei das Angebot.\n"
	for _, file := range []struct{ kind, name, content string }{
		{"application/pdf", "Angebot 2026-118.pdf", string(offer)}, {"application/pdf", "Vertrag (geschützt).pdf", lockedPDF},
		{"text/csv", "Preise.csv", "Leistung;Menge;Preis\nTieflader, 8 Achsen;2 Tage;7.400,00 €\nBegleitfahrzeug;2 Tage;1.180,00 €\n"},
		{"text/plain; charset=utf-8", "Hinweise.txt", "Hinweise\n========\n\nDie Brücke ist bis 23 Uhr gesperrt.\n"},
		{"text/html; charset=utf-8", "Strecke.html", "<h1>Strecke</h1><p>Hafen – Brücke – Umspannwerk</p>"},
	} {
		text += "--b\nContent-Type: " + file.kind + "\nContent-Disposition: attachment; filename=\"" + file.name + "\"\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(file.content)) + "\n"
	}
	return letter{subject: "Angebot", head: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n", text: text + "--b--"}
}

// TestPreviewDrawsForReal: from a mail with a PDF file to the picture of its second page.
func TestPreviewDrawsForReal(t *testing.T) {
	if !paper.Built() {
		if os.Getenv("CI") != "" {
			t.Fatal(paper.ErrMissing)
		}
		t.Skip(paper.ErrMissing)
	}
	h := newHouse(t, func(o *Options) { o.Paper = realPaper() })
	id := h.deliver(katrin, offerMail(t))
	page := h.as(katrin).page("/m/" + string(id) + "/preview/1?page=2")
	kind, coded, _ := strings.Cut(page.Find(".preview-paper img").AttrOr("src", ""), ";base64,")
	octets, err := base64.StdEncoding.DecodeString(coded)
	must(t, err)
	picture, format, err := image.Decode(bytes.NewReader(octets))
	must(t, err)
	if kind != "data:image/"+format || picture.Bounds().Dx() != 1240 || picture.Bounds().Dy() < 1700 || len(octets) > 300<<10 {
		t.Errorf("%s, %s, %v, %d octets", kind, format, picture.Bounds(), len(octets))
	}
	if text := said(page.Find(".preview-said")); !strings.Contains(text, "Hafenstraße – Müllerbrücke") || !strings.Contains(said(page.Find(".preview-bar")), "Seite 2 von 3") {
		t.Errorf("it says %q, %q", said(page.Find(".preview-bar")), text)
	}
	if w := h.as(katrin).do("GET", "/m/"+string(id)+"/preview/2", nil); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "mit einem Kennwort geschützt") {
		t.Errorf("a locked file: %d", w.Code)
	}
}
