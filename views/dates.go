package views

import (
	"strconv"
	"strings"
	"time"
)

// Stamp is a time as people read it: short in lists, long beside it, and as machines read it.
type Stamp struct{ Short, Long, ISO string }

// At words a time as seen from now, both in the zone of now: today by the hour, in the last six
// days with the weekday, then by date.
func (w *Words) At(t, now time.Time) Stamp {
	t = t.In(now.Location())
	return Stamp{Short: w.short(t, now), Long: w.Long(t), ISO: t.Format(time.RFC3339)}
}

func (w *Words) short(t, now time.Time) string {
	days := dayNumber(now) - dayNumber(t)
	switch {
	case days == 0:
		return t.Format("15:04")
	case days > 0 && days < 7:
		return w.T("date.weekday", "Day", w.weekday(t, false), "Date", w.day(t))
	case t.Year() == now.Year():
		return w.day(t)
	}
	return w.written("format.dayyear", t)
}

// Long is a time in full: "Montag, 23. November 2026, 14:07".
func (w *Words) Long(t time.Time) string {
	return w.T("date.long", "Day", w.weekday(t, true), "N", strconv.Itoa(t.Day()), "Month", w.month(t),
		"Year", strconv.Itoa(t.Year()), "Time", t.Format("15:04"))
}

// Since is an hour, with its day when that is not today: "13:58", "Fr., 20.11., 13:58".
func (w *Words) Since(t, now time.Time) string {
	t = t.In(now.Location())
	if dayNumber(t) == dayNumber(now) {
		return t.Format("15:04")
	}
	return w.short(t, now) + ", " + t.Format("15:04")
}

// Group heads the rows of a day or of a stretch of days: today, yesterday, a weekday, earlier weeks.
func (w *Words) Group(t, now time.Time) string {
	t = t.In(now.Location())
	days := dayNumber(now) - dayNumber(t)
	switch {
	case days <= 0:
		return w.T("date.today")
	case days == 1:
		return w.T("date.yesterday")
	case monday(t) == monday(now):
		return w.weekday(t, true)
	case monday(now)-monday(t) == 7:
		return w.T("date.lastweek")
	}
	return w.month(t) + " " + strconv.Itoa(t.Year())
}

// dayNumber counts calendar days in the zone of t, so that a day of 23 hours is still one.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// monday is the number of the Monday that t's week starts with.
func monday(t time.Time) int { return dayNumber(t) - (int(t.Weekday())+6)%7 }

func (w *Words) day(t time.Time) string { return w.written("format.day", t) }

// written fills a date into a pattern of the catalogue.
func (w *Words) written(pattern string, t time.Time) string {
	return w.T(pattern, "Day", strconv.Itoa(t.Day()), "Day0", t.Format("02"), "Month", w.word("format.months", int(t.Month())-1), "Month0", t.Format("01"), "Year", strconv.Itoa(t.Year()))
}

func (w *Words) weekday(t time.Time, long bool) string {
	if long {
		return w.word("date.weekdays", int(t.Weekday()))
	}
	return w.word("format.weekdays", int(t.Weekday()))
}

func (w *Words) month(t time.Time) string { return w.word("date.months", int(t.Month())-1) }

// word is one of a list of names with spaces between them.
func (w *Words) word(list string, n int) string {
	names := strings.Fields(w.T(list))
	if n >= len(names) {
		return ""
	}
	return names[n]
}

// Number writes a count with the language's thousands sign.
func (w *Words) Number(n int) string {
	digits := strconv.Itoa(n)
	sign := w.T("format.thousands")
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + sign + digits[at:]
	}
	return digits
}

// Size writes octets as people read them: "214 KB", "1,8 MB".
func (w *Words) Size(octets int64) string {
	const kb, mb = 1 << 10, 1 << 20
	switch {
	case octets < kb:
		return w.N("size.bytes", int(octets))
	case octets < mb:
		return w.Number(int((octets+kb/2)/kb)) + " KB"
	}
	return strings.Replace(strconv.FormatFloat(float64(octets)/mb, 'f', 1, 64), ".", w.T("format.decimal"), 1) + " MB"
}
