package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"holdover/calendar"
	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// mostConflicts is how many other appointments a card names.
const mostConflicts = 5

// invitation fills in the card of a message that brings a calendar object.
func (r *reader) invitation(view *views.Message, m *email.Message) error {
	_, events := calendar.FromMail(m)
	if len(events) == 0 {
		return nil
	}
	e := events[0]
	self := r.self.list()
	known, err := r.server.Calendar.Standing(r.ctx, r.box.id, e, self)
	if err != nil {
		return err
	}
	i := r.card(view.ID, e)
	if part := slices.IndexFunc(m.Parts, isCalendar); part >= 0 {
		i.Save = r.box.part(view.ID, below("", m.Parts[part].Index)) + "?save=1"
		if len(view.Files) == 1 && view.Files[0].Save == i.Save && m.Parts[part].Name == "" {
			view.Files = nil // Exchange sends it without a name: the card is the file, and saves it
		}
	}
	view.Invitation = &i
	switch e.Method {
	case calendar.Reply, calendar.Counter:
		r.saidBy(&i, e)
		return nil
	}
	newer := known.Known && known.Newest.Newer(&e)
	if newer && string(known.Message) != view.ID {
		i.Note, i.NoteURL = r.page.Words.T("calendar.note_.replaced"), r.server.messageURL(r.ctx, r.box, known.Message)
		return nil
	}
	return r.question(&i, e, known, self)
}

func isCalendar(p email.Part) bool { return p.Type == "text/calendar" || p.Type == "application/ics" }

// question is what a card asks and warns of while the appointment can still be answered.
func (r *reader) question(i *views.Invitation, e calendar.Event, known calendar.Standing, self []string) error {
	w := r.page.Words
	me, invited := e.Attendee(self...)
	own := e.Organizer.Address != "" && r.self.has(e.Organizer.Address)
	switch {
	case e.Cancelled:
		i.Note = w.T("calendar.note_.cancelled")
		return nil
	case own:
		i.Note = w.T("calendar.note_.own")
		return nil
	case !e.Recurs() && e.End.Before(r.server.Now()):
		i.Note = w.T("calendar.note_.over")
		i.State = answerBadge(w, known.Answer)
		return nil
	case e.Floating:
		i.Note = w.T("calendar.note_.floating")
	case !e.Instance.IsZero():
		i.Note = w.T("calendar.note_.single")
	}
	others, err := r.server.Calendar.Conflicts(r.ctx, r.box.id, e, self)
	if err != nil {
		return err
	}
	for _, c := range others[:min(len(others), mostConflicts)] {
		i.Conflicts = append(i.Conflicts, views.Clash{Title: titleOf(w, c.Event), When: r.server.stretch(w, c.Start, c.End, c.Event), URL: r.server.messageURL(r.ctx, r.box, c.Message)})
	}
	if e.Method != calendar.Request {
		return nil
	}
	if !invited || me.Address == "" || e.Organizer.Address == "" {
		i.Note = w.T("calendar.note_.uninvited")
		return nil
	}
	i.State = answerBadge(w, known.Answer)
	sending, err := r.answering(i.ID, e)
	switch {
	case err != nil:
		return err
	case sending:
		i.State = &views.Badge{Text: w.T("calendar.mine.sending"), Icon: "sent", Class: "is-act"}
	default:
		i.Post, i.Token = r.box.message(i.ID, "answer"), newToken()
	}
	return nil
}

// card is what every calendar object shows.
func (r *reader) card(id string, e calendar.Event) views.Invitation {
	w, s := r.page.Words, r.server
	i := views.Invitation{ID: id, Heading: w.T("calendar.is." + objectOf(e)), Title: titleOf(w, e), Leaf: w.LeafOf(s.local(e.Start, e)),
		When: s.stretch(w, e.Start, e.End, e), Where: e.Location, By: personName(e.Organizer),
		Recurs: w.Recurrence(e.Rule.Every, e.Rule.Interval, e.Rule.Days, e.Rule.Until, e.Rule.Count)}
	others := 0
	var names []string
	for _, a := range e.Attendees {
		if r.self.has(a.Address) || a.Room {
			continue
		}
		if others++; others <= 3 {
			names = append(names, personName(a))
		}
	}
	if i.People = strings.Join(names, ", "); others > 3 {
		i.People += ", " + w.N("conv.others", others-3)
	}
	return i
}

// answering says whether an answer to an invitation is being sent and can still be taken back: nobody is asked
// for a second one meanwhile.
func (r *reader) answering(id string, e calendar.Event) (bool, error) {
	rows, err := r.server.Mail.Submissions(r.ctx, r.box.id, pageSize)
	for _, row := range rows {
		if !row.Held || string(row.Answers) != id {
			continue
		}
		octets, err := r.server.Mail.Raw(r.ctx, r.box.id, row.Draft)
		if errors.Is(err, mailstore.ErrNotFound) { // taken back or gone out in this moment
			continue
		}
		if err != nil {
			return false, err
		}
		if _, said := calendar.FromMail(email.Parse(octets)); len(said) > 0 && said[0].Method == calendar.Reply && said[0].UID == e.UID {
			return true, nil
		}
	}
	return false, err
}

// saidBy tells what an attendee answered.
func (r *reader) saidBy(i *views.Invitation, e calendar.Event) {
	if len(e.Attendees) == 0 {
		return
	}
	who, word := e.Attendees[0], "answered"
	switch {
	case e.Method == calendar.Counter:
		word = "counter"
	case who.Answer.Given(), who.Answer == calendar.Delegated:
		word = strings.ToLower(string(who.Answer))
	}
	i.Said, i.Comment, i.People = r.page.Words.T("calendar.said."+word, "Name", personName(who)), e.Comment, ""
}

func objectOf(e calendar.Event) string {
	switch {
	case e.Method == calendar.Reply:
		return "reply"
	case e.Method == calendar.Counter:
		return "counter"
	case e.Cancelled:
		return "cancel"
	case e.Method == calendar.Request && e.Sequence > 0:
		return "update"
	case e.Method == calendar.Request:
		return "request"
	}
	return "publish"
}

func titleOf(w *views.Words, e calendar.Event) string {
	if title := page.OneLine(clip(e.Summary, maxSubject)); title != "" {
		return title
	}
	return w.T("calendar.untitled")
}

func personName(p calendar.Person) string {
	if p.Name != "" && !strings.Contains(p.Name, "@") {
		return p.Name
	}
	return p.Address
}

// answerBadge says what the person has answered.
func answerBadge(w *views.Words, a calendar.Answer) *views.Badge {
	switch a {
	case calendar.Accepted:
		return &views.Badge{Text: w.T("calendar.mine.accepted"), Icon: "check", Class: "is-good"}
	case calendar.Tentative:
		return &views.Badge{Text: w.T("calendar.mine.tentative"), Icon: "clock", Class: "is-hold"}
	case calendar.Declined:
		return &views.Badge{Text: w.T("calendar.mine.declined"), Icon: "x", Class: "is-bad"}
	}
	return &views.Badge{Text: w.T("calendar.mine.open"), Icon: "mail", Class: "is-act"}
}

// local is a time on the clock that the pages show. Dates without a time are the same everywhere.
func (s *server) local(t time.Time, e calendar.Event) time.Time {
	if e.AllDay || e.Floating {
		return t
	}
	return t.In(s.Zone)
}

func (s *server) stretch(w *views.Words, start, end time.Time, e calendar.Event) string {
	return w.Stretch(s.local(start, e), s.local(end, e), e.AllDay)
}
