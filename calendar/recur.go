package calendar

import (
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	maxDates = 1000 // RDATEs or EXDATEs of one event
	maxTimes = 400  // occurrences in one window
)

// Span is one occurrence.
type Span struct{ Start, End time.Time }

// Between lists the occurrences that touch a window, in order, at most 400. Rules finer than a day
// are not followed: nobody invites every minute, except to keep a machine busy.
func (e *Event) Between(from, to time.Time) (list []Span) {
	s := e.source
	walls := []time.Time{s.start.wall}
	if option, ok := dayRule(s.rule, time.UTC); ok && e.Instance.IsZero() {
		walls = s.repeat(option, from, to)
	}
	if e.Instance.IsZero() {
		walls = append(walls, s.extra...)
	}
	slices.SortFunc(walls, time.Time.Compare)
	for _, wall := range slices.Compact(walls) {
		at := s.start.at(wall)
		span := Span{at.instant(), at.plus(s.end).instant()}
		if slices.Contains(s.except, wall) || !span.Start.Before(to) || !span.End.After(from) && !(span.Start.Equal(span.End) && !span.Start.Before(from)) {
			continue
		}
		if list = append(list, span); len(list) == maxTimes {
			break
		}
	}
	return list
}

// repeat applies a rule on the clock's face. It ends with the window, so a rule without a hit ends too.
func (s source) repeat(option rrule.ROption, from, to time.Time) []time.Time {
	const slack = 48 * time.Hour // no clock is further from UTC
	end := to.Add(slack)
	if option.Until.IsZero() || option.Until.After(end) {
		option.Until = end
	}
	option.Dtstart = s.start.wall
	if end.Year()-option.Dtstart.Year() > 200 {
		return []time.Time{s.start.wall}
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return []time.Time{s.start.wall}
	}
	return rule.Between(from.Add(-s.end-slack), end, true)
}

// dayRule reads an RRULE that is no finer than a day.
func dayRule(text string, place *time.Location) (rrule.ROption, bool) {
	if text == "" || len(text) > 2000 {
		return rrule.ROption{}, false
	}
	option, err := rrule.StrToROptionInLocation(strings.ToUpper(text), place)
	if err != nil || option.Freq > rrule.DAILY || option.Interval < 0 || option.Interval > 10000 ||
		len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0 {
		return rrule.ROption{}, false
	}
	return *option, true
}

var frequencies = map[rrule.Frequency]string{rrule.DAILY: "day", rrule.WEEKLY: "week", rrule.MONTHLY: "month", rrule.YEARLY: "year"}

// sentence takes out of a rule what a sentence says.
func (s source) sentence() Rule {
	option, ok := dayRule(s.rule, time.UTC)
	if !ok {
		return Rule{}
	}
	r := Rule{Every: frequencies[option.Freq], Interval: max(option.Interval, 1), Until: option.Until, Count: option.Count}
	if option.Freq == rrule.WEEKLY {
		for _, d := range option.Byweekday {
			r.Days = append(r.Days, time.Weekday((d.Day()+1)%7)) // theirs begins on Monday
		}
	}
	return r
}
