package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"holdover/directory"
	"holdover/email"
	"holdover/signin"
	"holdover/web/page"
)

// writer is who writes a message, and with which addresses.
type writer struct {
	self    email.Address   // the sender unless another is chosen
	senders []email.Address // addresses to choose from, the usual one first
	own     []string        // addresses that are the writer's own: an answer to all leaves them out
	mark    string          // of the person, for forms
	unable  string          // address of the shared mailbox written in, when its address may not be used; else ""
}

// as is the sender by a form's choice; what may not be chosen is the usual one.
func (w writer) as(address string) email.Address {
	for _, a := range w.senders {
		if a.Addr == address {
			return a
		}
	}
	return w.self
}

// may says whether a form's choice of sender is allowed; "" is the usual one.
func (w writer) may(address string) bool {
	return address == "" || slices.ContainsFunc(w.senders, func(a email.Address) bool { return a.Addr == address })
}

// writerOf is who writes in the mailbox of a request. In a shared mailbox its address comes first where the
// directory allows it; in the own mailbox one's own comes first, and the shared ones can be chosen.
func (s *server) writerOf(c echo.Context) writer {
	person, here := page.PersonOf(c), boxOf(c)
	own := s.addressesOf(person)
	w := writer{own: plainly(own), mark: markOf(person)}
	var first, others []email.Address
	for _, m := range s.Directory.SendsAs(person.Mailbox) {
		if m.ID == here.id {
			first = append(first, namedAddresses(m)...)
		} else {
			others = append(others, namedAddresses(m)[0])
		}
	}
	if here.shared {
		if w.senders = append(first, own...); len(first) == 0 {
			w.unable = here.address
		}
		if m, ok := s.Directory.Mailbox(here.id); ok {
			w.own = append(plainly(namedAddresses(m)), w.own...)
		}
	} else {
		w.senders = append(own, others...)
	}
	w.self = w.senders[0]
	return w
}

// addressesOf are a person's own addresses, the primary one first.
func (s *server) addressesOf(p signin.Person) []email.Address {
	if m, ok := s.Directory.Mailbox(p.Mailbox); ok {
		return namedAddresses(m)
	}
	return []email.Address{{Name: p.Name, Addr: p.Address}}
}

func namedAddresses(m directory.Mailbox) []email.Address {
	all := []email.Address{{Name: m.Name, Addr: m.Address}}
	for _, alias := range m.Aliases {
		all = append(all, email.Address{Name: m.Name, Addr: alias})
	}
	return all
}

func plainly(list []email.Address) []string {
	var all []string
	for _, a := range list {
		all = append(all, a.Addr)
	}
	return all
}
