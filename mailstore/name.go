package mailstore

import (
	"strconv"
	"strings"
	"time"

	"holdover/email"
)

// baseName is the file name of a message without its flags: <unix seconds>.<message id>.<host>.
// Each version of a draft is a file of its own.
func (s *Store) baseName(at time.Time, id email.MessageID, version int) string {
	name := strconv.FormatInt(max(at.Unix(), 0), 10) + "." + string(id)
	if version > 0 {
		name += "v" + strconv.Itoa(version)
	}
	return name + "." + s.host
}

// hostName makes a host name safe for a file name.
func hostName(host string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, host)
	if safe == "" {
		return "localhost"
	}
	return safe[:min(len(safe), 60)]
}

// What hides a message from every page.
const (
	shown   = 0
	deleted = 1 // for good, by a person; its file stays while it is not settled (L7, L11)
	held    = 2 // a draft whose submission waits for its release
	gone    = 3 // only the file and this row are left to be removed
)

// state is what a file name says besides the message it names.
type state struct {
	folder FolderID
	base   string
	flags  Flags
	hidden int
}

func mailboxDir(m email.MailboxID) string { return "maildir/" + string(m) }

// folderDir is the Maildir of a folder: the mailbox itself is the inbox (Maildir++).
func folderDir(m email.MailboxID, f FolderID) string {
	if f == Inbox {
		return mailboxDir(m)
	}
	return mailboxDir(m) + "/." + string(f)
}

// suffix is the part of a name in cur that holds the flags, in alphabetic order. D is a draft, T
// deleted for good.
func suffix(f Flags, hidden int) string {
	b := []byte(":2,")
	for _, c := range []struct {
		letter byte
		set    bool
	}{{'D', f.Draft}, {'F', f.Flagged}, {'R', f.Answered}, {'S', f.Seen}, {'T', hidden == deleted || hidden == gone}} {
		if c.set {
			b = append(b, c.letter)
		}
	}
	return string(b)
}

// readSuffix reads the flags of a file name.
func readSuffix(name string) (base string, f Flags, trashed bool) {
	base, flags, _ := strings.Cut(name, ":2,")
	has := func(letter string) bool { return strings.Contains(flags, letter) }
	return base, Flags{Seen: has("S"), Flagged: has("F"), Answered: has("R"), Draft: has("D")}, has("T")
}

// place is where a message's file belongs. A message without flags may also stay in new, where its
// delivery put it.
func place(m email.MailboxID, st state) string {
	return folderDir(m, st.folder) + "/cur/" + st.base + suffix(st.flags, st.hidden)
}

func placeNew(m email.MailboxID, st state) string {
	return folderDir(m, st.folder) + "/new/" + st.base
}

// places lists where the file of a message in this state may rightly be, the likeliest first.
func places(m email.MailboxID, st state) []string {
	if st.flags == (Flags{}) && st.hidden == shown {
		return []string{placeNew(m, st), place(m, st)}
	}
	return []string{place(m, st)}
}
