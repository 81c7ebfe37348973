package web

import (
	"strings"
	"unicode"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

// maxTyped is how many addresses one message may name; a larger circle is a group's business.
const maxTyped = 500

// addressBook is what writing needs to know of the directory.
type addressBook interface {
	Local(address string) bool
	Resolve(address string) (directory.Target, error)
	Suggest(typed string, limit int) []email.Address
}

// fieldError is one thing to mend before a message can go: Word is a key of the words catalogue, Piece
// what the sentence names, Better what was probably meant.
type fieldError struct {
	Field, Word, Piece string
	Size               int64
	Better             *email.Address
}

// typedList is one recipient line as read.
type typedList struct {
	Good []email.Address
	Bad  []string
}

// recipients are the three lines of a form, as read.
type recipients struct{ To, Cc, Bcc typedList }

func readRecipients(f composeForm) recipients {
	read := func(typed string) (l typedList) {
		l.Good, l.Bad = email.ParseAddressList(typed)
		return l
	}
	return recipients{To: read(f.To), Cc: read(f.Cc), Bcc: read(f.Bcc)}
}

func (r recipients) each(f func(field string, l typedList)) {
	f("to", r.To)
	f("cc", r.Cc)
	f("bcc", r.Bcc)
}

// delivery is who gets a message: inside as mailboxes (groups expanded), outside as addresses, each once.
type delivery struct {
	Local  []mailstore.Recipient
	Remote []string
}

// deliver finds out where a message goes, and every reason why it can't go yet.
func (r recipients) deliver(book addressBook) (delivery, []fieldError) {
	var d delivery
	var faults []fieldError
	inside, outside, typed := map[email.MailboxID]bool{}, map[string]bool{}, 0
	addLocal := func(m directory.Mailbox, address string) {
		if !inside[m.ID] {
			inside[m.ID] = true
			d.Local = append(d.Local, mailstore.Recipient{Mailbox: m.ID, Address: address})
		}
	}
	addRemote := func(address string) {
		if key := remoteKey(address); !outside[key] {
			outside[key] = true
			d.Remote = append(d.Remote, address)
		}
	}
	r.each(func(field string, l typedList) {
		typed += len(l.Good) + len(l.Bad)
		for _, piece := range l.Bad {
			word := "compose.err.address"
			if local := localPart(piece); local != piece && strings.IndexFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
				word = "rescue.err.letters" // the domain is written as DNS wants it; before it RFC 6531 would be needed on each server on the way
			}
			faults = append(faults, fieldError{Field: field, Word: word, Piece: piece, Better: meant(book, piece)})
		}
		for _, a := range l.Good {
			if !book.Local(a.Addr) {
				addRemote(a.Addr)
				continue
			}
			target, err := book.Resolve(a.Addr)
			if err != nil {
				faults = append(faults, fieldError{Field: field, Word: "compose.err.unknown", Piece: a.Addr, Better: meant(book, localPart(a.Addr))})
				continue
			}
			for _, m := range target.Mailboxes {
				address := a.Addr
				if target.Group != nil {
					address = m.Address
				}
				addLocal(m, address)
			}
			if target.Group != nil {
				for _, address := range target.Group.Outside {
					addRemote(address)
				}
			}
		}
	})
	switch {
	case typed == 0:
		faults = append(faults, fieldError{Field: "to", Word: "compose.err.nobody"})
	case typed > maxTyped:
		faults = append(faults, fieldError{Field: "to", Word: "compose.err.toomany"})
	case len(faults) == 0 && len(d.Local)+len(d.Remote) == 0: // a group without members
		faults = append(faults, fieldError{Field: "to", Word: "compose.err.emptygroup"})
	}
	return d, faults
}

// remoteKey makes equal what a foreign server surely takes as equal: the domain without regard to case;
// the local part is that server's own business (RFC 5321, 2.4).
func remoteKey(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	return address[:at] + strings.ToLower(address[at:])
}

func localPart(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return address[:at]
	}
	return address
}

// meant offers the one colleague that a piece of text probably means.
func meant(book addressBook, piece string) *email.Address {
	if len(piece) < 2 {
		return nil
	}
	for _, typed := range []string{piece, localPart(piece)} {
		if found := book.Suggest(typed, 1); len(found) > 0 {
			return &found[0]
		}
	}
	return nil
}
