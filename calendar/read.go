package calendar

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"golang.org/x/text/encoding/charmap"
)

// Bounds of what is read of one object.
const (
	maxOctets = 1 << 20
	maxEvents = 100
	maxPeople = 500
	maxLine   = 64 << 10 // letters of one value
)

// source is what an answer and an expansion need of the object as it came.
type source struct {
	component *ical.Component
	zones     zones
	start     moment
	end       time.Duration
	rule      string
	extra     []time.Time // RDATE, wall times
	except    []time.Time // EXDATE, wall times
}

// Read reads the events of a calendar object, UTF-8 or Latin-1. What cannot be read is left out; the
// error is ErrNone when nothing is left.
func Read(octets []byte) ([]Event, error) {
	root := decode(octets)
	if root == nil {
		return nil, ErrNone
	}
	z := zonesOf(root)
	method := Method(strings.ToUpper(value(root, ical.PropMethod)))
	var events []Event
	for _, c := range root.Children {
		if c.Name != ical.CompEvent || len(events) == maxEvents {
			continue
		}
		if e, ok := readEvent(c, z); ok {
			e.Method = method
			e.Cancelled = e.Cancelled || method == Cancel
			events = append(events, e)
		}
	}
	if len(events) == 0 {
		return nil, ErrNone
	}
	return events, nil
}

// decode parses what is well formed. Lines that are not are dropped first: programs write plenty.
func decode(octets []byte) (root *ical.Component) {
	defer func() {
		if recover() != nil {
			root = nil
		}
	}()
	c, err := ical.NewDecoder(bytes.NewReader(mend(octets))).Decode()
	if err != nil {
		return nil
	}
	return c.Component
}

// mend unfolds lines (RFC 5545, 3.1), drops those without a name, and closes what was left open.
func mend(octets []byte) []byte {
	if len(octets) > maxOctets {
		octets = octets[:maxOctets]
	}
	octets = bytes.TrimPrefix(octets, []byte("\ufeff"))
	if !utf8.Valid(octets) {
		octets, _ = charmap.Windows1252.NewDecoder().Bytes(octets)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(octets), "\r\n", "\n"), "\r", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "", "\x00", "").Replace(text)
	var out bytes.Buffer
	var open []string
	line := func(s string) { out.WriteString(s + "\r\n") }
	for s := range strings.SplitSeq(text, "\n") {
		s = strings.ReplaceAll(strings.TrimRight(s, " \t"), `\"`, "'") // no escape in RFC 5545; programs write it into names
		name, rest, ok := strings.Cut(s, ":")
		switch name = strings.ToUpper(strings.TrimSpace(name)); {
		case !ok || len(s) > maxLine || !wellFormed(s):
		case name == "BEGIN":
			rest = strings.ToUpper(strings.TrimSpace(rest))
			if len(open) == 0 && rest != ical.CompCalendar {
				line("BEGIN:" + ical.CompCalendar)
				open = append(open, ical.CompCalendar)
			}
			open = append(open, rest)
			line("BEGIN:" + rest)
		case name == "END":
			if n := len(open); n > 0 && open[n-1] == strings.ToUpper(strings.TrimSpace(rest)) {
				open = open[:n-1]
				line("END:" + strings.ToUpper(strings.TrimSpace(rest)))
				if len(open) == 0 {
					return out.Bytes()
				}
			}
		case len(open) > 0:
			line(s)
		}
	}
	for len(open) > 0 {
		line("END:" + open[len(open)-1])
		open = open[:len(open)-1]
	}
	return out.Bytes()
}

// wellFormed says whether a line is a name, parameters with closed quotes, and a value.
func wellFormed(s string) bool {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if quoted = !quoted; !quoted && !strings.ContainsRune(";:,", rune(s[min(i+1, len(s)-1)])) {
				return false
			}
		case c == ':' && !quoted:
			return i > 0
		case i == 0 || !strings.ContainsRune(s[:i], ';'):
			if !(c == '-' || c == ';' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
				return false
			}
		}
	}
	return false
}

