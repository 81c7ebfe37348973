package web

import (
	"slices"
	"strings"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// colleagues are the people of the house, to tell who only looks like one of them.
type colleagues struct {
	names   map[string]string // address by email.NameKey
	domains []string
}

// colleagues reads the directory once for a page.
func (r *reader) colleagues() *colleagues {
	if r.known == nil {
		r.known = &colleagues{names: map[string]string{}, domains: r.server.Directory.Domains()}
		for _, m := range r.server.Directory.Mailboxes() {
			if key := email.NameKey(m.Name); key != "" {
				r.known.names[key] = m.Address
			}
		}
	}
	return r.known
}

// named is the colleague's address whose name this may be taken for, or "".
func (c *colleagues) named(name string) string {
	key := email.NameKey(name)
	if key == "" {
		return ""
	}
	if address, ok := c.names[key]; ok {
		return address
	}
	for other, address := range c.names {
		if email.NearName(key, other) {
			return address
		}
	}
	return ""
}

// check says calmly what is known of who sent a message: what a server that is believed found out,
// whether the address is new here, and whether it may be taken for somebody of the house. What nobody
// has checked is said to be unchecked. Mail that this portal made needs no check.
func (r *reader) check(view *views.Message, m mailstore.Message, parsed *email.Message) error {
	if view.Mine || view.Draft || len(m.From) == 0 || m.Origin == mailstore.FromPortal {
		return nil
	}
	w, from := r.page.Words, m.From[0]
	say := func(class, key string, pairs ...string) {
		view.Check = append(view.Check, views.CheckLine{Class: class, Text: w.T("check."+key, pairs...)})
	}
	if view.External {
		r.lookalike(say, from)
		since, err := r.server.Mail.Knows(r.ctx, r.box.id, from.Addr)
		if err != nil {
			return err
		}
		if since.IsZero() || !since.Before(m.Received) {
			say("", "first")
		}
	}
	verdict := parsed.Verdict(r.trusted(m.Origin))
	switch {
	case len(view.Fates) > 0 && !view.External: // a report of our own servers
	case verdict == nil || verdict.DMARC == "":
		say("", "unknown")
	case verdict.DMARC == "pass":
		say("is-good", "pass", "Domain", from.Domain())
	case verdict.DMARC == "fail":
		say("is-bad", "fail", "Domain", from.Domain())
	default:
		say("", "unknown")
	}
	return nil
}

// trusted are the servers whose results are believed of a message of this origin: what stands in mail
// that came from outside without a server's name was written by whoever sent it.
func (r *reader) trusted(origin mailstore.Origin) []string {
	if origin == mailstore.FromExchange {
		return r.server.Trusted
	}
	return slices.DeleteFunc(slices.Clone(r.server.Trusted), func(name string) bool { return name == email.NamelessResults })
}

func (r *reader) lookalike(say func(class, key string, pairs ...string), from email.Address) {
	c := r.colleagues()
	if address := c.named(from.Name); address != "" {
		say("is-hold", "name", "Address", address)
	} else if claimed := addressIn(from.Name); claimed != "" && !strings.EqualFold(claimed, from.Addr) {
		say("is-hold", "claims", "Address", claimed)
	}
	for _, own := range c.domains {
		if email.NearDomain(from.Domain(), own) {
			say("is-hold", "domain", "Domain", from.Domain(), "Own", own)
			return
		}
	}
}

// addressIn is the address that a display name pretends to be, or "".
func addressIn(name string) string {
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" <>()\"',;", r) }) {
		if local, domain, ok := strings.Cut(word, "@"); ok && local != "" && strings.Contains(domain, ".") {
			return word
		}
	}
	return ""
}
