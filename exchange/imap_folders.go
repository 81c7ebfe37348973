package exchange

import (
	"strings"

	"github.com/emersion/go-imap/v2"
)

// listed is one folder as Exchange lists it.
type listed struct {
	name  string // UTF-8 path
	role  Role
	delim rune
	below Role   // of the folder in which it lies
	id    string // over EWS
	mark  string // over EWS: changes when something in the folder does
}

// knownNames are tried when neither attribute nor mapping names a role's folder, in this order.
func knownNames(r Role) []string {
	switch r {
	case Sent:
		return []string{"Sent Items", "Gesendete Elemente", "Gesendete Objekte", "Gesendet", "Sent"}
	case Drafts:
		return []string{"Drafts", "Entwürfe"}
	case Trash:
		return []string{"Deleted Items", "Gelöschte Elemente", "Gelöschte Objekte", "Papierkorb", "Trash"}
	case Junk:
		return []string{"Junk Email", "Junk E-Mail", "Junk-E-Mail", "Junk", "Spam"}
	case Archive:
		return []string{"Archive", "Archiv"}
	}
	return nil
}

var attributes = map[imap.MailboxAttr]Role{
	imap.MailboxAttrSent: Sent, imap.MailboxAttrDrafts: Drafts, imap.MailboxAttrTrash: Trash,
	imap.MailboxAttrJunk: Junk, imap.MailboxAttrArchive: Archive,
}

// list reads the mailbox's folders once per connection. Exchange gives attributes that it does
// not announce, so the plain LIST is read for them (RFC 6154).
func (a *account) list(mapping map[Role]string) ([]listed, error) {
	if a.folders != nil {
		return a.folders, nil
	}
	all, err := a.client.List("", "*", nil).Collect()
	if err != nil {
		return nil, answer("LIST", err, false)
	}
	var folders []listed
	for _, data := range all {
		if l, ok := readListed(data); ok && len(folders) < 10_000 {
			folders = append(folders, l)
		}
	}
	for _, role := range []Role{Sent, Drafts, Trash, Junk, Archive} {
		assign(folders, role, mapping[role])
	}
	placed(folders)
	a.folders = folders
	return folders, nil
}

func readListed(data *imap.ListData) (listed, bool) {
	l := listed{name: data.Mailbox, delim: data.Delim}
	if strings.EqualFold(data.Mailbox, "INBOX") {
		l.role = Inbox
	}
	for _, attr := range data.Attrs {
		if attr == imap.MailboxAttrNoSelect || attr == imap.MailboxAttrNonExistent {
			return l, false
		}
		for known, role := range attributes {
			if strings.EqualFold(string(attr), string(known)) {
				l.role = role
			}
		}
	}
	return l, true
}

// assign gives a role to the first fitting folder unless an attribute has given it already.
func assign(folders []listed, role Role, mapped string) {
	for _, l := range folders {
		if l.role == role {
			return
		}
	}
	names := knownNames(role)
	if mapped != "" {
		names = append([]string{mapped}, names...)
	}
	for _, name := range names {
		for i, l := range folders {
			if l.role == "" && strings.EqualFold(l.name, name) {
				folders[i].role = role
				return
			}
		}
	}
}

// find resolves a folder; ErrNoFolder when Exchange has none: nothing is created on a guess.
func (a *account) find(mapping map[Role]string, f Folder) (listed, error) {
	folders, err := a.list(mapping)
	if err != nil {
		return listed{}, err
	}
	if l, ok := pick(folders, f); ok {
		return l, nil
	}
	return listed{}, noFolder("LIST", f)
}
