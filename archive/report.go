package archive

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"

	"holdover/email"
)

// build writes a journal report: the envelope as text, and the original untouched beside it. The same
// row gives the same octets, whenever it is built.
func (a *Archive) build(r report, original []byte) []byte {
	sum := email.Summarize(original)
	boundary := boundaryFor(r, original)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("X-MS-Journal-Report:")
	line("Message-ID: <%s>", a.messageID(r))
	line("Date: %s", r.at.UTC().Format(time.RFC1123Z))
	line("From: <%s>", a.o.From)
	line("To: <%s>", a.o.Address)
	line("Subject: %s", subjectField(sum.Subject))
	line("Auto-Submitted: auto-generated")
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/mixed; boundary=\"%s\"", boundary)
	line("")
	line("--%s", boundary)
	line("Content-Type: text/plain; charset=utf-8")
	line("Content-Transfer-Encoding: quoted-printable")
	line("")
	text := quotedprintable.NewWriter(&b)
	text.Write([]byte(strings.Join(envelope(r, sum), "\r\n") + "\r\n")) // into memory: cannot fail
	text.Close()
	line("")
	line("--%s", boundary)
	line("Content-Type: message/rfc822")
	line("Content-Transfer-Encoding: %s", coding(original))
	line("")
	b.Write(original)
	line("") // belongs to the boundary (RFC 2046, 5.1.1)
	line("--%s--", boundary)
	return b.Bytes()
}

// messageID of a report is the same however often it is made.
func (a *Archive) messageID(r report) string {
	return fmt.Sprintf("journal.%s.%d@%s", r.id, r.fork, a.o.Host)
}

func coding(octets []byte) string {
	if bytes.ContainsFunc(octets, func(c rune) bool { return c >= 0x80 }) {
		return "8bit"
	}
	return "7bit"
}

func boundaryFor(r report, original []byte) string {
	for n := 0; ; n++ {
		if b := fmt.Sprintf("journal-%s-%d", r.id, n); !bytes.Contains(original, []byte(b)) {
			return b
		}
	}
}

// subjectField is the original's subject as a header field (RFC 2047, RFC 5322, 2.2.3).
func subjectField(subject string) string {
	words := strings.Split(mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(subject), " ")), " ")
	var b strings.Builder
	room := 60
	for _, w := range words {
		if b.Len() > 0 {
			if len(w)+1 > room {
				b.WriteString("\r\n")
				room = 76
			}
			b.WriteString(" ")
		}
		b.WriteString(w)
		room -= len(w) + 1
	}
	return b.String()
}

// envelope are the lines that Exchange writes: who sent, what, to whom, and how each recipient came to
// it as far as we know.
func envelope(r report, sum email.Summary) []string {
	lines := senderLines(r, sum)
	lines = append(lines, "Subject: "+strings.Join(strings.Fields(sum.Subject), " "))
	id := ""
	if sum.MessageID != "" {
		id = "<" + sum.MessageID + ">"
	}
	lines = append(lines, "Message-Id: "+id)
	var rest []string
	for _, role := range []string{"To", "Cc", "Bcc", "Recipient"} {
		for _, to := range r.recipients {
			if roleOf(r, to, sum) != role || expandedAway(r, to) {
				continue
			}
			text := role + ": " + to.address
			if to.expanded != "" {
				text += ", Expanded: " + strings.ToLower(to.expanded)
			}
			rest = append(rest, text)
		}
	}
	return append(lines, rest...)
}

func senderLines(r report, sum email.Summary) []string {
	from := r.sender
	if len(sum.From) > 0 && sum.From[0].Addr != "" {
		from = sum.From[0].Addr
	}
	if sum.Sender.Addr != "" && !strings.EqualFold(sum.Sender.Addr, from) {
		return []string{"Sender: " + sum.Sender.Addr, "On-Behalf-Of: " + from}
	}
	return []string{"Sender: " + from}
}

// roleOf is what the sender wrote, else where the header names the recipient or its group. Who stands
// in no header got a blind copy, if one of us sent it; of a message from outside nobody can tell.
func roleOf(r report, to recipient, sum email.Summary) string {
	if to.role != "" {
		return to.role
	}
	named := func(list []email.Address) bool {
		return slices.ContainsFunc(list, func(a email.Address) bool {
			return strings.EqualFold(a.Addr, to.address) || to.expanded != "" && strings.EqualFold(a.Addr, to.expanded)
		})
	}
	switch {
	case named(sum.To):
		return "To"
	case named(sum.Cc):
		return "Cc"
	case r.inside:
		return "Bcc"
	}
	return "Recipient"
}

// expandedAway says whether a recipient is a group whose members stand in the report instead.
func expandedAway(r report, to recipient) bool {
	return slices.ContainsFunc(r.recipients, func(other recipient) bool { return strings.EqualFold(other.expanded, to.address) })
}
