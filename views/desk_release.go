package views

import "github.com/a-h/templ"

// Release is the page between the end of an event and the drain.
type Release struct {
	Event    string
	Title    string
	Say      string
	Done     bool
	More     []string
	At       string
	Live     bool
	Canaries []CanaryRow
	Identity *Identities // of a lockdown that nobody has confirmed yet
	Opening  bool        // it may be tried again, and one may go on without
	Locked   bool        // going on without is not offered: the identity comes first
	Reason   string
	Faults   []Fault
	Story    []RecordLine
}

// CanaryRow is one way's proof.
type CanaryRow struct {
	Way, Where, Tries, Words, Remedy, Next string
	State                                  Badge
}

// Identities is what each way shows now beside what was seen before.
type Identities struct {
	Event  string
	Action string
	Looked bool
	Look   string // URL that asks Exchange
	Rows   []IdentityRow
	Seen   string // what was shown, as the form sends it back
	Faults []Fault
}

// IdentityRow is one way: what it shows now beside what it showed before, fact by fact.
type IdentityRow struct {
	Way     string
	Pinned  bool
	Failed  string
	Trouble string
	Mark    Badge
	Heads   []string // of the columns: now, if somebody looked, and each time before
	Facts   []FactRow
}

// FactRow is one fact of a certificate, or of the tenant, in each column.
type FactRow struct {
	Name    string
	Values  []string
	Hash    bool
	Differs bool // now from every time before
}

// ExchangeDesk is the page about Exchange itself: the switches, who it is, and how much it takes.
type ExchangeDesk struct {
	Say        string
	Calm       bool
	Estimate   []string
	Stopped    SwitchView
	Withdrawn  SwitchView
	Identities Identities
	Limits     []LimitRow
	Story      []RecordLine
}

// SwitchView is one switch with its form.
type SwitchView struct {
	Name, Title, Means, Button, State string
	On                                bool
	Reason                            string
	Faults                            []Fault
}

// LimitRow is one limit.
type LimitRow struct {
	Key, Name, Number, Source string
	Binds                     bool
}

// DryRun is what would go where.
type DryRun struct {
	Event, Title, Say string
	Flows             []FlowRow
	Doubts            []DoubtRow
	Doubtful, Capped  string
	Estimate          []string
	CSV               string
}

// FlowRow is one kind of item over one way.
type FlowRow struct{ Cargo, Way, Items, Boxes, Size string }

// DoubtRow is one item that may not go smoothly.
type DoubtRow struct {
	What, Box, Why, Way string
	At                  Stamp
}

// polling renews the canaries while they fly.
func (r Release) polling() templ.Attributes {
	if !r.Live {
		return nil
	}
	return renewed("/desk/events/"+r.Event+"/release", "release")
}

// renewed makes an element show every two seconds what its page says now.
func renewed(page, id string) templ.Attributes {
	return templ.Attributes{"hx-get": page, "hx-select": "#" + id, "hx-trigger": "every 2s", "hx-swap": "morph:outerHTML", "hx-headers": `{"Holdover-Passive":"1"}`}
}