func readEvent(c *ical.Component, z zones) (Event, bool) {
	e := Event{UID: value(c, ical.PropUID), Summary: text(c, ical.PropSummary), Location: text(c, ical.PropLocation),
		Description: text(c, ical.PropDescription), Comment: text(c, ical.PropComment),
		Cancelled: strings.EqualFold(value(c, ical.PropStatus), "CANCELLED")}
	e.Sequence, _ = strconv.Atoi(value(c, ical.PropSequence))
	start, ok := z.moment(c.Props.Get(ical.PropDateTimeStart))
	if !ok || e.UID == "" || len(e.UID) > 1000 {
		return Event{}, false
	}
	e.Start, e.AllDay, e.Floating = start.instant(), start.day, start.floating()
	length := lengthOf(c, z, start)
	e.End = start.plus(length).instant()
	if stamp, ok := z.moment(c.Props.Get(ical.PropDateTimeStamp)); ok {
		e.Stamp = stamp.instant()
	}
	if instance, ok := z.moment(c.Props.Get(ical.PropRecurrenceID)); ok {
		e.Instance = instance.instant()
	}
	if p := c.Props.Get(ical.PropOrganizer); p != nil {
		e.Organizer = person(p)
	}
	for i := range c.Props[ical.PropAttendee] {
		if len(e.Attendees) < maxPeople {
			e.Attendees = append(e.Attendees, person(&c.Props[ical.PropAttendee][i]))
		}
	}
	e.source = source{component: c, zones: z, start: start, end: length, rule: value(c, ical.PropRecurrenceRule),
		extra: z.moments(c.Props[ical.PropRecurrenceDates], start), except: z.moments(c.Props[ical.PropExceptionDates], start)}
	e.Rule = e.source.sentence()
	return e, true
}

// lengthOf is DTEND less DTSTART, or DURATION; a day or nothing without both (RFC 5545, 3.6.1).
func lengthOf(c *ical.Component, z zones, start moment) time.Duration {
	if end, ok := z.moment(c.Props.Get(ical.PropDateTimeEnd)); ok {
		d := end.instant().Sub(start.instant())
		if start.day {
			d = end.wall.Sub(start.wall)
		}
		if d >= 0 {
			return d
		}
	}
	if p := c.Props.Get(ical.PropDuration); p != nil {
		if d, err := p.Duration(); err == nil && d >= 0 {
			return d
		}
	}
	if start.day {
		return 24 * time.Hour
	}
	return 0
}

func person(p *ical.Prop) Person {
	who := Person{Name: clean(p.Params.Get(ical.ParamCommonName)), Answer: Answer(strings.ToUpper(p.Params.Get(ical.ParamParticipationStatus)))}
	if who.Answer == "" {
		who.Answer = Unanswered
	}
	kind := strings.ToUpper(p.Params.Get(ical.ParamCalendarUserType))
	who.Room = kind == "ROOM" || kind == "RESOURCE"
	if v := strings.TrimSpace(p.Value); len(v) > 7 && strings.EqualFold(v[:7], "mailto:") {
		who.Address = clean(v[7:])
	}
	return who
}

// value is a property as written, one line.
func value(c *ical.Component, name string) string {
	if p := c.Props.Get(name); p != nil {
		return clean(p.Value)
	}
	return ""
}

// text is a property of type TEXT, unescaped (RFC 5545, 3.3.11); line ends are kept.
func text(c *ical.Component, name string) string {
	p := c.Props.Get(name)
	if p == nil {
		return ""
	}
	s := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";").Replace(p.Value)
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return readable(r)
	}, s))
}

func clean(s string) string { return strings.TrimSpace(strings.Map(readable, s)) }

// readable drops control characters and signs that turn the direction of what follows.
func readable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	return r
}

func sameAddress(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
