package email

import (
	"net/url"
	"strings"
)

// ListPost is where answers to the list go that a message came by: the first mailto: address of its
// List-Post field (RFC 2369, 3.4). nil: it came by no list, or the list takes none ("NO").
func (m *Message) ListPost() []Address {
	for rest := m.root.header.raw("List-Post"); ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			return nil
		}
		inside, behind, _ := strings.Cut(after, ">")
		rest = behind
		target, ok := strings.CutPrefix(strings.TrimSpace(inside), "mailto:")
		if !ok {
			continue
		}
		target, _, _ = strings.Cut(target, "?")
		if plain, err := url.PathUnescape(target); err == nil {
			target = plain
		}
		if list := reachable(addressList(target, "")); len(list) > 0 {
			return list[:1]
		}
	}
}

// FollowUp is where the author wants answers to the circle to go who has no list that says so: Mail-Followup-To, a
// field without an RFC that programs of list members write. It is a stranger's wish, so it counts only where a
// person asks for it.
func (m *Message) FollowUp() []Address {
	if list := m.ListPost(); len(list) > 0 {
		return list
	}
	return reachable(addressList(m.root.header.raw("Mail-Followup-To"), ""))
}

// Aside are the recipients of an answer to all beyond those whom the sender named in Reply-To; nil when
// the sender named nobody.
func Aside(m *Message, to, cc []Address) []Address {
	asked := reachable(m.ReplyTo)
	if len(asked) == 0 {
		return nil
	}
	named := map[string]bool{}
	for _, a := range asked {
		named[a.key()] = true
	}
	return without(append(append([]Address{}, to...), cc...), named)
}

// asFile is the message as a file, without what stays in the house and whom else it went to. Octets that cannot travel as they are keep their name: programs open it
// by that.
func (m *Message) asFile() Attachment {
	name := cleanName(m.Subject)
	if name == "" {
		name = "message"
	}
	return Attachment{Name: cutName(name + ".eml"), Type: "message/rfc822", Octets: withoutFields(m.octets, privatePrefix, "bcc:")}
}
