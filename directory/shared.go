package directory

import (
	"cmp"
	"slices"

	"holdover/email"
)

// everyMember in the column send_as stands for all who may open the mailbox.
const everyMember = "*"

// Opens lists the shared mailboxes that a person may open, by name. It is what the file says now: who is
// taken out of it loses the mailbox with the next read.
func (d *Directory) Opens(person email.MailboxID) []Mailbox {
	var all []Mailbox
	for _, m := range d.state.Load().mailboxes {
		if m.Kind == Shared && slices.Contains(m.Members, person) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Mailbox) int {
		return cmp.Or(cmp.Compare(fold(a.Name), fold(b.Name)), cmp.Compare(a.Address, b.Address))
	})
	return all
}

// SendsAs lists the shared mailboxes whose address a person may write with, in the order of the file.
func (d *Directory) SendsAs(person email.MailboxID) []Mailbox {
	var all []Mailbox
	for _, m := range d.state.Load().mailboxes {
		if slices.Contains(m.SendAs, person) {
			all = append(all, m)
		}
	}
	return all
}

// checkShared looks up who may open shared mailboxes and write for them. Everybody named must be a person
// or a group of this file: nobody else can sign in.
func (p *plan) checkShared(found *problems) {
	for _, r := range p.mailboxes {
		if r.kind != Shared {
			continue // said already
		}
		for _, list := range []struct {
			column    string
			addresses []string
		}{{"members", r.members}, {"send_as", r.sendAs}} {
			for _, a := range list.addresses {
				if a == everyMember && list.column == "send_as" {
					continue
				}
				p.checkTrusted(r, list.column, a, found)
			}
		}
	}
}

func (p *plan) checkTrusted(r row, column, address string, found *problems) {
	if fault := faultOf(address); fault != "" {
		found.add(r.line, "correct the address (several are separated by spaces)", "%q in %s %s", address, column, fault)
		return
	}
	switch other := p.owner[key(address)]; {
	case other == nil:
		found.add(r.line, "add a line for this person or group, or remove it from "+column, "%s in %s is not in this file", address, column)
	case other.kind == Shared:
		found.add(r.line, "name people and groups in "+column, "%s in %s is a shared mailbox: nobody signs in as it", address, column)
	}
}

// share fills in who may open shared mailboxes and write for them. Shared mailboxes that are in a group are passed over.
func (p *plan) share(s *snapshot, index map[string]int) {
	for i, r := range p.mailboxes {
		m := &s.mailboxes[i]
		m.Members = p.peopleOf(s, index, r.members)
		m.SendAs = p.peopleOf(s, index, r.sendAs)
		if slices.Contains(r.sendAs, everyMember) {
			for _, id := range m.Members {
				if !slices.Contains(m.SendAs, id) {
					m.SendAs = append(m.SendAs, id)
				}
			}
		}
	}
}

// peopleOf are the people whom addresses name, groups expanded, each once.
func (p *plan) peopleOf(s *snapshot, index map[string]int, addresses []string) (ids []email.MailboxID) {
	for _, a := range addresses {
		r := p.owner[key(a)]
		if r == nil {
			continue
		}
		inside := []string{r.address}
		if r.kind == group {
			inside, _ = p.expand(r.name)
		}
		for _, one := range inside {
			m := s.mailboxes[index[key(one)]]
			if m.Kind == User && !slices.Contains(ids, m.ID) {
				ids = append(ids, m.ID)
			}
		}
	}
	return ids
}
