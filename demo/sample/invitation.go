package sample

import (
	"fmt"
	"strings"
	"time"
)

// invitation is a calendar object as Outlook mails it (RFC 5546): the sender asks those addressed to a meeting
// two or three days later. Two of them overlap on purpose.
func invitation(l letter) []byte {
	day := workday(l.at.AddDate(0, 0, 3))
	start := time.Date(day.Year(), day.Month(), day.Day(), 13, 0, 0, 0, time.UTC)
	from, _ := l.sender()
	lines := []string{"BEGIN:VCALENDAR", "PRODID:-//Ahrenfeld//Kalender//DE", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT",
		"UID:" + digest(l.id)[:24] + "@" + Domain, "DTSTAMP:" + l.at.UTC().Format("20060102T150405Z"), "SEQUENCE:0",
		"DTSTART:" + start.Format("20060102T150405Z"), "DTEND:" + start.Add(time.Hour).Format("20060102T150405Z"),
		"SUMMARY:" + l.subject, "LOCATION:Rathaus\\, Raum 2.11", organiser("ORGANIZER", from, "")}
	for _, named := range append(append([]string{}, l.to...), l.cc...) {
		lines = append(lines, organiser("ATTENDEE", named, ";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"))
	}
	return []byte(strings.Join(append(lines, "END:VEVENT", "END:VCALENDAR", ""), "\r\n"))
}

func organiser(property, named, more string) string {
	full, _ := who(named)
	name, addr, _ := strings.Cut(full, " <")
	return fmt.Sprintf("%s;CN=%s%s:mailto:%s", property, name, more, strings.TrimSuffix(addr, ">"))
}
