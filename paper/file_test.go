package paper

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// objects are the bodies of a PDF file's objects, the first one being number 1 and the catalogue.
type objects []string

// file writes a PDF file with a right table of references (ISO 32000-1, 7.5).
func (o objects) file() []byte {
	var f bytes.Buffer
	f.WriteString("%PDF-1.7\n")
	var at []int
	for i, body := range o {
		at = append(at, f.Len())
		fmt.Fprintf(&f, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	table := f.Len()
	fmt.Fprintf(&f, "xref\n0 %d\n0000000000 65535 f \n", len(o)+1)
	for _, n := range at {
		fmt.Fprintf(&f, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&f, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(o)+1, table)
	return f.Bytes()
}

func stream(dictionary, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dictionary, len(content), content)
}

// deflated is a stream packed with zlib, so that little becomes much.
func deflated(dictionary, content string) string {
	var packed bytes.Buffer
	w, _ := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return stream(dictionary+" /Filter /FlateDecode", packed.String())
}

// pages is a file of pages with one content each, in Helvetica, of 200 by 100 points.
func pages(contents ...string) objects {
	o := objects{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"}
	var kids []string
	for _, content := range contents {
		kids = append(kids, fmt.Sprintf("%d 0 R", len(o)+1))
		o = append(o, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>", len(o)+2), stream("", content))
	}
	o[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids))
	return o
}

// said is the content of a page that says something.
func said(words string) string { return "BT /F 18 Tf 10 40 Td (" + words + ") Tj ET" }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
