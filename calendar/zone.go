package calendar

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // small machines have no zone files

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// moment is a date and time as written, and the zone it is meant in. wall is the clock's face,
// carried in a time.Time of UTC so that days can be counted without jumps.
type moment struct {
	wall time.Time
	day  bool // a date without a time
	zone zone
}

func (m moment) instant() time.Time {
	if m.day {
		return m.wall
	}
	return m.zone.instant(m.wall)
}

// floating says that nobody knows the zone: the clock's face is all there is.
func (m moment) floating() bool { return !m.day && m.zone.place == nil && len(m.zone.turns) == 0 }

func (m moment) at(wall time.Time) moment { m.wall = wall; return m }

func (m moment) plus(d time.Duration) moment {
	if m.day || m.floating() {
		return m.at(m.wall.Add(d))
	}
	return moment{wall: m.instant().Add(d).UTC(), zone: zone{place: time.UTC}}
}

// zone is a place known by name, or the turns of a VTIMEZONE (RFC 5545, 3.6.5).
type zone struct {
	place *time.Location
	turns []turn
}

// turn is a change of the offset, and when it comes again.
type turn struct {
	first  time.Time // wall time before the turn
	rule   *rrule.RRule
	offset time.Duration
}

func (z zone) instant(wall time.Time) time.Time {
	if z.place != nil {
		return time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, z.place)
	}
	var last time.Time
	var offset time.Duration
	for _, t := range z.turns {
		at := t.first
		if t.rule != nil && !wall.Before(at) {
			if again := t.rule.Before(wall, true); again.After(at) {
				at = again
			}
		}
		if last.IsZero() || at.After(last) && !at.After(wall) {
			last, offset = at, t.offset
		}
	}
	return wall.Add(-offset)
}

// zones are the zones that an object defines, by their names.
type zones map[string]zone

func zonesOf(root *ical.Component) zones {
	z := zones{}
	for _, c := range root.Children {
		if c.Name != ical.CompTimezone || len(z) > 50 {
			continue
		}
		if turns := turnsOf(c); len(turns) > 0 {
			z[value(c, ical.PropTimezoneID)] = zone{turns: turns}
		}
	}
	return z
}

func turnsOf(c *ical.Component) (turns []turn) {
	for _, part := range c.Children {
		first, err := time.Parse("20060102T150405", value(part, ical.PropDateTimeStart))
		offset, ok := offsetOf(value(part, ical.PropTimezoneOffsetTo))
		if err != nil || !ok || len(turns) > 200 {
			continue
		}
		t := turn{first: first, offset: offset}
		if option, ok := dayRule(value(part, ical.PropRecurrenceRule), time.UTC); ok && option.Freq == rrule.YEARLY {
			option.Dtstart = first
			if first.Year() < 1970 { // Outlook begins in 1601
				option.Dtstart = time.Date(1970, first.Month(), first.Day(), first.Hour(), first.Minute(), first.Second(), 0, time.UTC)
			}
			t.rule, _ = rrule.NewRRule(option)
		}
		turns = append(turns, t)
	}
	slices.SortFunc(turns, func(a, b turn) int { return a.first.Compare(b.first) })
	return turns
}

// offsetOf reads "+0100" or "-053000".
func offsetOf(s string) (time.Duration, bool) {
	if len(s) != 5 && len(s) != 7 {
		return 0, false
	}
	clock := "1504"
	if len(s) == 7 {
		clock = "150405"
	}
	t, err := time.Parse(clock, s[1:])
	d := t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	switch {
	case err != nil:
		return 0, false
	case s[0] == '-':
		return -d, true
	}
	return d, s[0] == '+'
}

// moment reads a DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5).
func (z zones) moment(p *ical.Prop) (moment, bool) {
	if p == nil {
		return moment{}, false
	}
	return z.parse(strings.TrimSpace(p.Value), p.Params.Get(ical.ParamTimezoneID))
}

func (z zones) parse(s, name string) (moment, bool) {
	if len(s) == 8 {
		t, err := time.Parse("20060102", s)
		return moment{wall: t, day: true}, err == nil
	}
	bare, utc := strings.CutSuffix(s, "Z")
	t, err := time.Parse("20060102T150405", bare)
	if err != nil {
		return moment{}, false
	}
	if utc {
		return moment{wall: t, zone: zone{place: time.UTC}}, true
	}
	return moment{wall: t, zone: z.named(name)}, true
}

// named finds a zone: by a name that the world knows, by one of Windows, else by its own definition.
func (z zones) named(name string) zone {
	if name == "" {
		return zone{}
	}
	tries := []string{name, windowsZones[name]}
	if parts := strings.Split(strings.Trim(name, "/"), "/"); len(parts) > 2 {
		tries = append(tries, strings.Join(parts[len(parts)-2:], "/")) // "/example.org/2024/Europe/Berlin"
	}
	for _, try := range tries {
		if try == "" || strings.EqualFold(try, "local") {
			continue
		}
		if place, err := time.LoadLocation(try); err == nil {
			return zone{place: place}
		}
	}
	return z[name]
}

// moments reads lists of dates (RDATE, EXDATE) as wall times of the zone that start is in.
func (z zones) moments(props []ical.Prop, start moment) (list []time.Time) {
	for i := range props {
		for v := range strings.SplitSeq(props[i].Value, ",") {
			v, _, _ = strings.Cut(strings.TrimSpace(v), "/") // a period: its start
			m, ok := z.parse(v, props[i].Params.Get(ical.ParamTimezoneID))
			if !ok || len(list) >= maxDates {
				continue
			}
			list = append(list, start.wallOf(m))
		}
	}
	return list
}

// wallOf is another moment on the clock of m.
func (m moment) wallOf(other moment) time.Time {
	if m.day || m.floating() || other.day || m.zone.place == nil && len(other.zone.turns) > 0 {
		return other.wall
	}
	place := m.zone.place
	if place == nil { // a zone by definition: its offset at that time of its own clock
		at := other.instant()
		return at.Add(m.wall.Sub(m.instant()))
	}
	t := other.instant().In(place)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
