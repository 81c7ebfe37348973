// Package calendar reads invitations out of mail (iCalendar, RFC 5545; scheduling by mail, RFC 5546
// and 6047), writes the answers to them, and keeps an agenda of each mailbox by following the change
// log. It knows only what was mailed: it is no calendar, and says so wherever it is shown.
//
// What comes in is a stranger's: reading is bounded and never fails as a whole; recurrence rules are
// expanded within a window and only down to days.
package calendar

import (
	"errors"
	"time"
)

// Method is what a calendar object asks for (RFC 5546, 1.4).
type Method string

const (
	Request Method = "REQUEST"
	Cancel  Method = "CANCEL"
	Reply   Method = "REPLY"
	Counter Method = "COUNTER"
	Publish Method = "PUBLISH"
	Refresh Method = "REFRESH"
)

// Answer is an attendee's participation status (RFC 5545, 3.2.12).
type Answer string

const (
	Unanswered Answer = "NEEDS-ACTION"
	Accepted   Answer = "ACCEPTED"
	Tentative  Answer = "TENTATIVE"
	Declined   Answer = "DECLINED"
	Delegated  Answer = "DELEGATED"
)

// Given says that this is an answer a person can give here.
func (a Answer) Given() bool { return a == Accepted || a == Tentative || a == Declined }

var (
	// ErrNone says that the octets hold no event.
	ErrNone = errors.New("calendar: no event")
	// ErrNotInvited says that the person is not among the attendees, or that there is nobody to answer to.
	ErrNotInvited = errors.New("calendar: nobody to answer for")
)

// Person takes part in an event or calls for it.
type Person struct {
	Name    string // may be empty
	Address string // without "mailto:", may be empty
	Answer  Answer // of an attendee
	Room    bool   // a room or other resource (CUTYPE)
}

// Event is one VEVENT of a message.
type Event struct {
	Method      Method
	UID         string
	Sequence    int
	Stamp       time.Time // DTSTAMP
	Instance    time.Time // RECURRENCE-ID: this is about one of a series; zero: about the whole
	Cancelled   bool      // by method or status
	Summary     string
	Location    string
	Description string // plain text, as sent
	Comment     string // an attendee's words in a reply
	Start, End  time.Time
	AllDay      bool // Start and End are midnights; End is the day after the last
	Floating    bool // no known time zone: the same clock time everywhere
	Organizer   Person
	Attendees   []Person
	Rule        Rule // zero: once

	source source
}

// Recurs says that it happens more than once.
func (e *Event) Recurs() bool { return e.Rule.Every != "" || len(e.source.extra) > 0 }

// Newer says whether e replaces other, which has the same UID and instance (RFC 5546, 2.1.5).
func (e *Event) Newer(other *Event) bool {
	if e.Sequence != other.Sequence {
		return e.Sequence > other.Sequence
	}
	return e.Stamp.After(other.Stamp)
}

// Attendee finds a person among the attendees by any of several addresses.
func (e *Event) Attendee(addresses ...string) (Person, bool) {
	for _, p := range e.Attendees {
		for _, a := range addresses {
			if sameAddress(p.Address, a) {
				return p, true
			}
		}
	}
	return Person{}, false
}

// Rule says in parts how an event recurs, for a sentence.
type Rule struct {
	Every    string // "day", "week", "month" or "year"; "" not at all
	Interval int    // every so many, at least 1
	Days     []time.Weekday
	Until    time.Time // zero: no end by date
	Count    int       // 0: no end by number
}
