package calendar

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-ical"
)

// product names us in what we write (RFC 5545, 3.7.3).
const product = "-//Holdover//Holdover//EN"

// Reply writes the answer of one attendee to an invitation (RFC 5546, 3.2.3), with a note if it is not empty. addresses
// are the person's own; the first that is invited answers. Errors: ErrNotInvited.
func (e *Event) Reply(answer Answer, note string, now time.Time, addresses ...string) ([]byte, error) {
	var invited *ical.Prop
	attendees := e.source.component.Props[ical.PropAttendee]
	for _, address := range addresses {
		for i := range attendees {
			if invited == nil && sameAddress(person(&attendees[i]).Address, address) {
				invited = &attendees[i]
			}
		}
	}
	if invited == nil || e.Organizer.Address == "" || !answer.Given() {
		return nil, ErrNotInvited
	}
	event := ical.NewComponent(ical.CompEvent)
	for _, name := range []string{ical.PropUID, ical.PropOrganizer, ical.PropSummary, ical.PropDateTimeStart, ical.PropDateTimeEnd,
		ical.PropDuration, ical.PropRecurrenceID, ical.PropLocation} {
		if p := e.source.component.Props.Get(name); p != nil {
			event.Props.Set(p)
		}
	}
	sequence := ical.NewProp(ical.PropSequence)
	sequence.Value = fmt.Sprint(e.Sequence)
	event.Props.Set(sequence)
	event.Props.SetDateTime(ical.PropDateTimeStamp, now.UTC())
	me := ical.NewProp(ical.PropAttendee)
	me.Value = invited.Value
	if name := invited.Params.Get(ical.ParamCommonName); name != "" {
		me.Params.Set(ical.ParamCommonName, strings.ReplaceAll(clean(name), `"`, "'"))
	}
	me.Params.Set(ical.ParamParticipationStatus, string(answer))
	event.Props.Set(me)
	if note = strings.TrimSpace(note); note != "" {
		event.Props.SetText(ical.PropComment, note)
	}
	return e.write(event)
}

// write puts an event into a calendar object beside the zones that it names.
func (e *Event) write(event *ical.Component) ([]byte, error) {
	c := ical.NewCalendar()
	c.Props.SetText(ical.PropProductID, product)
	c.Props.SetText(ical.PropVersion, "2.0")
	c.Props.SetText(ical.PropMethod, string(Reply))
	if start := event.Props.Get(ical.PropDateTimeStart); start != nil {
		if named := start.Params.Get(ical.ParamTimezoneID); named != "" {
			inUTC(event, e.source.zones)
		}
	}
	c.Children = append(c.Children, event)
	var out bytes.Buffer
	if err := ical.NewEncoder(&out).Encode(c); err != nil {
		return nil, fmt.Errorf("calendar: reply to %q: %w", e.UID, err)
	}
	return out.Bytes(), nil
}

// inUTC writes times with a zone in UTC, so that no zone has to be defined.
func inUTC(event *ical.Component, z zones) {
	for _, name := range []string{ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropRecurrenceID} {
		if m, ok := z.moment(event.Props.Get(name)); ok && !m.day && !m.floating() {
			event.Props.SetDateTime(name, m.instant().UTC())
		}
	}
}
