package views

import (
	"strconv"
	"strings"
	"time"
)

// Invitation is the card of a calendar object that came by mail.
type Invitation struct {
	ID        string // of the message
	Heading   string // what it is: an invitation, a change, a cancellation, somebody's answer
	Title     string
	Leaf      Leaf
	When      string
	Recurs    string // how it recurs, "" once
	Where     string
	By        string // who invites
	People    string // who else, in a line
	Said      string // an answer: who said what
	Comment   string // in their words
	Note      string // what the reader should know of it, e.g. that it was replaced
	NoteURL   string // where the newer version is
	State     *Badge // the person's answer so far
	Conflicts []Clash
	Post      string // where the answer goes, "" when none can be given
	Token     string
	Save      string // the .ics file
}

// Leaf is the sheet of a tear-off calendar.
type Leaf struct{ Head, Day, Year string }

// Clash is another appointment at that time.
type Clash struct{ Title, When, URL string }

// Agenda is the coming days as the invitations of a mailbox have them.
type Agenda struct {
	Days           []AgendaDay
	Built          string // what it is built from
	Span           string // which days are shown
	Earlier, Later string // URLs
}

// AgendaDay is one day with something on it.
type AgendaDay struct {
	Name  string
	ISO   string
	Items []AgendaItem
}

// AgendaItem is one appointment.
type AgendaItem struct {
	Time, Title, Where, URL string
	State                   *Badge
}

// Date is a day in full: "Montag, 23. November 2026".
func (w *Words) Date(t time.Time) string {
	return w.T("calendar.date", "Day", w.weekday(t, true), "N", strconv.Itoa(t.Day()), "Month", w.month(t), "Year", strconv.Itoa(t.Year()))
}

// LeafOf is a day as a tear-off calendar shows it.
func (w *Words) LeafOf(t time.Time) Leaf {
	return Leaf{Head: w.weekday(t, false) + ", " + w.word("format.months", int(t.Month())-1), Day: strconv.Itoa(t.Day()), Year: strconv.Itoa(t.Year())}
}

// Stretch says from when to when something lasts, in the zone of start.
func (w *Words) Stretch(start, end time.Time, allDay bool) string {
	if allDay {
		last := end.AddDate(0, 0, -1)
		if !last.After(start) {
			return w.T("calendar.allday", "Date", w.Date(start))
		}
		return w.T("calendar.days", "From", w.Date(start), "To", w.Date(last))
	}
	switch {
	case !end.After(start):
		return w.T("calendar.at", "Date", w.Date(start), "From", start.Format("15:04"))
	case dayNumber(start) == dayNumber(end):
		return w.T("calendar.hours", "Date", w.Date(start), "From", start.Format("15:04"), "To", end.Format("15:04"))
	}
	return w.T("calendar.days", "From", w.Date(start)+", "+start.Format("15:04"), "To", w.Date(end)+", "+end.Format("15:04"))
}

// Recurrence says how something recurs: every is "day", "week", "month" or "year".
func (w *Words) Recurrence(every string, interval int, days []time.Weekday, until time.Time, count int) string {
	if every == "" {
		return ""
	}
	parts := []string{w.N("calendar.every."+every, interval)}
	if len(days) > 0 && len(days) < 7 {
		names := strings.Split(w.T("date.weekdays"), " ")
		var on []string
		for _, d := range days {
			on = append(on, names[d])
		}
		parts = append(parts, w.T("calendar.on", "Days", strings.Join(on, ", ")))
	}
	if !until.IsZero() {
		parts = append(parts, w.T("calendar.until", "Date", w.Date(until)))
	} else if count > 0 {
		parts = append(parts, w.N("calendar.times", count))
	}
	return strings.Join(parts, ", ")
}

func (p Page) agendaFolder() Folder {
	return Folder{ID: "agenda", Name: p.Words.T("calendar.agenda"), URL: "/agenda", Icon: "calendar"}
}
