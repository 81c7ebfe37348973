package calendar

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
	"holdover/mailstore"
)

const anna = email.MailboxID("annaannaannaanna")

var self = []string{"anna@example.test"}

var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// office is a store, and the calendar that follows it.
type office struct {
	t     *testing.T
	store *mailstore.Store
	*Calendar
}

func newOffice(t *testing.T, db *database.DB) *office {
	t.Helper()
	store, err := mailstore.Open(t.Context(), mailstore.Options{Dir: t.TempDir(), DB: db, Host: "mx.example.test", Now: time.Now, Log: slog.New(slog.DiscardHandler), Reserve: -1})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.EnsureMailbox(t.Context(), anna, self[0]))
	c, err := Open(t.Context(), Options{Source: store, Now: func() time.Time { return monday }})
	must(t, err)
	return &office{t, store, c}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mail delivers a calendar object to anna.
func (o *office) mail(folder mailstore.FolderID, object []byte) email.MessageID {
	o.t.Helper()
	octets := "From: bea@example.test\r\nMessage-ID: <" + fmt.Sprint(time.Now().UnixNano()) + "@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\nContent-Type: TEXT/Calendar; charset=utf-8\r\n\r\n" + string(object) + "\r\n--b--\r\n"
	id, err := o.store.Deliver(o.t.Context(), mailstore.Arrival{To: []mailstore.Recipient{{Mailbox: anna, Address: self[0]}}, From: "bea@example.test",
		Origin: mailstore.FromOutside, Folder: folder, Octets: []byte(octets)})
	must(o.t, err)
	o.CatchUp(o.t.Context())
	return id
}

func (o *office) agenda() string {
	o.t.Helper()
	a, err := o.Agenda(o.t.Context(), anna, monday.AddDate(0, 0, -1), monday.AddDate(0, 0, 13), self)
	must(o.t, err)
	var lines []string
	for _, i := range a.Items {
		lines = append(lines, i.Start.UTC().Format("02 15:04 ")+i.Event.Summary+" "+strings.ToLower(string(i.Answer)))
	}
	return fmt.Sprintf("%d: %s", a.Known, strings.Join(lines, "; "))
}

