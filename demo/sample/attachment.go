package sample

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
)

// attachment makes a small real file of a kind: a PDF of one page, a table, a picture.
func attachment(kind, name string, l letter) (octets []byte, typ string) {
	switch kind {
	case "pdf":
		return pdf(name), "application/pdf"
	case "csv":
		return table(l.id), "text/csv; charset=utf-8"
	case "png":
		return picture(l.id), "image/png"
	case "ics":
		return invitation(l), "text/calendar; charset=utf-8; method=REQUEST"
	}
	panic("sample: no attachment of kind " + kind)
}

// pdf writes one A4 page with the name on it, as PDF 1.4 with a right cross-reference table.
func pdf(title string) []byte {
	title = strings.Map(func(r rune) rune {
		if r < 32 || r > 126 || r == '(' || r == ')' || r == '\\' {
			return '_'
		}
		return r
	}, title)
	page := "BT /F1 20 Tf 72 770 Td (" + title + ") Tj ET"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(page), page),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	places := make([]int, len(objects))
	for i, o := range objects {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, p := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func table(id string) []byte {
	var b strings.Builder
	b.WriteString("Position;Bezeichnung;Menge;Betrag\r\n")
	sum := digest(id)
	for i, name := range []string{"Erdarbeiten", "Bordsteine", "Entwässerung", "Beleuchtung", "Grünflächen"} {
		fmt.Fprintf(&b, "%d;%s;%d;%d,00\r\n", i+1, name, 10+int(sum[i]), 1000*int(sum[i+8]-40))
	}
	return []byte(b.String())
}

// picture is a quiet pattern, different for each message.
func picture(id string) []byte {
	sum := digest(id)
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			img.Set(x, y, color.RGBA{byte(x/2) + sum[0], byte(y) + sum[1], byte((x+y)/3) + sum[2], 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // memory does not fail
	}
	return b.Bytes()
}
