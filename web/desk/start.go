package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/views"
	"holdover/web/page"
)

// startForm asks what is going on, for whom and why. Its answers come back in the query when
// somebody only wanted to count who is concerned.
func (s *server) startForm(c echo.Context) error {
	values := url.Values{"kind": {string(continuity.Outage)}, "scope": {"all"}}
	return s.showStart(c, http.StatusOK, values, nil)
}

// startEvent starts the event, or counts whom it would concern.
func (s *server) startEvent(c echo.Context) error {
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxJSON)
	if err := c.Request().ParseForm(); err != nil {
		return page.ErrBad
	}
	values := c.Request().PostForm
	if values.Get("button") != "start" {
		_, wrong := s.scopeFrom(values)
		return s.showStart(c, http.StatusOK, values, scopeOnly(wrong))
	}
	kind, wrongKind := kindOf(values.Get("kind"))
	scope, wrongScope := s.scopeFrom(values)
	wrongReason := checkReason(values.Get("reason"))
	if wrongKind != nil || wrongScope != nil || wrongReason != nil {
		return s.showStart(c, http.StatusUnprocessableEntity, values, []*wishError{wrongKind, wrongScope, wrongReason})
	}
	e, err := s.Events.Start(c.Request().Context(), continuity.Start{Kind: kind, Scope: scope, Reason: page.OneLine(values.Get("reason")), By: page.PersonOf(c).Name})
	if errors.Is(err, continuity.ErrInvalid) {
		return s.showStart(c, http.StatusUnprocessableEntity, values, []*wishError{{Field: "scope", Word: "desk.err.invalid", Piece: err.Error()}})
	}
	if err != nil {
		return err
	}
	return page.Redirect(c, "/desk/events/"+e.ID)
}

func scopeOnly(wrong *wishError) []*wishError { return []*wishError{wrong} }

// scopeFrom reads the scope of the form: the chosen kind of scope counts, the other lists do not.
func (s *server) scopeFrom(v url.Values) (continuity.Scope, *wishError) {
	var w scopeWish
	switch v.Get("scope") {
	case "all":
		w.All = true
	case "groups":
		w.Groups = v["group"]
	case "domains":
		w.Domains = v["domain"]
	case "mailboxes":
		w.Mailboxes = strings.FieldsFunc(v.Get("mailboxes"), func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
	}
	return scopeOf(s.Directory, w)
}

func (s *server) showStart(c echo.Context, status int, v url.Values, wrong []*wishError) error {
	p := s.Shell(c)
	p.Title = p.Words.T("desk.start")
	w := p.Words
	f := views.StartForm{Scope: v.Get("scope"), Mailboxes: v.Get("mailboxes"), Reason: v.Get("reason")}
	for _, k := range kinds {
		f.Kinds = append(f.Kinds, views.Choice{Value: string(k), Name: w.T("event." + string(k)), Means: w.T("event." + string(k) + "_means"), On: v.Get("kind") == string(k)})
	}
	all := w.N("desk.boxes", len(s.Directory.Mailboxes()))
	f.All = views.Choice{Value: "all", Name: w.T("event.all"), Means: all, On: f.Scope == "all"}
	for _, g := range s.Directory.Groups() {
		f.Groups = append(f.Groups, views.Choice{Value: g.Name, Name: g.Name, Means: w.N("desk.boxes", len(g.Members)), On: slices.Contains(v["group"], g.Name)})
	}
	for _, d := range s.Directory.Domains() {
		f.Domains = append(f.Domains, views.Choice{Value: d, Name: d, Means: w.N("desk.boxes", s.covered(continuity.Scope{Domains: []string{d}})), On: slices.Contains(v["domain"], d)})
	}
	for _, m := range s.Directory.Mailboxes() {
		if len(f.Known) < maxLines {
			f.Known = append(f.Known, views.Suggestion{Name: m.Name, Address: m.Address})
		}
	}
	f.Concerned = w.N("desk.boxes", 0)
	if scope, no := s.scopeFrom(v); no == nil {
		f.Concerned = w.N("desk.boxes", s.covered(scope))
	}
	f.Faults = wishFaults(w, wrong)
	return s.Render(c, status, p, views.StartPage(p, f))
}

// covered counts the mailboxes of a scope as continuity itself understands it.
func (s *server) covered(scope continuity.Scope) (n int) {
	for _, m := range s.Directory.Mailboxes() {
		if s.Events.Covers(continuity.Event{Scope: scope}, m.ID) {
			n++
		}
	}
	return n
}

func wishFaults(w *views.Words, wrong []*wishError) []views.Fault {
	var list []views.Fault
	for _, e := range wrong {
		if e == nil {
			continue
		}
		field, _, _ := strings.Cut(e.Field, "[")
		if field = strings.TrimPrefix(field, "scope."); !slices.Contains([]string{"mailboxes", "kind", "reason", "from", "until", "backup"}, field) {
			field = "scope"
		}
		list = append(list, views.Fault{Field: field, Text: w.T(e.Word, "Piece", e.Piece)})
	}
	return list
}

// scopeWords names a scope in a sentence.
func (s *server) scopeWords(w *views.Words, scope continuity.Scope) string {
	if scope.All {
		return w.T("event.scope_all")
	}
	names := append(slices.Clone(scope.Groups), scope.Domains...)
	var boxes []email.Address
	for _, id := range scope.Mailboxes {
		boxes = append(boxes, email.Address{Addr: s.addressOf(id)})
	}
	if len(boxes) > 0 {
		names = append(names, views.Names(w, boxes))
	}
	return strings.Join(names, ", ")
}
