package search

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// span is from from (included) to to (excluded); zero ends are open.
type span struct{ from, to time.Time }

// dateLeaf reads a date, a range or a word for one; nil when it is none.
func dateLeaf(t token, now time.Time) *leaf {
	field, s, ok := t.field, span{}, false
	switch t.field {
	case fieldBefore:
		field = fieldReceived
		if s, ok = spanOf(t.text, now); ok {
			s = span{to: s.from}
		}
	case fieldAfter:
		field = fieldReceived
		if s, ok = spanOf(t.text, now); ok {
			s = span{from: s.from}
		}
	default:
		s, ok = compared(t, now)
	}
	if !ok || s == (span{}) {
		return nil
	}
	l := &leaf{field: field, from: seconds(s.from, 0), to: seconds(s.to, -1)}
	l.shown = shownSpan(s)
	l.typed = l.shown
	return l
}

func compared(t token, now time.Time) (span, bool) {
	if from, to, isRange := strings.Cut(t.text, ".."); isRange && t.op == "" {
		a, okA := spanOf(from, now)
		b, okB := spanOf(to, now)
		return span{a.from, b.to}, (okA || from == "") && (okB || to == "") && (okA || okB)
	}
	s, ok := spanOf(t.text, now)
	switch t.op {
	case ">":
		s = span{from: s.to}
	case ">=":
		s = span{from: s.from}
	case "<":
		s = span{to: s.from}
	case "<=":
		s = span{to: s.to}
	}
	return s, ok
}

func seconds(t time.Time, plus int64) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix() + plus
	return &s
}

// shownSpan writes a span as days, so that "last week" shows what it means.
func shownSpan(s span) string {
	const day = "2006-01-02"
	switch {
	case s.to.IsZero():
		return ">=" + s.from.Format(day)
	case s.from.IsZero():
		return "<" + s.to.Format(day)
	}
	first, last := s.from.Format(day), s.to.AddDate(0, 0, -1).Format(day)
	if first == last {
		return first
	}
	return first + ".." + last
}

var (
	isoDate    = regexp.MustCompile(`^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$`)
	isoMonth   = regexp.MustCompile(`^(\d{4})[-/](\d{1,2})$`)
	year       = regexp.MustCompile(`^\d{4}$`)
	germanDate = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?$`)
)

// spanOf reads 2026-11-21, 21.11.2026, 21.11., 2026-11, 2026 and words for a time.
func spanOf(text string, now time.Time) (span, bool) {
	text = strings.TrimSpace(text)
	day := func(y, m, d int) (span, bool) {
		from := time.Date(y, time.Month(m), d, 0, 0, 0, 0, now.Location())
		return span{from, from.AddDate(0, 0, 1)}, from.Day() == d && int(from.Month()) == m
	}
	if g := isoDate.FindStringSubmatch(text); g != nil {
		return day(atoi(g[1]), atoi(g[2]), atoi(g[3]))
	}
	if g := germanDate.FindStringSubmatch(text); g != nil {
		y := now.Year()
		if g[3] != "" {
			y = atoi(g[3])
		}
		if len(g[3]) == 2 {
			y += 2000
		}
		return day(y, atoi(g[2]), atoi(g[1]))
	}
	if g := isoMonth.FindStringSubmatch(text); g != nil {
		from := time.Date(atoi(g[1]), time.Month(atoi(g[2])), 1, 0, 0, 0, 0, now.Location())
		return span{from, from.AddDate(0, 1, 0)}, int(from.Month()) == atoi(g[2])
	}
	if year.MatchString(text) && atoi(text) >= 1970 {
		from := time.Date(atoi(text), 1, 1, 0, 0, 0, 0, now.Location())
		return span{from, from.AddDate(1, 0, 0)}, true
	}
	s := relative(fold(strings.ToLower(text)), now)
	return s, s != (span{})
}

// relative understands words for a time, folded; the zero span otherwise. Weeks begin on Monday.
func relative(words string, now time.Time) span {
	y, m, d := now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	days := func(back, n int) span { return span{today.AddDate(0, 0, -back), today.AddDate(0, 0, n-back)} }
	since := (int(today.Weekday()) + 6) % 7 // days since Monday
	month := time.Date(y, m, 1, 0, 0, 0, 0, now.Location())
	january := time.Date(y, 1, 1, 0, 0, 0, 0, now.Location())
	if back, ok := weekdays[words]; ok {
		return days((since-back+7)%7, 1)
	}
	switch strings.Join(strings.Fields(words), " ") {
	case "today", "heute":
		return days(0, 1)
	case "yesterday", "gestern":
		return days(1, 1)
	case "this week", "diese woche", "dieser woche":
		return days(since, 7)
	case "last week", "letzte woche", "letzter woche", "vorige woche":
		return days(since+7, 7)
	case "this month", "dieser monat", "diesen monat", "diesem monat":
		return span{month, month.AddDate(0, 1, 0)}
	case "last month", "letzter monat", "letzten monat", "voriger monat", "vorigen monat":
		return span{month.AddDate(0, -1, 0), month}
	case "this year", "dieses jahr", "diesem jahr":
		return span{january, january.AddDate(1, 0, 0)}
	case "last year", "letztes jahr", "letzten jahr", "voriges jahr":
		return span{january.AddDate(-1, 0, 0), january}
	}
	return span{}
}

// weekdays, folded, as days after Monday: the most recent one is meant.
var weekdays = map[string]int{
	"monday": 0, "montag": 0, "tusday": 1, "dienstag": 1, "wednesday": 2, "mittwoch": 2, "thursday": 3, "donnerstag": 3,
	"friday": 4, "freitag": 4, "saturday": 5, "samstag": 5, "sonnabend": 5, "sunday": 6, "sonntag": 6,
}

// sizeLeaf reads size:>5MB, size:1MB..5MB, larger:5M; nil when it is none. A size without
// operator means at least that.
func sizeLeaf(t token) *leaf {
	l := &leaf{field: fieldSize, shown: t.op + t.text, typed: t.op + t.text}
	switch t.field {
	case fieldLarger:
		t.op, l.shown, l.typed = ">", ">"+t.text, ">"+t.text
	case fieldLess:
		t.op, l.shown, l.typed = "<", "<"+t.text, "<"+t.text
	}
	if from, to, isRange := strings.Cut(t.text, ".."); isRange && t.op == "" {
		a, okA := octets(from)
		b, okB := octets(to)
		if okA {
			l.from = &a
		}
		if okB {
			l.to = &b
		}
		if (okA || from == "") && (okB || to == "") && (okA || okB) {
			return l
		}
		return nil
	}
	n, ok := octets(t.text)
	if !ok {
		return nil
	}
	switch more, less := n+1, n-1; t.op {
	case ">":
		l.from = &more
	case "<":
		l.to = &less
	case "<=":
		l.to = &n
	default:
		l.from = &n
	}
	return l
}

var sizeText = regexp.MustCompile(`^(\d{1,9}(?:[.,]\d{1,3})?)\s?([kmg]?)(?:i?b)?$`)

func octets(text string) (int64, bool) {
	g := sizeText.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if g == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.Replace(g[1], ",", ".", 1), 64)
	n *= map[string]float64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[g[2]]
	return int64(math.Round(n)), err == nil
}

// atoi reads digits that a pattern has checked.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
