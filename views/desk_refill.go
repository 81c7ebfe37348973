package views

import "github.com/a-h/templ"

// RefillForm asks for whom and for which time messages are to be put back.
type RefillForm struct {
	All                 bool
	Everybody           string // "1.310 Postfächer"
	Mailboxes           string // addresses as typed
	From, Until, Backup string // as typed
	Bins                bool
	Reason              string
	Faults              []Fault
	Before              []RefillRow
}

// RefillRow is one refill in the list.
type RefillRow struct {
	URL, Reason, By, Boxes, Say string
	When                        Stamp
	State                       Badge
}

// Refill is one refill's page.
type Refill struct {
	ID, Say   string
	Done      bool
	Facts     []Fact
	Parts     []CountLink
	Boxes     []RefillBox
	Capped    string // only so many mailboxes are listed, "" all
	Missing   string
	CanFill   bool
	CanCancel bool
	Renew     bool // something is under way
}

// RefillBox is one mailbox of it.
type RefillBox struct {
	Box, There, Missing, Deleted, Back string
	Parked, Words                      string // may be empty
}

// polling renews the numbers while Exchange is looked through or filled.
func (r Refill) polling() templ.Attributes {
	if !r.Renew {
		return nil
	}
	return renewed("/desk/refills/"+r.ID, "refill")
}
