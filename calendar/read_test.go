package calendar

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// corpus is the folder with real and broken calendar objects; they stay out of the repository.
func corpus(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("HOLDOVER_CORPUS")
	if dir == "" {
		dir = "../../shared/corpus"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "ical", "*"))
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no calendar objects in %s", dir)
		}
		t.Skipf("no calendar objects in %s", dir)
	}
	return files
}

// TestCorpus: every object is read or refused, within bounds, and its events are what a page can show.
func TestCorpus(t *testing.T) {
	read, events := 0, 0
	for _, name := range corpus(t) {
		octets, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Read(octets)
		if err != nil {
			if strings.Contains(string(octets), "BEGIN:VEVENT") && strings.Contains(string(octets), "\nUID") && strings.Contains(string(octets), "\nDTSTART") {
				t.Logf("not read: %s", filepath.Base(name))
			}
			continue
		}
		read++
		for _, e := range list {
			events++
			if e.UID == "" || e.End.Before(e.Start) || strings.ContainsAny(e.Summary, "\x00\x1b") {
				t.Errorf("%s: %+v", filepath.Base(name), e)
			}
			e.Between(e.Start.AddDate(-1, 0, 0), e.Start.AddDate(1, 0, 0))
		}
	}
	t.Logf("%d objects with %d events read", read, events)
	if read < 60 {
		t.Errorf("only %d objects could be read", read)
	}
}

func object(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
}

func event(lines ...string) []byte {
	return object(append(append([]string{"METHOD:REQUEST", "BEGIN:VEVENT", "UID:u1@example.test", "DTSTAMP:20261120T080000Z"}, lines...), "END:VEVENT")...)
}

func one(t *testing.T, octets []byte) Event {
	t.Helper()
	list, err := Read(octets)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d events, %v\n%s", len(list), err, octets)
	}
	return list[0]
}

