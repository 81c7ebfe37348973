package views

import "github.com/a-h/templ"

// Desk is the administrator's first page: one true sentence, then what needs doing.
type Desk struct {
	Say     string
	Done    bool // nothing waits and no event is on
	More    []string
	At      string
	Alarms  []DeskAlarm
	Tiles   []Tile
	Legal   []string // what public pages do not link to: "imprint", "privacy"
	Active  []EventRow
	History []EventRow
}

// DeskAlarm is one thing that an administrator must see; Text is English, as the room below says it, with its remedy.
type DeskAlarm struct{ Text, Where, Since string }

// Tile is one layer with one figure.
type Tile struct {
	Title, Figure, Unit, Cause string
	State                      Badge
	Off                        bool
	URL                        string
}

// EventRow is one event in a list.
type EventRow struct {
	URL, Kind, Icon, Scope, Reason, When, ISO string
}

// StartForm is the page that starts an event.
type StartForm struct {
	Kinds     []Choice
	All       Choice
	Groups    []Choice
	Domains   []Choice
	Scope     string // all, groups, domains, mailboxes
	Mailboxes string // addresses as typed
	Known     []Suggestion
	Reason    string
	Concerned string // "1.310 Postfächer", as counted for this form
	Faults    []Fault
}

// Choice is one radio button or checkbox.
type Choice struct {
	Value, Name, Means string
	On                 bool
}

// EventPage is one event with the state of its sync-back.
type EventPage struct {
	ID, Title string
	Story     []string // who, when, why
	Active    bool
	Lockdown  bool
	Opening   bool // ended, and its gates are still closed
	EndReason string
	Faults    []Fault
	Progress  Progress
	Records   []RecordLine
}

// RecordLine is one line of the append-only record.
type RecordLine struct {
	At         Stamp
	Icon, Text string
	Hash       string
}

// Progress is the part of an event's page that renews itself.
type Progress struct {
	ID      string
	Say     string
	Done    bool
	More    []string
	Trouble string
	Steps   []Step
	At      string
	Active  bool
	Live    bool // something may still change
	Bar     Bar
	Sum     Account
	Heads   []string // of the table of mailboxes
	Report  string   // URL
	CSV     string   // URL
	Archive string   // how the journal reports stand, "" none
	Parked  []ParkedLine
	Capped  string
	Total   int
	Need    int
	Boxes   []BoxRow
	BoxesOf string // said when not all are shown
}

// Step is one station of an event's course.
type Step struct {
	Name string
	Here bool
}

// CountLink is one number of the account, leading to its list.
type CountLink struct{ Name, Number, URL, Class string }

// Bar is the picture of the counts: pieces of 1000 units in all.
type Bar struct {
	Title  string
	Pieces []BarPiece
}

// BarPiece is one stretch of the bar.
type BarPiece struct{ X, Width, Class string }

// ParkedLine is one change that needs a person.
type ParkedLine struct {
	What, Words, Remedy string
	Box, Seq            string
	Tries               string
}

// polling are the attributes that renew the progress; what has not changed keeps its focus.
func (g Progress) polling() templ.Attributes {
	if !g.Live {
		return nil
	}
	return templ.Attributes{"hx-get": "/desk/events/" + g.ID + "/progress", "hx-trigger": "every 2s", "hx-swap": "morph:outerHTML",
		"hx-headers": `{"Holdover-Passive":"1"}`}
}

// faulty marks the field that a fault names.
func faulty(faults []Fault, field string) templ.Attributes {
	for _, f := range faults {
		if f.Field == field {
			return templ.Attributes{"aria-invalid": "true"}
		}
	}
	return nil
}
