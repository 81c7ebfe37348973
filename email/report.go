package email

import (
	"regexp"
	"slices"
	"strings"
)

// Report is what a message says about the fate of another one: a delivery status notification
// (RFC 3464), a disposition notification (RFC 8098), or a bounce in words alone.
type Report struct {
	Recipients []ReportRecipient
	Subject    string // of the message it is about, may be empty
	MessageID  string // of that message, without angle brackets, may be empty
	Technical  string // the part for machines, as text
	Guessed    bool   // it was read out of words
}

// ReportRecipient is one recipient's part of a report.
type ReportRecipient struct {
	Addr   string
	Action string // failed, delayed, delivered, relayed, expanded; displayed, deleted, dispatched, processed, denied
	Status string // enhanced status code, may be empty
	Words  string // the server's own words, one line, may be empty
	Remote string // the server that said them, may be empty
}

const (
	maxReport     = 256 << 10 // octets of the part for machines
	maxReported   = 100       // recipients
	maxReportText = 64 << 10  // octets of words that a bounce is read out of
)

// Report reads what the message reports; nil when it is no report.
func (m *Message) Report() *Report {
	var r *Report
	for _, leaf := range m.leaves {
		switch leaf.kind {
		case "message/delivery-status", "message/global-delivery-status":
			r = m.deliveryStatus(leaf)
		case "message/disposition-notification", "message/global-disposition-notification":
			r = m.disposition(leaf)
		}
		if r != nil {
			break
		}
	}
	if r == nil || len(r.Recipients) == 0 {
		if r = m.bounceInWords(); r == nil {
			return nil
		}
	}
	m.aboutWhat(r)
	return r
}

// groups are the fields of a report's part for machines, one group for the message and one for each
// recipient (RFC 3464, 2.1). Programs write too many or too few empty lines.
func groups(octets []byte) []header {
	var all []header
	for len(octets) > 0 && len(all) <= maxReported {
		h, body, _ := readHeader(octets, nil)
		if len(h) > 0 {
			all = append(all, splitRecipients(h)...)
		}
		if body <= 0 || body >= len(octets) {
			break
		}
		octets = octets[body:]
	}
	return all
}

// splitRecipients parts a group at each Final-Recipient after the first, where the empty line is missing.
func splitRecipients(h header) []header {
	var all []header
	from, seen := 0, false
	for i, f := range h {
		if strings.EqualFold(f.name, "Final-Recipient") {
			if seen {
				all = append(all, h[from:i])
				from = i
			}
			seen = true
		}
	}
	return append(all, h[from:])
}

func (m *Message) deliveryStatus(leaf *node) *Report {
	octets := leaf.decoded()
	octets = lineEnds(octets[:min(len(octets), maxReport)])
	r := &Report{Technical: cleanText(toUTF8("", octets))}
	for _, h := range groups(octets) {
		addr := typed(h.raw("Final-Recipient"))
		if original := typed(h.raw("Original-Recipient")); strings.Contains(original, "@") {
			addr = original // what the sender wrote
		}
		if addr == "" || len(r.Recipients) >= maxReported {
			continue
		}
		one := ReportRecipient{Addr: addr, Action: firstWord(h.raw("Action")), Words: oneLine(decodeText(afterType(h.raw("Diagnostic-Code")), "")), Remote: typed(h.raw("Remote-MTA"))}
		one.Status = enhancedCode.FindString(h.raw("Status"))
		if one.Action == "" {
			one.Action = map[byte]string{'2': "delivered", '4': "delayed"}[(one.Status + "5")[0]]
		}
		if one.Action == "" {
			one.Action = "failed"
		}
		r.Recipients = append(r.Recipients, one)
	}
	return r
}

func (m *Message) disposition(leaf *node) *Report {
	octets := leaf.decoded()
	octets = lineEnds(octets[:min(len(octets), maxReport)])
	r := &Report{Technical: cleanText(toUTF8("", octets))}
	for _, h := range groups(octets) {
		_, what, ok := strings.Cut(h.raw("Disposition"), ";")
		if !ok {
			continue
		}
		one := ReportRecipient{Addr: typed(h.raw("Final-Recipient")), Action: firstWord(what)}
		if original := typed(h.raw("Original-Recipient")); strings.Contains(original, "@") {
			one.Addr = original
		}
		if one.Addr == "" && len(m.From) > 0 {
			one.Addr = m.From[0].Addr
		}
		r.MessageID = firstOf(messageIDs(h.raw("Original-Message-ID")))
		r.Recipients = append(r.Recipients, one)
	}
	return r
}

// typed is the value of "rfc822; a@b.example" (RFC 3464, 2.1.2), brackets and blanks removed.
func typed(value string) string {
	return strings.Trim(strings.TrimSpace(oneLine(stripComment(afterType(value)))), "<>")
}

