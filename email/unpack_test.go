package email

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// stream writes TNEF for tests.
type stream struct{ bytes.Buffer }

func newStream() *stream {
	s := &stream{}
	binary.Write(s, binary.LittleEndian, uint32(tnefSignature))
	binary.Write(s, binary.LittleEndian, uint16(1))
	return s
}

func (s *stream) attribute(level byte, id uint16, data []byte) *stream {
	s.WriteByte(level)
	binary.Write(s, binary.LittleEndian, uint32(id))
	binary.Write(s, binary.LittleEndian, uint32(len(data)))
	s.Write(data)
	s.Write([]byte{0, 0})
	return s
}

// prop is one property: text of 8 or 16 bits, octets.
type prop struct {
	id, kind uint16
	value    []byte
}

func wide(text string) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, append(utf16.Encode([]rune(text)), 0))
	return b.Bytes()
}

func propList(list ...prop) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, uint32(len(list)))
	for _, p := range list {
		binary.Write(&b, binary.LittleEndian, p.kind)
		binary.Write(&b, binary.LittleEndian, p.id)
		if _, fixed := fixedSizes[p.kind]; !fixed {
			binary.Write(&b, binary.LittleEndian, uint32(1))
			binary.Write(&b, binary.LittleEndian, uint32(len(p.value)))
		}
		b.Write(p.value)
		b.Write(make([]byte, -len(p.value)&3))
	}
	return b.Bytes()
}

func inWinmail(octets []byte, text string) []byte {
	return []byte("From: a@x.example\r\nSubject: Plan\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(octets) + "\r\n--b--\r\n")
}

func sampleTNEF() []byte {
	inner := newStream().attribute(1, attMAPIProps, propList(prop{propSubject, mapiUnicode, wide("Innen: Grüße")}, prop{propBody, mapiUnicode, wide("Text innen")}))
	return newStream().
		attribute(1, attOEMCodepage, []byte{0xE4, 4, 0, 0, 0, 0, 0, 0}).
		attribute(1, attClass, []byte("IPM.Note\x00")).
		attribute(1, attMAPIProps, propList(prop{propCodepage, 3, []byte{0xE9, 0xFD, 0, 0}}, prop{propHTML, mapiBinary, []byte("<p>Schöner <b>Plan</b> <img src=cid:bild></p>")})).
		attribute(2, attAttachRend, make([]byte, 14)).
		attribute(2, attAttachTitle, []byte("LANGER~1.PDF\x00")).
		attribute(2, attAttachData, []byte("%PDF-1.4")).
		attribute(2, attAttachmentProps, propList(prop{propFileLong, mapiUnicode, wide("Ein langer Name mit Umlauten äöü.pdf")}, prop{propFileKind, mapiString8, []byte("application/pdf\x00")})).
		attribute(2, attAttachRend, make([]byte, 14)).
		attribute(2, attAttachTitle, []byte(`..\..\böse.exe`+"\x00")).
		attribute(2, attAttachData, []byte("MZ")).
		attribute(2, attAttachRend, make([]byte, 14)).
		attribute(2, attAttachmentProps, propList(prop{propFileLong, mapiUnicode, wide("bild.png")}, prop{propContentID, mapiUnicode, wide("bild")}, prop{propFileKind, mapiString8, []byte("image/png\x00")})).
		attribute(2, attAttachData, []byte("\x89PNG\r\n\x1a\n")).
		attribute(2, attAttachRend, make([]byte, 14)).
		attribute(2, attAttachmentProps, propList(prop{propFileData, mapiObject, append(make([]byte, 16), inner.Bytes()...)})).Bytes()
}

func TestWinmail(t *testing.T) {
	m := Parse(inWinmail(sampleTNEF(), "Der Plan im Anhang."))
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name+" "+a.Type)
	}
	if got := strings.Join(names, "|"); got != "Ein langer Name mit Umlauten äöü.pdf application/pdf|böse.exe application/octet-stream|Innen_ Grüße.eml message/rfc822" {
		t.Errorf("files: %s", got)
	}
	if html, _ := m.SafeHTML(partLink); !m.HasHTML() || !strings.Contains(html, "Schöner <b>Plan</b>") || !strings.Contains(html, "/part/") {
		t.Errorf("html %q", html)
	}
	if got := m.Text(); got != "Der Plan im Anhang.\n" {
		t.Errorf("text %q", got)
	}
	content, err := m.Content(m.Attachments[0].Index)
	if err != nil || string(content) != "%PDF-1.4" {
		t.Errorf("%q %v", content, err)
	}
	inner := m.Attached(m.Attachments[2].Index)
	if inner == nil || inner.Subject != "Innen: Grüße" || strings.TrimSpace(inner.Text()) != "Text innen" {
		t.Errorf("attached message: %+v", inner)
	}
	for i, p := range m.Parts {
		if p.Index != i {
			t.Errorf("part %d has the number %d", i, p.Index)
		}
	}
}

// TestBrokenWinmail cuts a winmail.dat at every octet and turns each: whatever comes, the mail is read.
func TestBrokenWinmail(t *testing.T) {
	whole := sampleTNEF()
	for i := range whole {
		if m := Parse(inWinmail(whole[:i], "Text")); strings.TrimSpace(m.Text()) == "" {
			t.Errorf("cut at %d: nothing to read", i)
		}
		turned := bytes.Clone(whole)
		turned[i] ^= 0xff
		Parse(inWinmail(turned, "Text"))
	}
}

