package email

import (
	"reflect"
	"strings"
	"testing"
)

var png = []byte("\x89PNG\r\n\x1a\n-a picture-")

// TestPicturesOfADraft: multipart/related with Content-ID, the same when it is opened again, and nothing in the
// HTML names what is no part of the draft.
func TestPicturesOfADraft(t *testing.T) {
	picture, ok := Attachment{Name: "Plan.png", Type: "application/x-evil", Octets: png}.AsPicture()
	if _, svg := (Attachment{Octets: []byte("<svg onload=x>")}).AsPicture(); svg || !ok {
		t.Fatal("what is a picture")
	}
	file := Attachment{Name: "a.txt", Type: "text/plain", Octets: []byte("x")}
	for _, files := range [][]Attachment{nil, {file}} {
		d := Draft{MessageID: "m@b.example", From: Address{Addr: "a@b.example"}, Bcc: []Address{{Addr: "g@b.example"}}, Subject: "S",
			HTML:        `<div>Siehe <img src="cid:` + picture.CID + `" alt="Lageplan &#34;Süd&#34;" onerror="x()" style="x"><img src="cid:foreign@x" alt="y"><img src="https://evil.example/x.png"><img src="/compose/x/picture/y"></div>`,
			Attachments: append(append([]Attachment{}, files...), picture)}
		d = d.normal()
		if strings.Count(d.HTML, "<img") != 1 || strings.Contains(d.HTML, "onerror") || strings.Contains(d.HTML, "evil") || !strings.Contains(d.HTML, "alt=") {
			t.Errorf("HTML %s", d.HTML)
		}
		octets, err := Compose(d, true)
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, "picture", octets)
		back, err := OpenDraft(octets)
		if err != nil || !reflect.DeepEqual(back, d) {
			diffDrafts(t, 0, back, d)
			t.Fatalf("%v\n%s", err, octets)
		}
		checkLeaving(t, 0, d, octets)
		m := Parse(octets)
		if len(m.Attachments) != len(files) || len(m.Parts) != 3+len(files) || m.Parts[2].ContentID != picture.CID || m.Parts[2].Type != "image/png" || !strings.Contains(string(octets), `multipart/related`) {
			t.Errorf("parts %+v\n%s", m.Parts, octets)
		}
		if shown := m.Show(Look{Link: func(int) string { return "/m/x/part/2" }}); strings.Count(shown.HTML, `src="/m/x/part/2"`) != 1 {
			t.Errorf("shown %s", shown.HTML)
		}
		without := d
		without.HTML = "<div><b>nichts</b></div>"
		if kept, err := Compose(without, true); err != nil {
			t.Fatal(err)
		} else if again, _ := OpenDraft(kept); len(again.Attachments) != 1+len(files) || again.Attachments[0].CID == "" {
			t.Errorf("a draft forgets a picture that undo may bring back: %+v", again.Attachments)
		}
		if left := without.WithoutUnused().Attachments; len(left) != len(files) {
			t.Errorf("a picture that was taken out is sent: %+v", left)
		}
		without.HTML, without.Text = "", "nur Text"
		if left := without.WithoutUnused().Attachments; len(left) != 1+len(files) || left[len(left)-1].CID != "" {
			t.Errorf("without HTML a picture is a file: %+v", left)
		}
	}
}

// TestPicturesOfAnOriginal: an answer keeps showing them, a forward too, and each once.
func TestPicturesOfAnOriginal(t *testing.T) {
	m := Parse(crlf("From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>Bild <img src=\"cid:P1@x\" alt=Plan> und <img src=cid:p1@x> <img src=https://t.example/x.png alt=fern><img src=cid:svg@x></p>\n" +
		"--r\nContent-Type: image/png; name=Plan.png\nContent-ID: <p1@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgotYSBwaWN0dXJlLQ==\n--r\nContent-Type: image/svg+xml\nContent-ID: <svg@x>\n\n<svg/>\n--r--\n"))
	for _, mode := range []ReplyMode{Reply, ReplyAll, Forward} {
		d := ReplyTo(m, mode, self, own, "de")
		pictures := 0
		for _, a := range d.Attachments {
			if a.CID != "" {
				pictures++
			}
		}
		if pictures != 1 || strings.Count(d.QuoteHTML, `src="cid:`+d.Attachments[0].CID) != 2 || strings.Contains(d.QuoteHTML, "t.example") || (len(d.Attachments) > 1) != (mode == Forward) {
			t.Errorf("%s: %d pictures, %+v, %s", mode, pictures, d.Attachments, d.QuoteHTML)
		}
		d.Text = "Danke"
		octets, err := Compose(d, true)
		if err != nil {
			t.Fatal(err)
		}
		back, err := OpenDraft(octets)
		if err != nil || back.QuoteHTML != d.normal().QuoteHTML || len(back.Attachments) != len(d.Attachments) || back.Attachments[0].CID == "" {
			t.Errorf("%s, opened again: %v %+v", mode, err, back)
		}
	}
}
