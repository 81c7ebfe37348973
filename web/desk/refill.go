package desk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// Refills puts messages of the store back into mailboxes of an Exchange that was rebuilt or restored;
// *syncback.Syncback.
type Refills interface {
	StartRefill(ctx context.Context, w syncback.RefillWish) (id string, err error)
	FillRefill(ctx context.Context, id, by string) error
	CancelRefill(ctx context.Context, id, by string) error
	Refills(ctx context.Context, limit int) ([]syncback.Refill, error)
	Refill(ctx context.Context, id string) (syncback.Refill, error)
}

func (s *server) refillRoutes() []page.Route {
	return []page.Route{
		page.Get("/desk/refills", page.Admins, s.refillForm),
		page.Post("/desk/refills", page.Admins, s.startRefill),
		page.Get("/desk/refills/:id", page.Admins, s.refillPage),
		page.Post("/desk/refills/:id/fill", page.Admins, s.turnRefill(Refills.FillRefill)),
		page.Post("/desk/refills/:id/cancel", page.Admins, s.turnRefill(Refills.CancelRefill)),
	}
}

// refillForm asks for whom and for which time, and lists what was done before.
func (s *server) refillForm(c echo.Context) error {
	return s.showRefills(c, http.StatusOK, url.Values{"scope": {"mailboxes"}}, nil)
}

func (s *server) showRefills(c echo.Context, status int, v url.Values, wrong []*wishError) error {
	if s.Refills == nil {
		return echo.ErrNotFound
	}
	list, err := s.Refills.Refills(c.Request().Context(), maxEvents)
	if err != nil {
		return err
	}
	p := s.Shell(c)
	w := p.Words
	p.Title = w.T("refill.title")
	f := views.RefillForm{All: v.Get("scope") == "all", Mailboxes: v.Get("mailboxes"), From: v.Get("from"), Until: v.Get("until"), Backup: v.Get("backup"),
		Bins: v.Get("bins") != "", Reason: v.Get("reason"), Faults: wishFaults(w, wrong), Everybody: w.N("desk.boxes", len(s.Directory.Mailboxes()))}
	for _, r := range list {
		f.Before = append(f.Before, s.refillRow(w, r))
	}
	return s.Render(c, status, p, views.RefillsPage(p, f))
}

// startRefill begins the dry look.
func (s *server) startRefill(c echo.Context) error {
	if s.Refills == nil {
		return echo.ErrNotFound
	}
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxJSON)
	if err := c.Request().ParseForm(); err != nil {
		return page.ErrBad
	}
	v := c.Request().PostForm
	scope, wrong := s.scopeFrom(v)
	wish := syncback.RefillWish{Bins: v.Get("bins") != "", By: page.PersonOf(c).Name, Reason: page.OneLine(v.Get("reason"))}
	faults := []*wishError{wrong, checkReason(v.Get("reason"))}
	for field, into := range map[string]*time.Time{"from": &wish.From, "until": &wish.Until, "backup": &wish.Backup} {
		var no *wishError
		if *into, no = s.localTime(field, v.Get(field)); no != nil {
			faults = append(faults, no)
		}
	}
	if !wish.Until.IsZero() && !wish.From.Before(wish.Until) {
		faults = append(faults, &wishError{Field: "until", Word: "refill.err.window"})
	}
	for _, f := range faults {
		if f != nil {
			return s.showRefills(c, http.StatusUnprocessableEntity, v, faults)
		}
	}
	wish.Mailboxes = s.boxesIn(scope)
	id, err := s.Refills.StartRefill(c.Request().Context(), wish)
	if err != nil {
		return err
	}
	return page.Redirect(c, "/desk/refills/"+id)
}

// localTime reads a day or a moment as browsers send it, in the zone of the pages; "" is no bound.
func (s *server) localTime(field, text string) (time.Time, *wishError) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, s.Zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, &wishError{Field: field, Word: "refill.err.time", Piece: text, Reason: "it is no time", Remedy: "Write it as 2026-11-23T14:00."}
}

// boxesIn lists the mailboxes of a scope.
func (s *server) boxesIn(scope continuity.Scope) (list []email.MailboxID) {
	for _, m := range s.Directory.Mailboxes() {
		if s.Events.Covers(continuity.Event{Scope: scope}, m.ID) {
			list = append(list, m.ID)
		}
	}
	return list
}

// refillPage is one refill: what the look found, the button, and how far it has come.
func (s *server) refillPage(c echo.Context) error {
	if s.Refills == nil {
		return echo.ErrNotFound
	}
	r, err := s.Refills.Refill(c.Request().Context(), c.Param("id"))
	if errors.Is(err, syncback.ErrNoRefill) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	p := s.Shell(c)
	p.Title = p.Words.T("refill.title")
	return s.Render(c, http.StatusOK, p, views.RefillPage(p, s.refillView(p.Words, r)))
}

