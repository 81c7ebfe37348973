package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// letter is one message of a thread, ready to be written.
type letter struct {
	step
	subject   string
	at        time.Time
	id        string   // Message-ID with angle brackets
	before    []string // Message-IDs of the thread so far
	quoted    string   // text of the message answered, "" for the first
	quotedBy  string
	quotedAt  time.Time
	recipient []string // addresses of the organisation that receive it
}

// write makes the octets: header, text with quotation, HTML twin, attachments. CRLF everywhere.
func (l letter) write() []byte {
	var b bytes.Buffer
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	if who, outside := l.sender(); outside {
		domain := who[strings.LastIndexByte(who, '@')+1:]
		head("Received", fmt.Sprintf("from mail.%s (mail.%s [192.0.2.25])\r\n by mx.%s with ESMTPS; %s", strings.Trim(domain, ">"), strings.Trim(domain, ">"), Domain, l.at.Add(2*time.Second).Format(time.RFC1123Z)))
	}
	from, _ := l.sender()
	head("From", address(from))
	head("To", list(l.to))
	if len(l.cc) > 0 {
		head("Cc", list(l.cc))
	}
	head("Subject", encoded(l.subject))
	head("Date", l.at.Format(time.RFC1123Z))
	head("Message-ID", l.id)
	if n := len(l.before); n > 0 {
		head("In-Reply-To", l.before[n-1])
		head("References", strings.Join(l.before, "\r\n "))
	}
	if l.html {
		head("List-Unsubscribe", "<mailto:abmelden@"+strings.Trim(from[strings.LastIndexByte(from, '@')+1:], ">")+">")
	}
	head("MIME-Version", "1.0")
	l.body(&b, head)
	return b.Bytes()
}

func (l letter) body(b *bytes.Buffer, head func(name, value string)) {
	if len(l.files) == 0 {
		l.words(b, head)
		return
	}
	boundary := "teil-" + digest(l.id)[:20]
	head("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	b.WriteString("\r\n--" + boundary + "\r\n")
	l.words(b, head)
	for _, file := range l.files {
		kind, name, _ := strings.Cut(file, ":")
		octets, typ := attachment(kind, name, l)
		b.WriteString("\r\n--" + boundary + "\r\n")
		head("Content-Type", typ)
		head("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		head("Content-Transfer-Encoding", "base64")
		b.WriteString("\r\n")
		wrapped(b, octets)
	}
	b.WriteString("--" + boundary + "--\r\n")
}

func (l letter) words(b *bytes.Buffer, head func(name, value string)) {
	text := l.text + "\n"
	if l.quoted != "" {
		text += "\n" + l.attribution() + "\n> " + strings.ReplaceAll(l.quoted, "\n", "\n> ") + "\n"
	}
	if !l.html {
		part(b, head, "text/plain", text)
		return
	}
	boundary := "oder-" + digest(l.id)[:20]
	head("Content-Type", `multipart/alternative; boundary="`+boundary+`"`)
	b.WriteString("\r\n--" + boundary + "\r\n")
	part(b, head, "text/plain", text)
	b.WriteString("\r\n--" + boundary + "\r\n")
	part(b, head, "text/html", newsletter(l.subject, l.text))
	b.WriteString("\r\n--" + boundary + "--\r\n")
}

func (l letter) attribution() string {
	if l.english() {
		return "On " + l.quotedAt.Format("2 Jan 2006 at 15:04") + ", " + l.quotedBy + " wrote:"
	}
	return "Am " + l.quotedAt.Format("02.01.2006 um 15:04") + " schrieb " + l.quotedBy + ":"
}

func (l letter) english() bool {
	for _, p := range People() {
		if p.Local == l.from {
			return p.Language == "en"
		}
	}
	return !strings.ContainsAny(l.text, "äöüßÄÖÜ")
}

func part(b *bytes.Buffer, head func(name, value string), typ, text string) {
	head("Content-Type", typ+"; charset=utf-8")
	head("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(b)
	w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	w.Close()
}

// newsletter is plain HTML of the kind that organisations send: a table, a colour, no script. The
// picture is on another host, which a portal must not fetch unasked.
func newsletter(title, text string) string {
	var b strings.Builder
	b.WriteString(`<html><body style="margin:0;background:#eef2f0"><table width="100%"><tr><td align="center"><table width="600" style="background:#ffffff">`)
	b.WriteString(`<tr><td style="background:#1d6b45;color:#ffffff;padding:16px;font-size:22px">` + html.EscapeString(title) + `</td></tr>`)
	b.WriteString(`<tr><td style="padding:16px"><img src="https://bilder.kommunalbrief.example/kopf.png" width="568" height="120" alt="">`)
	for _, p := range strings.Split(text, "\n\n") {
		b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(p), "\n", "<br>") + "</p>")
	}
	b.WriteString(`<p><a href="https://www.kommunalbrief.example/weiter">Weiterlesen</a></p></td></tr></table></td></tr></table></body></html>`)
	return b.String()
}

// sender answers "Name <address>" and whether it is outside.
func (l letter) sender() (string, bool) { return who(l.from) }

// who turns a local part into "Name <address>"; somebody outside stays as written.
func who(name string) (full string, outside bool) {
	if strings.Contains(name, "@") {
		return name, true
	}
	for _, p := range People() {
		if p.Local == name {
			return p.Name + " <" + p.Address() + ">", false
		}
	}
	for _, g := range MailGroups() {
		if g.Local == name {
			return g.Name + " <" + g.Address() + ">", false
		}
	}
	panic("sample: the script names " + name + ", who is nobody")
}

func list(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		full, _ := who(n)
		all[i] = address(full)
	}
	return strings.Join(all, ",\r\n ")
}

func address(full string) string {
	name, rest, _ := strings.Cut(full, " <")
	if strings.ContainsAny(name, ".,") && isASCII(name) {
		return `"` + name + `" <` + rest
	}
	return encoded(name) + " <" + rest
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0 }

// encoded is RFC 2047; long text becomes several encoded words, one a line.
func encoded(text string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", text), " =?utf-8?", "\r\n =?utf-8?")
}

func wrapped(b *bytes.Buffer, octets []byte) {
	text := base64.StdEncoding.EncodeToString(octets)
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