func afterType(value string) string {
	if kind, rest, ok := strings.Cut(value, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(value)
}

// firstWord is the first word in lower case, letters only.
func firstWord(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if i := strings.IndexFunc(value, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
		value = value[:i]
	}
	return value
}

// bouncers are the local parts that servers send bounces from.
var bouncers = regexp.MustCompile(`(?i)^(mailer-?daemon|postmaster|mail-?delivery|mail\.?administrator|mmdf|e?mail ?delivery|no-?reply.*bounce.*|microsoftexchange[0-9a-f]+)$`)

// failureWords begin what servers say when they give up.
var failureWords = regexp.MustCompile(`(?i)undeliver|not (be )?deliver|delivery.{0,30}fail|fail.{0,20}deliver|returned (mail|to sender)|could ?n.?t be deliver|did not reach|permanent|unzustellbar|nicht zugestellt|nicht zustellbar|rejected your message|delivery status|user unknown|mail system error|returning (message|your mail)|failure notice|non.?d.livr`)

var plainAddress = regexp.MustCompile(`[A-Za-z0-9._%+=/&'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)

// bounceInWords reads the bounce of a server that writes no part for machines: it comes from a server,
// speaks of failure, and names recipients in its header or first lines.
func (m *Message) bounceInWords() *Report {
	failed := addressList(m.root.header.raw("X-Failed-Recipients"), "")
	if len(m.From) == 0 && len(failed) == 0 {
		return nil
	}
	if len(failed) == 0 {
		local, _, _ := strings.Cut(m.From[0].Addr, "@")
		if local == "" {
			local = m.From[0].Name // "MAILER-DAEMON <>"
		}
		if !bouncers.MatchString(local) || !failureWords.MatchString(m.Subject+" "+cutRunes(m.ownWords(), 2000)) {
			return nil
		}
	}
	text := m.ownWords()
	r := &Report{Guessed: true}
	for _, a := range failed {
		r.addGuess(a.Addr, text)
	}
	if len(failed) == 0 {
		for _, at := range plainAddress.FindAllStringIndex(text, 20) {
			addr := text[at[0]:at[1]]
			if !strings.EqualFold(addr, m.From[0].Addr) && !(len(m.To) > 0 && strings.EqualFold(addr, m.To[0].Addr)) && !isMessageID(text, at) {
				r.addGuess(addr, text[at[0]:])
			}
		}
	}
	if len(r.Recipients) == 0 {
		return nil
	}
	return r
}

// ownWords is what the server says, without the message that it gives back below.
func (m *Message) ownWords() string {
	text := m.Text()
	text = text[:min(len(text), maxReportText)]
	for _, mark := range []string{"\n--- Below this line", "Original message follows", "original message headers", "This is a copy of the message", "\nReceived: ", "-- The header", "\n------ This is", "Message header", "--- Original message", "\n----- Original", "----- Unsent", "Original mail as follows", "\nReturn-Path:"} {
		if i := strings.Index(strings.ToLower(text), strings.ToLower(mark)); i > 0 {
			text = text[:i]
		}
	}
	return strings.ToValidUTF8(text, "")
}

// isMessageID says whether an address-like text is the id of a message, which names nobody.
func isMessageID(text string, at []int) bool {
	before := strings.ToLower(text[max(0, at[0]-40):at[0]])
	return strings.Contains(before, "message-id") || strings.Contains(before, "message id") || strings.HasSuffix(before, "mailto:")
}

// addGuess adds a recipient with the words that follow its address, up to the next one.
func (r *Report) addGuess(addr, text string) {
	if slices.ContainsFunc(r.Recipients, func(has ReportRecipient) bool { return strings.EqualFold(has.Addr, addr) }) || len(r.Recipients) >= maxReported {
		return
	}
	words := text
	if i := strings.Index(strings.ToLower(text), strings.ToLower(addr)); i >= 0 {
		words = text[i+len(addr):]
	}
	if at := plainAddress.FindStringIndex(words); at != nil && at[0] > 60 {
		words = words[:at[0]]
	}
	words = strings.Trim(strings.Join(strings.Fields(cutRunes(words, 600)), " "), " <>:*\"',.()")
	r.Recipients = append(r.Recipients, ReportRecipient{Addr: addr, Action: "failed", Status: enhancedCode.FindString(words), Words: cutRunes(words, 300)})
}

// aboutWhat finds the message that a report is about, in what it gives back of it.
func (m *Message) aboutWhat(r *Report) {
	for _, leaf := range m.leaves {
		switch leaf.kind {
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822-header":
			octets := leaf.decoded()
			h, _, _ := readHeader(lineEnds(octets[:min(len(octets), maxReturnedHeader)]), nil)
			r.Subject = cutRunes(decodeText(h.raw("Subject"), ""), maxSubject)
			if r.MessageID == "" {
				r.MessageID = firstOf(messageIDs(h.raw("Message-ID")))
			}
			return
		}
	}
	text := m.Text()
	text = text[:min(len(text), maxReportText)]
	if i := strings.LastIndex(text, "\nSubject: "); i >= 0 {
		line, _, _ := strings.Cut(text[i+len("\nSubject: "):], "\n")
		r.Subject = cutRunes(decodeText(strings.ToValidUTF8(line, ""), ""), maxSubject)
	}
}
