package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/syncback/traffic"
	"holdover/views"
	"holdover/web/page"
)

// exchangePage is about Exchange itself: the switches, who it is, and how much it takes.
func (s *server) exchangePage(c echo.Context) error {
	return s.showExchange(c, http.StatusOK, "", "", nil)
}

// exchangeOrder turns a switch, or takes an administrator's word that this is the right Exchange.
func (s *server) exchangeOrder(c echo.Context) error {
	if c.FormValue("button") == "confirm" {
		return s.confirmIdentity(c)
	}
	name, reason := continuity.SwitchName(c.FormValue("switch")), c.FormValue("reason")
	if name != continuity.Stopped && name != continuity.Withdrawn {
		return page.ErrBad
	}
	if wrong := checkReason(reason); wrong != nil {
		faults := []views.Fault{{Field: "reason-" + string(name), Text: s.WordsOf(c).T(wrong.Word)}}
		return s.showExchange(c, http.StatusUnprocessableEntity, name, reason, faults)
	}
	err := s.Releases.Turn(c.Request().Context(), name, c.FormValue("on") == "1", page.PersonOf(c).Name, page.OneLine(reason))
	if err != nil && !errors.Is(err, continuity.ErrSwitched) { // somebody was faster; the page shows how it stands
		return err
	}
	return page.Redirect(c, "/desk/exchange?done=switched")
}

// confirmIdentity takes the word for what was shown, if that is still what is shown.
func (s *server) confirmIdentity(c echo.Context) error {
	ctx, event := c.Request().Context(), c.FormValue("event")
	back := "/desk/exchange"
	if event != "" {
		if _, err := s.Events.Event(ctx, event); err != nil {
			return err
		}
		back = "/desk/events/" + event + "/release"
	}
	shown := s.Gate.Present(ctx)
	if seenWord(shown) != c.FormValue("seen") {
		return page.Redirect(c, back+"?look=1&done=identitychanged")
	}
	if err := s.Releases.Confirm(ctx, event, page.PersonOf(c).Name, pinned(shown)); err != nil {
		return err
	}
	s.Gate.Resume(ctx)
	return page.Redirect(c, back+"?done=confirmed")
}

// pinned are the identities that a confirmation holds the ways to.
func pinned(shown []syncback.Shown) (list []continuity.Identity) {
	for _, one := range shown {
		if one.Pinned && one.Failed == "" {
			list = append(list, one.Identity)
		}
	}
	return list
}

