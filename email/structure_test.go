package email

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nested is a message of depth multiparts in each other.
func nested(depth int) []byte {
	var out strings.Builder
	for i := range depth {
		fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	out.WriteString("Content-Type: text/plain\r\n\r\nunten\r\n")
	for i := depth - 1; i >= 0; i-- {
		fmt.Fprintf(&out, "--b%d--\r\n", i)
	}
	return []byte(out.String())
}

func TestDepth(t *testing.T) {
	if m := Parse(nested(maxDepth)); m.Problem != "" || m.Text() != "unten\n" {
		t.Errorf("depth %d: problem %q text %q", maxDepth, m.Problem, m.Text())
	}
	var m *Message
	within(t, 200*time.Millisecond, "5,000 nested parts", func() { m = Parse(nested(5000)) })
	if m.Problem != ProblemDepth || len(m.Parts) == 0 {
		t.Errorf("problem %q, %d parts", m.Problem, len(m.Parts))
	}
}

// TestHostile holds the expected reaction to the traps of the corpus, each in well under a second.
func TestHostile(t *testing.T) {
	for name, check := range map[string]func(*Message) bool{
		"dev-nest-100.eml":           func(m *Message) bool { return m.Problem == ProblemDepth },
		"dev-nest-3000.eml":          func(m *Message) bool { return m.Problem == ProblemDepth },
		"dev-parts-5000.eml":         func(m *Message) bool { return m.Problem == ProblemParts && len(m.Parts) == maxParts },
		"dev-rfc822-nest-60.eml":     func(m *Message) bool { return m.Problem == "" && len(m.Attachments) == 1 },
		"dev-header-lines-20000.eml": func(m *Message) bool { return m.Problem == "" && len(m.Fields) >= 20000 },
		"dev-header-one-400k.eml":    func(m *Message) bool { return m.Problem == "" && strings.TrimSpace(m.Text()) != "" },
		"dev-subject-64k.eml":        func(m *Message) bool { return len([]rune(m.Subject)) == maxSubject },
		"dev-b64-garbage.eml":        func(m *Message) bool { return strings.TrimSpace(m.Text()) != "" },
		"dev-qp-garbage.eml":         func(m *Message) bool { return strings.TrimSpace(m.Text()) != "" },
		"dev-bare-cr.eml":            func(m *Message) bool { return strings.TrimSpace(m.Text()) != "" },
		"dev-lf-only.eml":            func(m *Message) bool { return m.Subject != "" && strings.TrimSpace(m.Text()) != "" },
		"dev-boundary-missing.eml":   func(m *Message) bool { return strings.TrimSpace(m.Text()) != "" },
		"dev-boundary-unclosed.eml":  func(m *Message) bool { return len(m.Parts) > 0 && strings.TrimSpace(m.Text()) != "" },
		"dev-date-junk.eml":          func(m *Message) bool { return m.Date.IsZero() && m.Subject != "" },
		"dev-no-headers.eml":         func(m *Message) bool { return strings.TrimSpace(m.Text()) != "" },
		"dev-nul-bytes.eml":          func(m *Message) bool { return !strings.Contains(m.Subject+m.Text(), "\x00") },
		"dev-encoded-word-crlf.eml":  func(m *Message) bool { return !strings.ContainsAny(m.Subject, "\r\n") },
		"dev-filename-traversal.eml": func(m *Message) bool { return safeNames(m) },
		"dev-filename-quotes.eml":    func(m *Message) bool { return safeNames(m) },
		"dev-html-as-image.eml": func(m *Message) bool {
			return m.Attachments[0].Type == "text/html" || !strings.HasPrefix(m.Attachments[0].Type, "image/")
		},
		"dev-display-name-spoof.eml": func(m *Message) bool { return strings.Contains(m.From[0].Display(), "<") },
		"dev-self-reference.eml":     func(m *Message) bool { return m.MessageID != "" },
		"dev-two-from.eml":           func(m *Message) bool { return len(m.From) == 1 },
	} {
		var m *Message
		within(t, 500*time.Millisecond, name, func() {
			m = Parse(corpusFile(t, "mime", "hostile", name))
			m.Text()
			m.SafeHTML(nil)
		})
		if !check(m) {
			t.Errorf("%s: problem %q, %d parts, text %.100q, files %+v, subject %.100q, from %v", name, m.Problem, len(m.Parts), m.Text(), m.Attachments, m.Subject, m.From)
		}
	}
}

func safeNames(m *Message) bool {
	for _, p := range m.Parts {
		if p.Name != filepath.Base(filepath.Clean("/"+p.Name)) && p.Name != "" || strings.ContainsAny(p.Name, "\"\r\n\\/:") {
			return false
		}
	}
	return len(m.Attachments) > 0
}

// TestBudget feeds what is cheap to send and dear to read.
func TestBudget(t *testing.T) {
	head := "Content-Type: text/html\r\n\r\n"
	for name, mail := range map[string]string{
		"many attributes": head + strings.Repeat(`<p style="color:red;font-family:'a','b';background:url(x)" onclick=x title=y>z`, 30_000),
		"open fonts":      head + strings.Repeat("<font color=red>", 60_000) + strings.Repeat("<p>x", 300_000),
		"cut tag":         head + "<a " + strings.Repeat("x=y ", 500_000),
		"many links":      head + strings.Repeat(`<a href="https://a.example/">www.b.example</a>`, 45_000),
		"tables":          head + strings.Repeat("<table><tr><td>", 130_000),
		"entities":        head + strings.Repeat("&amp;&#65;&lt", 150_000),
		"comments":        head + strings.Repeat("<!--", 500_000),
		"hidden":          head + strings.Repeat("<div style='display:none'><b>", 70_000),
		"words":           "Subject: " + strings.Repeat("=?utf-8?q?", 100_000) + "\r\n\r\nx",
		"folds":           "References: " + strings.Repeat("<a@b>\r\n ", 140_000) + "\r\n\r\nx",
		"boundaries":      "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--b\r\n", 400_000),
		"parameters":      "Content-Type: text/plain; " + strings.Repeat("a*0=b;\r\n ", 100_000) + "\r\n\r\nx",
		"one word":        "\r\n" + strings.Repeat("x", 4_000_000),
		"one quote":       "\r\n" + strings.Repeat(">", 4_000_000),
		"flowed":          "Content-Type: text/plain; format=flowed\r\n\r\n" + strings.Repeat(">>>>>>>>>>>>>>>>>>>>x \r\n", 150_000),
		"huge HTML":       head + strings.Repeat("<p>x</p>", 2_000_000),
	} {
		var m *Message
		summed := within(t, time.Second, name, func() { Summarize([]byte(mail)) })
		all := within(t, 2*time.Second, name, func() {
			m = Parse([]byte(mail))
			m.Text()
			m.SafeHTML(nil)
		})
		t.Logf("%-16s %8.1f ms to summarize, %8.1f ms to show, problem %q", name, summed.Seconds()*1000, all.Seconds()*1000, m.Problem)
	}
}
