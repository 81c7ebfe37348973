package email

import (
	"net/mail"
	"strings"
	"time"
)

// looseDates are forms that programs write beside RFC 5322, 3.3.
var looseDates = []string{
	time.RFC3339,
	time.ANSIC,
	time.UnixDate,
	time.RFC850,
	"Mon, 2 Jan 2006 15:04:05",
	"2 Jan 2006 15:04:05",
	"Mon, 2 Jan 2006 15:04 MST",
	"Monday, January 2, 2006 3:04 PM",
	"Mon 2 Jan 2006 15:04:05 -0700",
	"Mon, 2-Jan-2006 15:04:05 -0700",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05",
	"02.01.2006 15:04:05",
}

// parseDate reads a Date field; the zero time when it says nothing sensible.
func parseDate(value string) time.Time {
	if value == "" || len(value) > 200 {
		return time.Time{}
	}
	t, err := mail.ParseDate(value)
	if err != nil {
		t = looseDate(value)
	}
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{} // lists sort by it and columns hold milliseconds
	}
	return t
}

func looseDate(value string) time.Time {
	value, _, _ = strings.Cut(value, "(")
	value = strings.Join(strings.Fields(value), " ")
	for _, form := range looseDates {
		if t, err := time.Parse(form, value); err == nil {
			return t
		}
	}
	return time.Time{}
}
