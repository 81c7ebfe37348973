package email

import (
	"slices"
	"strings"
)

// ReplyMode is what a person wants to do with a message.
type ReplyMode string

const (
	Reply    ReplyMode = "reply"
	ReplyAll ReplyMode = "all"
	Forward  ReplyMode = "forward"
	// ReplyList answers the mailing list that a message came by (RFC 2369), or else the circle that its author
	// named for this, and nobody else. It is never chosen for a person.
	ReplyList ReplyMode = "list"
	// ForwardFile forwards the message as it is, as a file.
	ForwardFile ReplyMode = "attach"
)

// Modes are all of them.
var Modes = []ReplyMode{Reply, ReplyAll, Forward, ReplyList, ForwardFile}

// maxQuote caps the original below an answer; a longer one is cut at a line.
const maxQuote = 256 << 10

// ReplyTo starts a draft that answers or forwards a message. own are the addresses and aliases of the person; lang is "de" or "en" and chooses AW:/WG: or
// Re:/Fwd: and the attribution line. Forward carries the original's attachments. MessageID is new,
// Date is left to the caller.
func ReplyTo(m *Message, mode ReplyMode, self Address, own []string, lang string) Draft {
	quote, pictures, shown := m.quotedHTML()
	d := Draft{
		MessageID:  NewMessageID(self.Domain()),
		From:       self,
		Subject:    AnswerSubject(m.Subject, mode, lang),
		References: answerChain(m),
		Quote:      quoteText(m),
		QuoteHTML:  quote,
	}
	if mode == ForwardFile {
		d.Quote, d.QuoteHTML, d.Attachments = "", "", []Attachment{m.asFile()}
		return d
	}
	if mode == Forward {
		d.QuoteLead = forwardLead(m, lang)
		d.Attachments = append(pictures, m.carry(shown)...)
		return d
	}
	d.Attachments = pictures
	d.QuoteLead = replyLead(m, lang)
	d.InReplyTo = m.MessageID
	d.ThreadTopic = m.ThreadTopic
	d.ThreadIndex = childIndex(m.ThreadIndex, m.Date)
	d.To, d.Cc = recipients(m, mode, ownSet(self, own))
	return d
}

// ownSet holds the person's addresses for comparison.
func ownSet(self Address, own []string) map[string]bool {
	set := map[string]bool{self.key(): true}
	for _, addr := range own {
		set[strings.ToLower(strings.TrimSpace(addr))] = true
	}
	return set
}

// recipients addresses an answer. It goes to Reply-To, else From, never to Sender (RFC 5322, 3.6.2).
// An answer to one's own mail goes to those it was sent to. ReplyAll adds To and Cc without the
// person's own addresses, each address once, and never Bcc.
func recipients(m *Message, mode ReplyMode, own map[string]bool) (to, cc []Address) {
	if mode == ReplyList {
		return once(m.FollowUp(), map[string]bool{}), nil
	}
	selfSent := len(m.From) > 0 && own[m.From[0].key()]
	if selfSent {
		to = reachable(m.To)
	} else if to = reachable(m.ReplyTo); len(to) == 0 {
		to = reachable(m.From)
	}
	if mode == ReplyAll {
		if !selfSent {
			if len(without(to, own)) == 0 {
				to = reachable(m.From) // Reply-To names only the person: the author would be left out
			}
			to = append(slices.Clone(to), reachable(m.To)...)
		}
		to, cc = without(to, own), without(reachable(m.Cc), own)
	}
	seen := map[string]bool{}
	to, cc = once(to, seen), once(cc, seen)
	if len(to) == 0 && len(cc) > 0 {
		to, cc = cc, nil
	}
	if len(to) == 0 && len(cc) == 0 {
		to = once(reachable(m.From), map[string]bool{}) // a note to oneself
	}
	return to, cc
}

// reachable leaves out entries that are no address, empty groups and bare names, and writes the
// others as mail servers want them.
func reachable(list []Address) []Address {
	var out []Address
	for _, a := range list {
		if a, ok := sendable(a); ok {
			out = append(out, a)
		}
	}
	return out
}

func without(list []Address, own map[string]bool) []Address {
	return keep(list, func(a Address) bool { return !own[a.key()] })
}

// once keeps the first of equal addresses, across all lists that share seen.
func once(list []Address, seen map[string]bool) []Address {
	return keep(list, func(a Address) bool {
		known := seen[a.key()]
		seen[a.key()] = true
		return !known
	})
}

func keep(list []Address, good func(Address) bool) []Address {
	var kept []Address
	for _, a := range list {
		if good(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// AnswerSubject puts the mark of an answer or a forward before a subject, in place of all marks that it has: AW: or WG: where
// lang is "de", else Re: or Fwd:.
func AnswerSubject(subject string, mode ReplyMode, lang string) string {
	reply, forward := "Re: ", "Fwd: "
	if lang == "de" {
		reply, forward = "AW: ", "WG: "
	}
	mark := reply
	if mode == Forward || mode == ForwardFile {
		mark = forward
	}
	return strings.TrimSpace(mark + ownSubject(subject))
}

// answerChain builds References (RFC 5322, 3.6.4): the original's chain, or its single In-Reply-To,
// and the original.
func answerChain(m *Message) []string {
	chain := slices.Clone(m.References)
	if len(chain) == 0 && len(m.InReplyTo) == 1 {
		chain = slices.Clone(m.InReplyTo)
	}
	if m.MessageID != "" {
		chain = append(chain, m.MessageID)
	}
	return capChain(chain)
}

// quoteText is the original as a quote can hold it: no blanks at line ends, no signature.
func quoteText(m *Message) string {
	text := m.Text()
	if len(text) > maxQuote {
		text = text[:strings.LastIndexByte(text[:maxQuote], '\n')+1] + "[…]\n"
	}
	lines := strings.Split(strings.Trim(strings.ToValidUTF8(text, ""), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// carry copies the original's files for a forward, and those images within its text that the quote does not show.
func (m *Message) carry(shown []int) []Attachment {
	var files []Attachment
	for _, leaf := range append(slices.Clone(m.chosen.inline), m.chosen.files...) {
		if slices.Contains(shown, leaf.index) {
			continue
		}
		octets, err := m.Content(leaf.index)
		if err != nil && len(octets) == 0 {
			continue
		}
		p := m.Parts[leaf.index]
		if p.Name == "" && strings.HasPrefix(p.Type, "image/") {
			p.Name = cleanName("image." + strings.TrimPrefix(p.Type, "image/"))
		}
		files = append(files, Attachment{Name: p.Name, Type: p.Type, Octets: octets})
	}
	return files
}