// seenWord says in one word what was shown, so that a confirmation is about that and nothing else.
func seenWord(shown []syncback.Shown) string {
	var words []string
	for _, i := range pinned(shown) {
		words = append(words, i.Way+"="+i.Pin)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func (s *server) showExchange(c echo.Context, status int, wrong continuity.SwitchName, reason string, faults []views.Fault) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	w := p.Words
	p.Title, p.Flash = w.T("desk.exchange"), flash(c, w)
	v, err := s.exchangeSays(ctx, w)
	if err != nil {
		return err
	}
	for name, view := range map[continuity.SwitchName]*views.SwitchView{continuity.Stopped: &v.Stopped, continuity.Withdrawn: &v.Withdrawn} {
		at, err := s.Releases.Switch(ctx, name)
		if err != nil {
			return err
		}
		*view = s.switchView(w, name, at)
		if name == wrong {
			view.Reason, view.Faults = reason, faults
		}
	}
	for _, name := range []continuity.SwitchName{continuity.Stopped, continuity.Withdrawn} { // the graver one is said
		if at, err := s.Releases.Switch(ctx, name); err == nil && at.On {
			v.Say, v.Calm = w.T("release.exchange_say_"+string(name), "Time", w.Since(at.At, s.Time())), false
		}
	}
	if v.Identities, err = s.identities(c, w, continuity.Event{}); err != nil {
		return err
	}
	var estimate syncback.Estimate
	if v.Estimate, estimate, err = s.estimateLines(ctx, w, func(email.MailboxID) bool { return true }); err != nil {
		return err
	}
	if !v.Calm { // nothing or not all goes now, so no end can be told
		v.Estimate, estimate = nil, syncback.Estimate{}
	}
	for _, l := range s.Gate.Limits() {
		v.Limits = append(v.Limits, limitRow(w, l, estimate))
	}
	if v.Story, err = s.switchStory(ctx, w); err != nil {
		return err
	}
	return s.Render(c, status, p, views.ExchangePage(p, v))
}

// exchangeSays begins the page with what holds now: nothing goes to mailboxes whose event is not released.
func (s *server) exchangeSays(ctx context.Context, w *views.Words) (v views.ExchangeDesk, err error) {
	events, err := s.Events.Events(ctx, maxEvents)
	if err != nil {
		return v, err
	}
	closed, ok := continuity.Latest(events, func(e continuity.Event) bool { return e.Kind.Closes() && (e.Active() || e.Opening()) })
	switch since := w.Since(closed.Started, s.Time()); {
	case !ok:
		v.Say, v.Calm = w.T("release.exchange_say"), true
	case closed.Scope.All:
		v.Say = w.T("release.exchange_say_closed", "Time", since)
	default:
		v.Say = w.T("release.exchange_say_partly", "Time", since)
	}
	return v, nil
}

func (s *server) switchView(w *views.Words, name continuity.SwitchName, at continuity.Switch) views.SwitchView {
	key := "release." + string(name)
	v := views.SwitchView{Name: string(name), On: at.On, Title: w.T(key), Means: w.T(key + "_means"), Button: w.T(key + "_button")}
	if at.On {
		v.Button, v.State = w.T(key+"_off_button"), w.T(key+"_on", "Time", w.Since(at.At, s.Time()), "By", at.By, "Reason", at.Reason)
	}
	return v
}

// switchStory are the lines of the record that belong to no event, the newest first.
func (s *server) switchStory(ctx context.Context, w *views.Words) (lines []views.RecordLine, err error) {
	records, err := s.Releases.Records(ctx, "")
	for _, r := range slices.Backward(records) {
		if r.Event == "" && len(lines) < maxEvents {
			lines = append(lines, s.recordLine(w, r))
		}
	}
	return lines, err
}

func limitRow(w *views.Words, l traffic.Limit, e syncback.Estimate) views.LimitRow {
	row := views.LimitRow{Key: l.Key, Name: w.T("release.limit_name." + l.Key), Source: l.Source, Binds: e.Items > 0 && e.Binds == l.Key}
	number := strconv.FormatFloat(l.N, 'f', -1, 64)
	if l.N == float64(int(l.N)) {
		number = w.Number(int(l.N))
	}
	if l.Octets {
		number = w.Number(int(l.N/1e6)) + " MB"
	}
	per := "release.per_all"
	if l.Each {
		per = "release.per_each"
	}
	row.Number = w.T(per, "N", number, "Span", spanWords(l))
	return row
}

// spanWords are units that both languages write alike.
func spanWords(l traffic.Limit) string {
	switch seconds := int(l.Per.Seconds()); {
	case seconds%3600 == 0:
		return strconv.Itoa(seconds/3600) + " h"
	case seconds%60 == 0:
		return strconv.Itoa(seconds/60) + " min"
	default:
		return strconv.Itoa(seconds) + " s"
	}
}

// identities shows what each way showed before, and now when somebody asked to look. In a lockdown
// what was seen before it is what counts.
func (s *server) identities(c echo.Context, w *views.Words, e continuity.Event) (v views.Identities, err error) {
	ctx := c.Request().Context()
	v = views.Identities{Event: e.ID, Action: "/desk/exchange", Look: "/desk/exchange?look=1"}
	if e.ID != "" {
		v.Look = "/desk/events/" + e.ID + "/release?look=1"
	}
	known, err := s.Releases.Identities(ctx)
	if err != nil {
		return v, err
	}
	before := map[string][]continuity.Identity{}
	for _, k := range known {
		if e.ID == "" || k.First.Before(e.Started) {
			before[k.Way] = append(before[k.Way], k)
		}
	}
	if v.Looked = c.QueryParam("look") != ""; !v.Looked {
		for _, k := range known {
			if len(before[k.Way]) > 0 {
				v.Rows = append(v.Rows, s.identityRow(w, k.Way, nil, before[k.Way]))
				delete(before, k.Way)
			}
		}
		return v, nil
	}
	ctx, cancel := context.WithTimeout(ctx, releaseWait)
	defer cancel()
	shown := s.Gate.Present(ctx)
	v.Seen = seenWord(shown)
	for _, one := range shown {
		v.Rows = append(v.Rows, s.identityRow(w, one.Way, &one, before[one.Way]))
	}
	return v, nil
}

// beforeShown is how many earlier identities of a way stand beside what it shows now.
const beforeShown = 2

func (s *server) identityRow(w *views.Words, way string, now *syncback.Shown, before []continuity.Identity) views.IdentityRow {
	row := views.IdentityRow{Way: strings.ToUpper(way), Pinned: true}
	var columns []continuity.Identity
	if now != nil {
		row.Way, row.Pinned, row.Failed, row.Trouble = now.Title, now.Pinned, now.Failed, now.Trouble
		if now.Failed == "" {
			row.Heads, columns = append(row.Heads, w.T("release.now")), append(columns, now.Identity)
			row.Mark = identityMark(w, now.Identity, before)
		}
	}
	for _, k := range before[:min(len(before), beforeShown)] {
		row.Heads, columns = append(row.Heads, w.T("release.before")), append(columns, k)
	}
	looked := now != nil && now.Failed == "" && len(before) > 0
	for _, f := range []struct {
		key  string
		of   func(continuity.Identity) string
		same bool // it should be the same now
	}{
		{"subject", func(i continuity.Identity) string { return i.Subject }, true},
		{"issuer", func(i continuity.Identity) string { return i.Issuer }, true},
		{"pin", func(i continuity.Identity) string { return i.Pin }, true},
		{"expires", func(i continuity.Identity) string { return s.long(w, i.Expires) }, true},
		{"seen", func(i continuity.Identity) string { return s.spanned(w, i) }, false},
		{"confirmed", func(i continuity.Identity) string { return s.confirmedBy(w, i) }, false},
	} {
		fact, said := views.FactRow{Name: w.T("release." + f.key), Hash: f.key == "pin"}, false
		for _, i := range columns {
			fact.Values = append(fact.Values, f.of(i))
			said = said || f.of(i) != ""
		}
		fact.Differs = f.same && looked && !slices.Contains(fact.Values[1:], fact.Values[0])
		if said {
			row.Facts = append(row.Facts, fact)
		}
	}
	return row
}

func identityMark(w *views.Words, now continuity.Identity, before []continuity.Identity) views.Badge {
	switch same := slices.ContainsFunc(before, func(k continuity.Identity) bool { return k.Pin == now.Pin }); {
	case same:
		return views.Badge{Text: w.T("release.same"), Icon: "ok", Class: "is-good"}
	case len(before) == 0:
		return views.Badge{Text: w.T("release.first"), Icon: "alert", Class: "is-hold"}
	}
	return views.Badge{Text: w.T("release.different"), Icon: "alert", Class: "is-bad"}
}

func (s *server) long(w *views.Words, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return w.At(t, s.Time()).Long
}

func (s *server) spanned(w *views.Words, i continuity.Identity) string {
	if i.First.IsZero() {
		return ""
	}
	return w.T("release.seen_span", "From", w.Since(i.First, s.Time()), "To", w.Since(i.Last, s.Time()))
}

func (s *server) confirmedBy(w *views.Words, i continuity.Identity) string {
	if i.Confirmed.IsZero() {
		return ""
	}
	return w.T("release.confirmed_by", "Time", w.Since(i.Confirmed, s.Time()), "By", i.ConfirmedBy)
}
