package views

import (
	"strconv"

	"github.com/a-h/templ"

	"holdover/email"
)

// Compose is the page on which a message is written.
type Compose struct {
	Heading               string  // word of the heading: "reply", "new", ...
	Action                string  // where the form posts to
	Hidden                []Field // token, version, mode, of
	Back                  bool    // Exchange is there again: finish here or in Outlook
	Draft                 string  // id of the draft, "" before the first save
	Sender                string
	Senders               []email.Address // to choose from
	Unable                string          // address of the shared mailbox written in, when it may not be used; "" otherwise
	To                    RecipientLine
	Cc                    RecipientLine
	Bcc                   RecipientLine
	Subject               string
	Text                  string
	HTML                  string   // of the editor, "" for plain text
	Editor                string   // URL of the editor's script
	Doubts                []string // what to confirm before it goes
	Signatures, Templates []Insert
	QuoteLead             string
	Quote                 string
	Files                 []DraftFile
	Limit                 string // of all attachments, as people read it
	Octets                int64  // the same as a number, for the script
	Saved                 string // "14:07", "" when nothing is saved yet
	Heads                 string // sentence above the faults
	Safe                  string // sentence below them: what is saved
	Faults                []Fault
	Conflict              *Conflict
	Resent                *Resent
	Session               Session
	Given                 string // why the form is given back: "unknown", "foreign" for who is signed in now, or "" when it is not
	ReplyTo, ReplyToURL   string // that the sender wishes the answer elsewhere, and how to do that; may be empty
}

// answers says that who it goes to is known and nothing is to be mended: the caret belongs into the text.
func (c Compose) answers() bool {
	return c.To.Value != "" && len(c.Faults)+len(c.Doubts) == 0 && !c.asking()
}

// Insert is a button that puts a text into the message.
type Insert struct{ Value, Text string }

// RecipientLine is one of To, Cc and Bcc as typed.
type RecipientLine struct {
	Name, Label, Value string
	Faults             []Fault
	Groups             []GroupOn
}

// GroupOn is a group on a recipient line: Button shows who is in it.
type GroupOn struct{ Name, Text, Button string }

// Fault is one thing to mend: Field is the id of the field that the summary links to.
type Fault struct {
	Field, Text string
	Meant, Fix  string // "Did you mean ...?" and the value of the button that replaces it; may be empty
}

// DraftFile is one attachment of the draft. Index is its place; a refused one has none.
type DraftFile struct {
	Name, Size string
	Index      int
	Octets     int
	Refused    bool
}

// octets tell the script what the draft holds already.
func (f DraftFile) octets() templ.Attributes {
	if f.Refused {
		return nil
	}
	return templ.Attributes{"data-octets": strconv.Itoa(f.Octets)}
}

// Conflict shows the other version of a draft that two windows changed. Gone: there is none any more.
type Conflict struct {
	Gone                bool
	To, Subject, Text   string
	OpenURL, Discarding string
}

// Resent is what a form has sent already.
type Resent struct {
	Send, Heading string
	About         string // subject and recipients
	Held          bool   // it can still be taken back
}

// asking says that the form waits for an answer before it can be used as usual.
func (c Compose) asking() bool { return c.Conflict != nil || c.Resent != nil }

// Suggestion is one entry of the address book. Value is what is put into the line.
// Own: the person wrote there before; such a one can be left out from now on.
type Suggestion struct {
	Name, Address, Value string
	Own                  bool
}

// senderText names the senders where they differ by more than the address: one's own, and shared ones.
func (c Compose) senderText(a email.Address) string {
	for _, other := range c.Senders {
		if other.Name != a.Name {
			return a.Name + " <" + a.Addr + ">"
		}
	}
	return a.Addr
}

func (c Compose) more() bool {
	return c.Cc.Value != "" || c.Bcc.Value != "" || len(c.Cc.Faults)+len(c.Bcc.Faults) > 0
}

func (l RecipientLine) describedBy() string {
	if len(l.Faults) > 0 {
		return "err-" + l.Name
	}
	return "hint-" + l.Name
}

// book are the attributes that fetch suggestions while somebody types.
func (l RecipientLine) book() templ.Attributes {
	attributes := templ.Attributes{"hx-get": "/addresses", "hx-trigger": "input changed delay:200ms", "hx-target": "#sug-" + l.Name,
		"hx-sync": "this:replace", "data-book": l.Name, "aria-describedby": l.describedBy()}
	if len(l.Faults) > 0 {
		attributes["aria-invalid"] = "true"
	}
	return attributes
}

func removeValue(index int) string { return "remove:" + strconv.Itoa(index) }

// invalid marks a field that has a fault.
func (c Compose) invalid(field string) templ.Attributes {
	for _, f := range c.Faults {
		if f.Field == field {
			return templ.Attributes{"aria-invalid": "true", "aria-describedby": "summary"}
		}
	}
	return nil
}