// turnRefill is the administrator's word: fill or cancel.
func (s *server) turnRefill(turn func(r Refills, ctx context.Context, id, by string) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.Refills == nil {
			return echo.ErrNotFound
		}
		err := turn(s.Refills, c.Request().Context(), c.Param("id"), page.PersonOf(c).Name)
		switch {
		case errors.Is(err, syncback.ErrNoRefill):
			return echo.ErrNotFound
		case err != nil && !errors.Is(err, syncback.ErrRefillState): // the page shows where it stands
			return err
		}
		return page.Redirect(c, "/desk/refills/"+c.Param("id"))
	}
}

func (s *server) refillRow(w *views.Words, r syncback.Refill) views.RefillRow {
	return views.RefillRow{URL: "/desk/refills/" + r.ID, When: w.At(r.Begun, s.Time()), Reason: r.Reason, By: r.By, Boxes: w.N("desk.boxes", len(r.Boxes)),
		Say: s.sayRefill(w, r), State: views.Badge{Text: w.T("refill.state_" + refillWord(r)), Icon: refillIcon(r), Class: refillClass(r)}}
}

// refillWord is the state as pages name it: what was entered and has arrived is done.
func refillWord(r syncback.Refill) string {
	if r.State == syncback.RefillFilled && !r.Done() {
		return string(syncback.RefillFilling)
	}
	if r.State == syncback.RefillLooked && r.Missing == 0 {
		return "nothing"
	}
	return string(r.State)
}

func refillIcon(r syncback.Refill) string {
	return map[string]string{"looking": "search", "looked": "alert", "filling": "clock", "nothing": "check", "filled": "check", "cancelled": "x"}[refillWord(r)]
}

func refillClass(r syncback.Refill) string {
	return map[string]string{"looked": "is-hold", "filling": "is-hold", "nothing": "is-good", "filled": "is-good"}[refillWord(r)]
}

// sayRefill is the one true sentence.
func (s *server) sayRefill(w *views.Words, r syncback.Refill) string {
	done := 0
	for _, b := range r.Boxes {
		if b.Done {
			done++
		}
	}
	switch refillWord(r) {
	case "looking":
		return w.T("refill.say_looking", "Done", w.Number(done), "Total", w.N("desk.boxes", len(r.Boxes)))
	case "nothing":
		return w.T("refill.say_nothing", "N", w.Number(r.Held))
	case "looked":
		return w.T("refill.say_looked", "N", w.Number(r.Missing), "Total", w.Number(r.Held))
	case "filling":
		return w.T("refill.say_filling", "N", w.Number(r.Back.Verified), "Total", w.Number(max(r.Missing, r.Back.Total)))
	case "filled":
		return w.T("refill.say_filled", "N", w.Number(r.Back.Verified))
	}
	return w.T("refill.say_cancelled")
}

func (s *server) refillView(w *views.Words, r syncback.Refill) views.Refill {
	any := w.T("refill.unbounded")
	at := func(t time.Time) string {
		if t.IsZero() {
			return any
		}
		return w.At(t.In(s.Zone), s.Time()).Long
	}
	v := views.Refill{ID: r.ID, Say: s.sayRefill(w, r), Done: r.Done() || refillWord(r) == "nothing", CanFill: r.State == syncback.RefillLooked && r.Missing > 0, Renew: refillWord(r) == "looking" || refillWord(r) == "filling",
		CanCancel: r.State == syncback.RefillLooking || refillWord(r) == "looked" || r.State == syncback.RefillFilling, Missing: w.Number(r.Missing),
		Facts: []views.Fact{{Name: w.T("refill.reason"), Text: r.Reason}, {Name: w.T("refill.by"), Text: r.By + ", " + w.At(r.Begun, s.Time()).Long},
			{Name: w.T("refill.window"), Text: w.T("refill.window_text", "From", at(r.From), "Until", at(r.Until))}, {Name: w.T("refill.backup"), Text: at(r.Backup)}}}
	if r.Backup.IsZero() {
		v.Facts[3].Text = w.T("refill.backup_none")
	}
	v.Parts = []views.CountLink{{Name: w.T("refill.there"), Number: w.Number(r.There)}, {Name: w.T("refill.missing"), Number: w.Number(r.Missing)},
		{Name: w.T("refill.under"), Number: w.Number(r.Under)}, {Name: w.T("refill.deleted"), Number: w.Number(r.Deleted)}, {Name: w.T("refill.unknown"), Number: w.Number(r.Unknown)}}
	for _, b := range r.Boxes {
		row := views.RefillBox{Box: s.addressOf(b.Mailbox), There: w.Number(b.There), Missing: w.Number(b.Missing), Deleted: w.Number(b.Deleted), Back: w.Number(b.Back.Verified), Words: b.Words}
		if b.Back.Parked > 0 {
			row.Parked = w.N("desk.need", b.Back.Parked)
		}
		v.Boxes = append(v.Boxes, row)
		if len(v.Boxes) == maxLines {
			v.Capped = w.Number(maxLines)
			break
		}
	}
	return v
}
