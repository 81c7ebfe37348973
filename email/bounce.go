package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message"
)

// Bounce describes a delivery that failed for good, for the sender's own mailbox (RFC 3464).
type Bounce struct {
	ReportingMTA string
	To           Address // the sender, who gets the report
	From         Address // our postmaster
	MessageID    string  // of the report; "": one is made
	Date         time.Time
	Failed       []FailedRecipient
	Original     []byte // the message; its header is returned
	Lang         string // "de" or "en"
}

// FailedRecipient is one recipient and the remote server's words.
type FailedRecipient struct {
	Addr   string
	Status string // enhanced status code, e.g. 5.1.1
	Words  string // the remote answer
	Remote string // remote host, may be empty
}

const maxReturnedHeader = 64 << 10

// WriteBounce writes the report: plain words first, then message/delivery-status, then the header
// of the original. It is an answer to the original, so that it stands in the same conversation. The
// same Bounce with the same MessageID is written as the same octets, so that a report written again
// after a crash is known for the same one.
func WriteBounce(w io.Writer, b Bounce) error {
	original := Summarize(b.Original)
	if b.MessageID = cleanID(b.MessageID); b.MessageID == "" {
		b.MessageID = NewMessageID(b.From.Domain())
	}
	top := newHeader(b.fields(original))
	seed := sha256.Sum256(append([]byte(b.MessageID+"\n"), b.Original...))
	top.Set("Content-Type", mime.FormatMediaType("multipart/report", map[string]string{
		"report-type": "delivery-status", "boundary": "=_r" + hex.EncodeToString(seed[:16]),
	}))
	report, err := message.CreateWriter(w, top)
	if err != nil {
		return fmt.Errorf("email: bounce: %w", err)
	}
	words := strings.ReplaceAll(b.words(original), "\n", "\r\n")
	if err := writeText(message.Header{}, report.CreatePart, "text/plain; charset=utf-8", words); err != nil {
		return fmt.Errorf("email: bounce: %w", err)
	}
	status := message.Header{}
	status.Set("Content-Type", "message/delivery-status")
	if err := writePart(status, report.CreatePart, b.status()); err != nil {
		return fmt.Errorf("email: bounce: %w", err)
	}
	if err := writeText(message.Header{}, report.CreatePart, "text/rfc822-headers; charset=utf-8", returnedHeader(b.Original)); err != nil {
		return fmt.Errorf("email: bounce: %w", err)
	}
	return report.Close()
}

func (b Bounce) fields(original Summary) []Field {
	subject := "Undeliverable: "
	if b.Lang == "de" {
		subject = "Nicht zugestellt: "
	}
	fields := []Field{
		{"MIME-Version", "1.0"},
		{"Message-ID", "<" + b.MessageID + ">"},
		{"Date", b.Date.Format(time.RFC1123Z)},
		{"From", b.From.String()},
		{"To", b.To.String()},
		{"Subject", encodeSubject(strings.TrimSpace(subject + oneLine(original.Subject)))},
		{"Auto-Submitted", "auto-replied"}, // RFC 3834, 3.1.7
	}
	if original.MessageID != "" {
		fields = append(fields, Field{"In-Reply-To", "<" + original.MessageID + ">"},
			Field{"References", "<" + strings.Join(capChain(append(original.References, original.MessageID)), "> <") + ">"})
	}
	return fields
}

// words say who did not get what, and why, before any code.
func (b Bounce) words(original Summary) string {
	var out strings.Builder
	subject := original.Subject
	if b.Lang == "de" {
		if subject == "" {
			subject = "(ohne Betreff)"
		}
		fmt.Fprintf(&out, "Ihre Nachricht „%s“ konnte nicht zugestellt werden an:\n\n", subject)
	} else {
		if subject == "" {
			subject = "(no subject)"
		}
		fmt.Fprintf(&out, "Your message \"%s\" could not be delivered to:\n\n", subject)
	}
	for _, f := range b.Failed {
		fmt.Fprintf(&out, "    %s\n    %s\n", oneLine(f.Addr), ExplainStatus(f.Status, f.Words, b.Lang))
		if answer := strings.TrimSpace(oneLine(f.Words)); answer != "" {
			fmt.Fprintf(&out, "    %s %s\n", b.answerOf(f), cutRunes(answer, 500))
		}
		out.WriteString("\n")
	}
	if b.Lang == "de" {
		out.WriteString("Die Nachricht wird nicht noch einmal gesendet. Sie liegt weiterhin in Ihrem Ordner für gesendete Nachrichten.\n")
	} else {
		out.WriteString("The message will not be sent again. You still find it in your folder of sent messages.\n")
	}
	return out.String()
}

func (b Bounce) answerOf(f FailedRecipient) string {
	host := oneLine(f.Remote)
	switch {
	case b.Lang == "de" && host != "":
		return "Antwort von " + host + ":"
	case b.Lang == "de":
		return "Antwort:"
	case host != "":
		return "Answer of " + host + ":"
	}
	return "Answer:"
}

// status is the machine-readable part (RFC 3464, 2): groups of fields in ASCII.
func (b Bounce) status() []byte {
	var out bytes.Buffer
	line := func(name, value string) {
		fmt.Fprintf(&out, "%s: %s\r\n", name, value)
	}
	line("Reporting-MTA", "dns; "+ascii(b.ReportingMTA, 255))
	line("Arrival-Date", b.Date.Format(time.RFC1123Z))
	for _, f := range b.Failed {
		out.WriteString("\r\n")
		line("Final-Recipient", "rfc822; "+ascii(f.Addr, 320))
		line("Action", "failed")
		line("Status", statusCode(f.Status))
		if f.Remote != "" {
			line("Remote-MTA", "dns; "+ascii(f.Remote, 255))
		}
		if f.Words != "" {
			line("Diagnostic-Code", "smtp; "+ascii(f.Words, 900))
		}
	}
	return out.Bytes()
}

// statusCode is x.y.z of RFC 3463, 5.0.0 for anything else.
func statusCode(s string) string {
	digits := strings.Split(s, ".")
	ok := len(digits) == 3 && (digits[0] == "4" || digits[0] == "5")
	for _, d := range digits {
		ok = ok && len(d) > 0 && len(d) <= 3 && strings.Trim(d, "0123456789") == ""
	}
	if !ok {
		return "5.0.0"
	}
	return s
}

// ascii makes one line of ASCII of at most limit octets.
func ascii(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, headerSafe(s))
	return strings.TrimSpace(s[:min(len(s), limit)])
}

// returnedHeader is the header of the original as text with CRLF.
func returnedHeader(octets []byte) string {
	octets = octets[:min(len(octets), maxReturnedHeader)]
	var out strings.Builder
	for pos := 0; pos < len(octets); {
		line, next := nextLine(octets, pos)
		if len(line) == 0 {
			break
		}
		out.WriteString(strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(string(line), "\uFFFD")) + "\r\n")
		pos = next
	}
	return out.String()
}
