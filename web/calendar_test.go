package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/calendar"
	"holdover/email"
	"holdover/mailstore"
)

// invite is a calendar object as another program mails it.
func invite(method, uid, sequence string, lines ...string) letter {
	answer := map[string]string{"REPLY": "ACCEPTED"}[method]
	object := strings.Join(append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "METHOD:" + method, "BEGIN:VEVENT", "UID:" + uid,
		"DTSTAMP:20261120T080000Z", "SEQUENCE:" + sequence, "SUMMARY:Lage <b>Ersatztrafo</b>", "LOCATION:Raum Elbe",
		"ORGANIZER;CN=Olivia Hartley:mailto:olivia@northgate.example", "ATTENDEE;CN=Katrin Wessel;PARTSTAT=" + answer + ":mailto:wessel@ahrenfeld.example",
		"ATTENDEE;CN=Jens Petersen:mailto:" + jens}, lines...), "END:VEVENT", "END:VCALENDAR", ""), "\r\n")
	return letter{subject: "Lage Ersatztrafo", head: "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n",
		text: "--b\nContent-Type: text/plain\n\nKommen Sie?\n--b\nContent-Type: text/calendar; charset=utf-8; method=" + method + "\n\n" + object + "\n--b--"}
}

// TestInvitation: the card says what is asked and what collides; the answer is one mail, also when asked twice.
func TestInvitation(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.deliver(katrin, invite("REQUEST", "other", "0", "DTSTART:20261124T133000Z", "DTEND:20261124T143000Z"))
	id := h.deliver(katrin, invite("REQUEST", "u1", "0", "DTSTART;TZID=W. Europe Standard Time:20261124T140000", "DTEND;TZID=W. Europe Standard Time:20261124T150000"))
	h.dates.CatchUp(ctx)
	page := h.as(katrin).page(h.open(katrin, id))
	card := page.Find(".card")
	for _, want := range []string{"Einladung: Lage <b>Ersatztrafo</b>", "Dienstag, 24. November 2026, 14:00 bis 15:00 Uhr", "Raum Elbe", "Olivia Hartley", "Jens Petersen",
		"Zur selben Zeit haben Sie schon:", "Dienstag, 24. November 2026, 14:30 bis 15:30 Uhr", "Noch nicht beantwortet", "Zusagen"} {
		if !strings.Contains(said(card), want) {
			t.Errorf("the card does not say %q: %s", want, said(card))
		}
	}
	if n := page.Find(".file").Length(); n != 0 {
		t.Errorf("%d files beside the card, which saves the nameless one itself", n)
	}
	if english := said(h.as(martha).page("/agenda").Find("main")); !strings.Contains(english, "No appointments on these days") {
		t.Errorf("an empty agenda says %s", english)
	}
	token, _ := card.Find("input[name=token]").Attr("value")
	form := []string{"answer", "declined", "note", "Ich bin im Urlaub.", "token", token}
	first := h.as(katrin).post("/m/"+string(id)+"/answer", form...)
	if second := h.as(katrin).post("/m/"+string(id)+"/answer", form...); second != first {
		t.Errorf("the second click leads to %s, the first to %s", second, first)
	}
	if !strings.Contains(first, "done=sent") {
		t.Errorf("it leads to %s", first)
	}
	if held := h.as(katrin).page(h.open(katrin, id)).Find(".card").First(); !strings.Contains(said(held), "Ihre Antwort wird gesendet") || held.Find("button[name=answer]").Length() != 0 {
		t.Errorf("while the answer is held the card says %s", said(held))
	}
	h.clock.Pass(time.Minute)
	if _, err := h.mail.Release(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := h.mail.ClaimOutbound(ctx, time.Minute, 10)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d messages go out, %v", len(out), err)
	}
	octets, err := h.mail.SpoolOctets(ctx, out[0].ID)
	must(t, err)
	_, events := calendar.FromMail(email.Parse(octets))
	if len(events) != 1 || events[0].Method != calendar.Reply || events[0].UID != "u1" || events[0].Comment != "Ich bin im Urlaub." ||
		events[0].Attendees[0].Answer != calendar.Declined || events[0].Attendees[0].Address != "wessel@ahrenfeld.example" {
		t.Errorf("%+v\n%s", events, octets)
	}
	if m := email.Parse(octets); m.Subject != "Abgesagt: Lage <b>Ersatztrafo</b>" || m.From[0].Addr != "wessel@ahrenfeld.example" || len(m.To) != 1 || m.To[0].Addr != "olivia@northgate.example" {
		t.Errorf("%q from %v to %v", m.Subject, m.From, m.To)
	}
	if drafts, _, _ := h.mail.Threads(ctx, h.box(katrin), mailstore.Drafts, before0, 10); len(drafts) != 0 {
		t.Errorf("%d drafts are left over", len(drafts))
	}
	h.dates.CatchUp(ctx)
	if again := said(h.as(katrin).page(h.open(katrin, id)).Find(".card")); !strings.Contains(again, "Sie haben abgesagt") {
		t.Errorf("the answer is forgotten: %s", again)
	}
	agenda := said(h.as(katrin).page("/agenda").Find("main"))
	if strings.Count(agenda, "Lage <b>Ersatztrafo</b>") != 1 || !strings.Contains(agenda, "Zusammengestellt aus 2 Einladungen") {
		t.Errorf("the agenda says %s", agenda)
	}
}

