package email

import (
	"fmt"
	"strings"
	"time"
)

var (
	germanDays   = [...]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}
	germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
)

// replyLead is the line above a quoted original. The time is the sender's own.
func replyLead(m *Message, lang string) string {
	who := Address{}
	if len(m.From) > 0 {
		who = m.From[0]
	}
	date := m.Date
	if lang == "de" {
		if date.IsZero() {
			return fmt.Sprintf("%s schrieb:", orUnknown(who, lang))
		}
		return fmt.Sprintf("Am %s um %s schrieb %s:", date.Format("02.01.2006"), date.Format("15:04"), orUnknown(who, lang))
	}
	if date.IsZero() {
		return fmt.Sprintf("%s wrote:", orUnknown(who, lang))
	}
	return fmt.Sprintf("On %s at %s, %s wrote:", date.Format("2 January 2006"), date.Format("15:04"), orUnknown(who, lang))
}

func orUnknown(a Address, lang string) string {
	if label := headerSafe(a.Display()); label != "" {
		return label
	}
	if lang == "de" {
		return "Unbekannt"
	}
	return "Unknown"
}

// forwardLead is the block above a forwarded original, as Outlook writes it.
func forwardLead(m *Message, lang string) string {
	words := []string{"-----Original Message-----", "From", "Sent", "To", "Cc", "Subject"}
	if lang == "de" {
		words = []string{"-----Ursprüngliche Nachricht-----", "Von", "Gesendet", "An", "Cc", "Betreff"}
	}
	lines := []string{words[0]}
	add := func(name, value string) {
		if value = headerSafe(value); value != "" {
			lines = append(lines, name+": "+value)
		}
	}
	add(words[1], displayList(m.From))
	add(words[2], longDate(m.Date, lang))
	add(words[3], displayList(m.To))
	add(words[4], displayList(m.Cc))
	add(words[5], m.Subject)
	return strings.Join(lines, "\n")
}

const maxShownAddresses = 50

func displayList(list []Address) string {
	var names []string
	for _, a := range list[:min(len(list), maxShownAddresses)] {
		names = append(names, a.Display())
	}
	if len(list) > maxShownAddresses {
		names = append(names, "…")
	}
	return strings.Join(names, "; ")
}

func longDate(t time.Time, lang string) string {
	if t.IsZero() {
		return ""
	}
	if lang == "de" {
		return fmt.Sprintf("%s, %d. %s %d %s", germanDays[t.Weekday()], t.Day(), germanMonths[t.Month()-1], t.Year(), t.Format("15:04"))
	}
	return t.Format("Monday, 2 January 2006 15:04")
}
