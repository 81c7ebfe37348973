// Package exchange tells Exchange one thing at a time: a message by SMTP, a copy, a flag or a
// move by IMAP; and it asks Exchange what is there. It knows neither the change log nor events.
//
// What comes back is hostile until proven otherwise: every call has a deadline, every answer a
// size limit, and garbage costs an error, never a crash. Each call ends in one of the outcomes of
// errors.go; only ErrDoubt leaves open whether the call took effect.
package exchange

import (
	"fmt"
	"time"

	"holdover/email"
)

// Role is what a folder is for. Roles are found in Exchange by attribute, mapping or known name.
type Role string

const (
	Inbox   Role = "inbox"
	Drafts  Role = "drafts"
	Sent    Role = "sent"
	Archive Role = "archive"
	Trash   Role = "trash"
	Junk    Role = "junk"
)

// Folder names a folder of a mailbox: by role, by its path in UTF-8 with "/" between the names, or by
// both: then the path begins in the role's folder.
type Folder struct {
	Role Role
	Name string
}

func (f Folder) String() string {
	if f.Role != "" && f.Name == "" {
		return string(f.Role)
	}
	if f.Role != "" {
		return fmt.Sprintf("%s/%q", f.Role, f.Name)
	}
	return fmt.Sprintf("%q", f.Name)
}

// Flags are the marks we own; every other flag and keyword of a message is left alone.
type Flags struct{ Seen, Flagged, Answered, Draft bool }

// Place is where a copy lies, in the words of the way that saw it: folder name as Exchange writes it
// (UTF-8); over IMAP the UID, which holds only while the folder's UIDVALIDITY stays (RFC 9051,
// 2.3.1.1); over EWS and Graph the item's id. It means nothing to another way.
type Place struct {
	Folder   string `json:"f"`
	Validity uint32 `json:"v,omitempty"`
	UID      uint32 `json:"u,omitempty"`
	ID       string `json:"i,omitempty"`
	Way      string `json:"w,omitempty"` // the way's name, noted by who chose it
}

// Known says that the copy can be addressed there without looking for it first.
func (p Place) Known() bool { return p.UID != 0 || p.ID != "" }

// Copy is one message found in a mailbox.
type Copy struct {
	Place
	MessageID  string   // without angle brackets
	Traces     []string // the id clauses of its Received lines (RFC 5321, 4.4), newest first
	Flags      Flags
	Role       Role             // of its folder, "" for others
	Below      Role             // of the folder in which its folder lies at whatever depth, "" for none with a role
	Categories email.Categories // nil: this way does not show them
	Stamp      string           // changes whenever the message does at the same place; "" the way has none (an IMAP message never changes)
}

// Query asks for copies by Message-ID.
type Query struct {
	MessageIDs []string  // without angle brackets
	Folders    []Folder  // nil: every folder that can be opened
	Since      time.Time // no copy is older than this, by Exchange's own date; zero: unknown
}

// Item is a message to be put into a folder.
type Item struct {
	Octets []byte
	Flags  Flags     // Flagged is never put into APPEND: Exchange would hide it; set it afterwards
	Date   time.Time // becomes the received date
	Others bool      // written by somebody else: must not ask for a read receipt again

	// Categories go with the message where the way can carry them; IMAP leaves them out.
	Categories email.Categories

	// Note is called by a way that must make something on the side first, before it is made and again
	// once its id is known; what it notes must be durable when it returns, and its error ends the call
	// before anything else is made. ref goes to Tidy of the same way; "" says that nothing is left.
	Note func(ref string) error
}