// TestInvitationStates: updates, cancellations, answers of others, and what nobody can answer.
func TestInvitationStates(t *testing.T) {
	h := newHouse(t)
	times := []string{"DTSTART:20261124T130000Z", "DTEND:20261124T140000Z"}
	first := h.deliver(katrin, invite("REQUEST", "u1", "0", times...))
	cases := []struct {
		name, want, not string
		id              email.MessageID
	}{
		{"an update", "Geänderte Einladung:", "abgesagt", h.deliver(katrin, invite("REQUEST", "u1", "1", "DTSTART:20261125T130000Z"))},
		{"what it replaces", "Dazu gibt es eine neuere Fassung. Zur neuen Fassung", "Zusagen", first},
		{"a cancellation", "Dieser Termin wurde abgesagt.", "Zusagen", h.deliver(katrin, invite("CANCEL", "u2", "1", times...))},
		{"an answer", "Katrin Wessel hat zugesagt.", "Zusagen", h.deliver(jens, invite("REPLY", "u3", "0", append(times, "COMMENT:Gern.")...))},
		{"a series", "Jede Woche, am Dienstag, 5-mal", "neuere", h.deliver(katrin, invite("REQUEST", "u4", "0", append(times, "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5")...))},
		{"not invited", "You are not on the list of guests", "Accept", h.deliver(martha, invite("REQUEST", "u5", "0", times...))},
		{"all day", "Montag, 30. November 2026 bis Dienstag, 1. Dezember 2026", "Uhr", h.deliver(katrin, invite("REQUEST", "u6", "0", "DTSTART;VALUE=DATE:20261130", "DTEND;VALUE=DATE:20261202"))},
		{"over", "Der Termin ist vorbei.", "Zusagen", h.deliver(katrin, invite("REQUEST", "u7", "0", "DTSTART:20260101T130000Z"))},
		{"no calendar object", "", "Einladung", h.deliver(katrin, letter{subject: "x", head: "Content-Type: text/calendar; method=REQUEST\r\n", text: "BEGIN:NICHTS"})},
	}
	h.dates.CatchUp(context.Background())
	owner := map[string]string{"an answer": jens, "not invited": martha}
	for _, c := range cases {
		who := owner[c.name]
		if who == "" {
			who = katrin
		}
		text := said(h.as(who).page(h.open(who, c.id)).Find(".card"))
		if !strings.Contains(text, c.want) || c.not != "" && strings.Contains(text, c.not) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
	for what, form := range map[string]url.Values{"no answer": {}, "another word": {"answer": {"<script>"}}} {
		if code := h.as(katrin).do(http.MethodPost, "/m/"+string(first)+"/answer", form).Code; code != http.StatusBadRequest {
			t.Errorf("%s: %d", what, code)
		}
	}
	if code := h.as(jens).do(http.MethodPost, "/m/"+string(first)+"/answer", url.Values{"answer": {"accepted"}}).Code; code != http.StatusNotFound {
		t.Errorf("another person's invitation can be answered: %d", code)
	}
	if code := h.as(martha).do(http.MethodPost, "/m/"+string(cases[5].id)+"/answer", url.Values{"answer": {"accepted"}}).Code; code != http.StatusBadRequest {
		t.Errorf("who is not invited can answer: %d", code)
	}
}