// TestTimes: what a clock shows in Berlin, whatever way the sender wrote the zone.
func TestTimes(t *testing.T) {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	outlook := []string{"METHOD:REQUEST", "BEGIN:VTIMEZONE", "TZID:Eigene Zeit", "BEGIN:STANDARD", "DTSTART:16010101T030000",
		"TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
		"BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
		"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:u", "DTSTAMP:20261120T080000Z"}
	custom := func(start string) []byte {
		return object(append(append([]string{}, outlook...), "DTSTART;TZID=Eigene Zeit:"+start, "END:VEVENT")...)
	}
	for name, c := range map[string]struct {
		octets []byte
		want   string
	}{
		"UTC":                {event("DTSTART:20261123T130000Z"), "2026-11-23 14:00"},
		"IANA":               {event("DTSTART;TZID=Europe/Berlin:20260723T130000"), "2026-07-23 13:00"},
		"Windows":            {event("DTSTART;TZID=W. Europe Standard Time:20260723T130000"), "2026-07-23 13:00"},
		"Windows, far":       {event("DTSTART;TZID=Eastern Standard Time:20261123T080000"), "2026-11-23 14:00"},
		"quoted":             {event(`DTSTART;TZID="Europe/Berlin":20260723T130000`), "2026-07-23 13:00"},
		"prefixed":           {event("DTSTART;TZID=/example.org/20260101_1/Europe/Berlin:20260723T130000"), "2026-07-23 13:00"},
		"own zone, winter":   {custom("20261123T140000"), "2026-11-23 14:00"},
		"own zone, summer":   {custom("20260723T140000"), "2026-07-23 14:00"},
		"own zone, last day": {custom("20261025T040000"), "2026-10-25 04:00"},
		"folded line":        {event("DTSTART;TZID=Europe/Ber\r\n lin:20260723T130000"), "2026-07-23 13:00"},
		"bare LF, bad line":  {[]byte(strings.ReplaceAll(string(event("DIES IST KEINE ZEILE", "DTSTART:20261123T130000Z")), "\r\n", "\n")), "2026-11-23 14:00"},
		"never closed":       {[]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20261123T130000Z\r\n"), "2026-11-23 14:00"},
		"without a calendar": {[]byte("BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20261123T130000Z\r\nEND:VEVENT\r\n"), "2026-11-23 14:00"},
	} {
		if got := one(t, c.octets).Start.In(berlin).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
	day := one(t, event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227"))
	if !day.AllDay || day.End.Sub(day.Start) != 72*time.Hour {
		t.Errorf("all day: %v to %v", day.Start, day.End)
	}
	if nowhere := one(t, event("DTSTART;TZID=Mittelerde:20261123T140000")); !nowhere.Floating {
		t.Error("an unknown zone is taken for a known one")
	}
	if d := one(t, event("DTSTART:20261123T130000Z", "DURATION:PT1H30M")); d.End.Sub(d.Start) != 90*time.Minute {
		t.Errorf("a duration of %v", d.End.Sub(d.Start))
	}
}

// TestRecurrence: occurrences keep the clock's face over the change of the clocks, and hostile rules end.
func TestRecurrence(t *testing.T) {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	weekly := one(t, event("DTSTART;TZID=W. Europe Standard Time:20261013T100000", "DTEND;TZID=W. Europe Standard Time:20261013T110000",
		"RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261130T230000Z", "EXDATE;TZID=W. Europe Standard Time:20261110T100000", "RDATE;TZID=W. Europe Standard Time:20261112T100000"))
	var got []string
	for _, s := range weekly.Between(time.Date(2026, 10, 20, 0, 0, 0, 0, berlin), time.Date(2026, 11, 20, 0, 0, 0, 0, berlin)) {
		got = append(got, s.Start.In(berlin).Format("0102 15:04"))
	}
	if want := "1020 10:00,1027 10:00,1103 10:00,1112 10:00,1117 10:00"; strings.Join(got, ",") != want {
		t.Errorf("%v, not %s", got, want)
	}
	if r := weekly.Rule; r.Every != "week" || len(r.Days) != 1 || r.Days[0] != time.Tuesday || r.Until.IsZero() {
		t.Errorf("%+v", r)
	}
	for _, rule := range []string{"FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=1", "FREQ=DAILY;BYHOUR=0,1,2,3,4;BYMINUTE=0,1,2,3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
		"FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=99999999", "FREQ=MONTHLY;BYDAY=5FR;BYSETPOS=366", "FREQ=YEARLY;BYEASTER=0", "KEINE=REGEL", strings.Repeat("FREQ=DAILY;", 500)} {
		for _, start := range []string{"20261123T130000Z", "00010101T000000Z", "99991231T235959Z"} {
			e, err := Read(event("DTSTART:"+start, "RRULE:"+rule))
			if err != nil {
				continue
			}
			began := time.Now()
			if n := len(e[0].Between(time.Date(2026, 11, 1, 0, 0, 0, 0, berlin), time.Date(2026, 12, 1, 0, 0, 0, 0, berlin))); n > 31 {
				t.Errorf("%s from %s: %d times in a month", rule, start, n)
			}
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("%s from %s took %v", rule, start, d)
			}
		}
	}
}

// TestReply: the answer names what it answers, and only for who is invited.
func TestReply(t *testing.T) {
	e := one(t, event("SEQUENCE:2", "DTSTART;TZID=W. Europe Standard Time:20261123T140000", "SUMMARY:Bauausschuss\\, öffentlich", "ORGANIZER;CN=Bea:mailto:bea@example.test",
		`ATTENDEE;CN="Anna \"A\"";RSVP=TRUE:MAILTO:Anna@example.test`, "ATTENDEE:mailto:carl@example.test"))
	octets, err := e.Reply(Declined, "Ich bin im Urlaub; leider.\nGruß", time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), "a.alias@example.test", "anna@example.test")
	if err != nil {
		t.Fatal(err)
	}
	back := one(t, octets)
	if back.Method != Reply || back.UID != e.UID || back.Sequence != 2 || len(back.Attendees) != 1 || back.Attendees[0].Answer != Declined ||
		!sameAddress(back.Attendees[0].Address, "anna@example.test") || back.Comment != "Ich bin im Urlaub; leider.\nGruß" || back.Summary != "Bauausschuss, öffentlich" || !back.Start.Equal(e.Start) {
		t.Errorf("%+v\n%s", back, octets)
	}
	if _, err := e.Reply(Accepted, "", time.Now(), "dora@example.test"); !errors.Is(err, ErrNotInvited) {
		t.Errorf("a stranger may answer: %v", err)
	}
	if _, err := e.Reply("WRONG", "", time.Now(), "anna@example.test"); err == nil {
		t.Error("any word is an answer")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(event("DTSTART:20261123T130000Z", "RRULE:FREQ=WEEKLY"))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:\nDTSTART;TZID=:20"))
	f.Add(object("BEGIN:VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY", "END:STANDARD", "END:VTIMEZONE"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		events, _ := Read(octets)
		for _, e := range events {
			e.Between(time.Unix(1790000000, 0), time.Unix(1793000000, 0))
			if e.Organizer.Address != "" && len(e.Attendees) > 0 {
				if answer, err := e.Reply(Accepted, "x", time.Unix(1790000000, 0), e.Attendees[0].Address); err == nil {
					if _, err := Read(answer); err != nil {
						t.Errorf("our own answer cannot be read: %v\n%s", err, answer)
					}
				}
			}
		}
	})
}