func TestTNEFCorpus(t *testing.T) {
	dir := corpusDir(t)
	for name, want := range map[string]string{
		"one-file.tnef": "AUTHORS", "two-files.tnef": "AUTHORS README", "attachments.tnef": "zappa_av1.jpg bookmark.htm", "long-filename.tnef": "allproductsmar2000.dat",
		"unicode-mapi-attr.tnef": "example.dat", "missing-filenames.tnef": "generpts.src TechlibDEC99.doc TechlibDEC99-JAN00.doc TechlibNOV99.doc",
		"body.tnef": "", "rtf.tnef": "", "multi-value-attribute.tnef": "208225__5_seconds__Voice_Mail.mp3", "christmas.tnef": "kitten-playing-with-a-christmas-tree.jpg Build a train table.eml Christmas Celebration!.eml",
	} {
		octets, err := os.ReadFile(filepath.Join(dir, "tnef", "mimekit--"+name))
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(inWinmail(octets, ""))
		var names []string
		for _, a := range m.Attachments {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s holds %s", name, got)
		}
		if strings.TrimSpace(m.Text()) == "" && !m.HasHTML() && name != "one-file.tnef" && name != "two-files.tnef" {
			t.Errorf("%s: no text", name)
		}
	}
}

func TestReadRTF(t *testing.T) {
	for in, want := range map[string]string{
		`{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}Gr\'fc\'dfe\par an \u8222?alle\u8220?.}`:                                                                                "Grüße\nan „alle“.",
		`{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hallo \htmlrtf\par\htmlrtf0{\*\htmltag72 </p>}\htmlrtf }\htmlrtf0{\*\htmltag84 <b>}x{\*\htmltag92 </b>}}`: "<p>Hallo </p><b>x</b>",
		`{\rtf1{\*\unknown weg}da\{\\\}}`: `da{\}`, `{\rtf1 }}}}x{{{{`: "x", `kein RTF`: "", `{\rtf1\`: "", `{\rtf1\'f`: "f", `{\rtf1\u99999999999999`: "",
	} {
		if got, _ := readRTF([]byte(in)); got != want && !(strings.Contains(in, "99999") && len(got) < 10) {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestOpaqueSignature(t *testing.T) {
	for _, name := range []string{"signed.der", "signed-stream.der"} {
		der, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(sealed(der, "signed-data"))
		if strings.TrimSpace(m.Text()) != "Grüße aus dem Umschlag" || len(m.Attachments) != 1 || m.Attachments[0].Name != "plan.pdf" {
			t.Errorf("%s: %q %+v", name, m.Text(), m.Attachments)
		}
		if s := m.Seal(); s == nil || s.Encrypted || s.By != "S/MIME" {
			t.Errorf("%s: seal %+v", name, s)
		}
		for i := range der {
			Parse(sealed(der[:i], ""))
		}
	}
	der, err := os.ReadFile("testdata/enveloped.der")
	if err != nil {
		t.Fatal(err)
	}
	m := Parse(sealed(der, "enveloped-data"))
	if s := m.Seal(); s == nil || !s.Encrypted || len(m.Attachments) != 1 {
		t.Errorf("encrypted: %+v, %d files", s, len(m.Attachments))
	}
}

func sealed(der []byte, kind string) []byte {
	return []byte("From: a@x.example\r\nSubject: x\r\nContent-Type: application/pkcs7-mime; smime-type=" + kind + "; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(der) + "\r\n")
}

func TestSeal(t *testing.T) {
	signed := "Content-Type: multipart/signed; protocol=\"application/%s\"; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\nContent-Type: application/%s; name=s\r\n\r\nx\r\n--b--\r\n"
	for in, want := range map[string]string{
		strings.ReplaceAll(signed, "%s", "pkcs7-signature"): "signed S/MIME",
		strings.ReplaceAll(signed, "%s", "pgp-signature"):   "signed OpenPGP",
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n": "encrypted OpenPGP",
		"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n": "encrypted OpenPGP",
		"\r\n" + armoured: "signed OpenPGP", "\r\nText ----BEGIN PGP MESSAGE-----\r\n": "", "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\nx\r\n": "",
	} {
		got := ""
		if s := Parse([]byte("Subject: x\r\n" + in)).Seal(); s != nil {
			got = map[bool]string{true: "encrypted ", false: "signed "}[s.Encrypted] + s.By
		}
		if got != want {
			t.Errorf("%q\n is %q, not %q", in, got, want)
		}
	}
	if fresh, _ := Parse([]byte("Subject: x\r\n\r\n" + armoured)).Folded(); strings.TrimSpace(fresh) != "Vorher\nErste Zeile\n- Strich\nEnde\nNachher" {
		t.Errorf("without its frame: %q", fresh)
	}
}

const armoured = "Vorher\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nErste Zeile\r\n- - Strich\r\nEnde\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQ==\r\n-----END PGP SIGNATURE-----\r\nNachher\r\n"

func FuzzUnpack(f *testing.F) {
	f.Add(sampleTNEF(), uint8(0))
	for i, name := range []string{"signed.der", "signed-stream.der", "enveloped.der"} {
		der, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der, uint8(i+1))
	}
	f.Add([]byte(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\'e4\u1234?`), uint8(9))
	f.Fuzz(func(t *testing.T, octets []byte, kind uint8) {
		if t, ok := readTNEF(octets, 0); ok {
			t.message()
		}
		signedContent(octets)
		if rtf, ok := expandRTF(octets); ok {
			readRTF(rtf)
		}
		readRTF(octets)
		m := Parse(inWinmail(octets, "Text"))
		if kind > 0 && kind < 9 {
			m = Parse(sealed(octets, "signed-data"))
		}
		for _, p := range m.Parts {
			if p.Name != cleanName(p.Name) {
				t.Errorf("name %q", p.Name)
			}
			m.Attached(p.Index)
		}
		html, _ := m.SafeHTML(partLink)
		checkSafe(t, "unpacked", html)
	})
}