func meeting(method, uid string, sequence int, lines ...string) []byte {
	return object(append(append([]string{"METHOD:" + method, "BEGIN:VEVENT", "UID:" + uid, "DTSTAMP:20261120T080000Z", fmt.Sprintf("SEQUENCE:%d", sequence),
		"ORGANIZER:mailto:bea@example.test", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.test"}, lines...), "END:VEVENT")...)
}

// TestAgenda: what was mailed, in its newest version, with the person's own answers, on both databases.
func TestAgenda(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		o := newOffice(t, open(t))
		if got := o.agenda(); got != "0: " {
			t.Errorf("empty: %s", got)
		}
		one := "SUMMARY:Runde"
		o.mail(mailstore.Inbox, meeting("REQUEST", "u1", 0, one, "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"))
		weekly := o.mail(mailstore.Inbox, meeting("REQUEST", "u2", 0, "SUMMARY:Woche", "DTSTART:20261102T120000Z", "DTEND:20261102T130000Z", "RRULE:FREQ=WEEKLY"))
		o.mail(mailstore.Junk, meeting("REQUEST", "u3", 0, "SUMMARY:Gewinn", "DTSTART:20261124T120000Z"))
		steps := []struct {
			what string
			do   func()
			want string
		}{
			{"two", func() {}, "2: 23 12:00 Woche needs-action; 24 09:00 Runde needs-action; 30 12:00 Woche needs-action"},
			{"a reply without an answer", func() {
				o.mail(mailstore.Sent, meeting("REPLY", "u1", 0, one, "DTSTART:20261124T090000Z", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@example.test"))
			}, "2: 23 12:00 Woche needs-action; 24 09:00 Runde needs-action; 30 12:00 Woche needs-action"},
			{"an answer for somebody else's version counts once it is ours", func() {
				reply, err := mustRead(t, meeting("REQUEST", "u1", 0, one, "DTSTART:20261124T090000Z")).Reply(Accepted, "", monday, self...)
				must(t, err)
				o.mail(mailstore.Sent, reply)
			}, "2: 23 12:00 Woche needs-action; 24 09:00 Runde accepted; 30 12:00 Woche needs-action"},
			{"moved: a new question", func() {
				o.mail(mailstore.Inbox, meeting("REQUEST", "u1", 1, one, "DTSTART:20261125T090000Z", "DTEND:20261125T100000Z"))
			}, "2: 23 12:00 Woche needs-action; 25 09:00 Runde needs-action; 30 12:00 Woche needs-action"},
			{"an older version comes late", func() {
				o.mail(mailstore.Inbox, meeting("REQUEST", "u1", 0, one, "DTSTART:20261126T090000Z", "DTEND:20261126T100000Z"))
			}, "2: 23 12:00 Woche needs-action; 25 09:00 Runde needs-action; 30 12:00 Woche needs-action"},
			{"one of the series moves", func() {
				o.mail(mailstore.Inbox, meeting("REQUEST", "u2", 1, "SUMMARY:Woche", "RECURRENCE-ID:20261130T120000Z", "DTSTART:20261201T080000Z", "DTEND:20261201T090000Z"))
			}, "2: 23 12:00 Woche needs-action; 25 09:00 Runde needs-action; 01 08:00 Woche needs-action"},
			{"cancelled", func() {
				o.mail(mailstore.Inbox, meeting("CANCEL", "u1", 2, one, "DTSTART:20261125T090000Z"))
			}, "1: 23 12:00 Woche needs-action; 01 08:00 Woche needs-action"},
			{"gone for good", func() {
				must(t, o.store.Move(t.Context(), mailstore.FromPortal, anna, []email.MessageID{weekly}, mailstore.Trash))
				must(t, o.store.Delete(t.Context(), mailstore.FromPortal, anna, []email.MessageID{weekly}))
				o.CatchUp(t.Context())
			}, "1: 01 08:00 Woche needs-action"},
		}
		for _, s := range steps {
			if s.do(); o.agenda() != s.want {
				t.Errorf("%s:\n%s\n%s", s.what, o.agenda(), s.want)
			}
		}
	})
}

func mustRead(t *testing.T, octets []byte) *Event {
	t.Helper()
	e := one(t, octets)
	return &e
}

// TestConflicts: what else is at that time; declined, cancelled and all-day events are no conflict.
func TestConflicts(t *testing.T) {
	o := newOffice(t, databasetest.Open(t))
	o.mail(mailstore.Inbox, meeting("REQUEST", "u1", 0, "SUMMARY:Runde", "DTSTART:20261130T123000Z", "DTEND:20261130T133000Z"))
	o.mail(mailstore.Inbox, meeting("REQUEST", "u2", 0, "SUMMARY:Ganztags", "DTSTART;VALUE=DATE:20261130"))
	o.mail(mailstore.Inbox, meeting("REQUEST", "u3", 0, "SUMMARY:Danach", "DTSTART:20261130T130000Z", "DTEND:20261130T140000Z", "STATUS:CANCELLED"))
	weekly := mustRead(t, meeting("REQUEST", "u4", 0, "SUMMARY:Woche", "DTSTART:20261102T120000Z", "DTEND:20261102T130000Z", "RRULE:FREQ=WEEKLY"))
	list, err := o.Conflicts(t.Context(), anna, *weekly, self)
	must(t, err)
	if len(list) != 1 || list[0].Event.Summary != "Runde" {
		t.Errorf("%d conflicts: %+v", len(list), list)
	}
	late := mustRead(t, meeting("REQUEST", "u5", 0, "DTSTART:20261130T133000Z", "DTEND:20261130T140000Z"))
	if list, _ := o.Conflicts(t.Context(), anna, *late, self); len(list) != 0 {
		t.Errorf("what begins when the other ends is no conflict: %+v", list)
	}
}
