package desk

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/web/page"
)

// releaseAPI is the way back for scripts: the release of an event, the dry run, the switches. docs/api.md.
type releaseAPI struct{ s *server }

func (a releaseAPI) routes() []page.Route {
	return []page.Route{
		page.Get("/api/events/:id/release", page.Token, a.show),
		page.Post("/api/events/:id/release", page.Token, a.release),
		page.Post("/api/events/:id/release/retry", page.Token, a.retry),
		page.Get("/api/events/:id/dry-run", page.Token, a.dryRun),
		page.Get("/api/exchange", page.Token, a.exchange),
		page.Post("/api/exchange/switch", page.Token, a.turn),
	}
}

type apiCanary struct {
	Way    string     `json:"way"`
	State  string     `json:"state"`
	Tries  int        `json:"tries"`
	Words  string     `json:"words,omitempty"`
	Remedy string     `json:"remedy,omitempty"`
	Next   *time.Time `json:"next,omitempty"`
}

type apiRelease struct {
	State    string      `json:"state"` // active, opening, released
	Blocked  string      `json:"blocked,omitempty"`
	Probe    bool        `json:"probe_mailbox"`
	Canaries []apiCanary `json:"canaries"`
	Released *time.Time  `json:"released,omitempty"`
	By       string      `json:"released_by,omitempty"`
	Reason   string      `json:"reason,omitempty"`
}

func (a releaseAPI) show(c echo.Context) error {
	e, err := a.s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return a.fail(c, "show release", err)
	}
	return a.answer(c, e)
}

func (a releaseAPI) answer(c echo.Context, e continuity.Event) error {
	body := apiRelease{State: "active", Canaries: []apiCanary{}}
	switch {
	case e.Opening():
		r, err := a.s.Gate.ReleaseOf(c.Request().Context(), e)
		if err != nil {
			return a.fail(c, "show release", err)
		}
		body.State, body.Blocked, body.Probe = "opening", r.Blocked, r.Probe
		for _, one := range r.Canaries {
			body.Canaries = append(body.Canaries, apiCanary{one.Way, string(one.State), one.Tries, one.Words, one.Remedy, some(one.Next)})
		}
	case !e.Active():
		body.State, body.Released, body.By, body.Reason = "released", some(e.Released), e.ReleasedBy, e.ReleaseReason
	}
	return c.JSON(http.StatusOK, body)
}

func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// release goes on without the test.
func (a releaseAPI) release(c echo.Context) error {
	var wish apiEnd
	if status, wrong := readJSON(c, &wish); wrong != nil {
		return refuse(c, status, *wrong)
	}
	if wrong := checkReason(wish.Reason); wrong != nil {
		return refuse(c, http.StatusBadRequest, wrong.api())
	}
	e, err := a.s.Releases.Release(c.Request().Context(), c.Param("id"), "API", page.OneLine(wish.Reason))
	if err != nil {
		return a.fail(c, "release event", err)
	}
	return a.answer(c, e)
}

func (a releaseAPI) retry(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := a.s.Events.Event(ctx, c.Param("id"))
	if err == nil {
		err = a.s.Gate.RetryRelease(ctx, e.ID)
	}
	if err == nil {
		err = a.s.Releases.Note(ctx, e.ID, "retry", "API", "the test before the sync-back")
	}
	if err != nil {
		return a.fail(c, "retry release", err)
	}
	return a.answer(c, e)
}

type apiFlow struct {
	Kind      string `json:"kind"`
	Way       string `json:"way"`
	At        string `json:"at,omitempty"`
	Items     int    `json:"items"`
	Mailboxes int    `json:"mailboxes"`
	Octets    int64  `json:"octets"`
}

type apiDoubt struct {
	Mailbox string `json:"mailbox"`
	Entry   int64  `json:"entry"`
	Kind    string `json:"kind"`
	Way     string `json:"way,omitempty"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail,omitempty"`
}

func (a releaseAPI) dryRun(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := a.s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return a.fail(c, "dry run", err)
	}
	d, err := a.s.Gate.DryRun(ctx, func(m email.MailboxID) bool { return a.s.Events.Covers(e, m) }, e.Kind == continuity.Lockdown, nil)
	if err != nil {
		return a.fail(c, "dry run", err)
	}
	flows, doubts := []apiFlow{}, []apiDoubt{}
	for _, f := range d.Flows {
		flows = append(flows, apiFlow{string(f.Cargo), f.Way, string(f.At), f.Items, f.Mailboxes, f.Octets})
	}
	for _, one := range d.Doubts {
		doubts = append(doubts, apiDoubt{a.s.addressOf(one.Mailbox), int64(one.Seq), string(one.Kind), one.Way, one.Reason, one.Detail})
	}
	return c.JSON(http.StatusOK, map[string]any{"items": d.Items, "mailboxes": d.Mailboxes, "parked": d.Parked, "flows": flows, "doubts": doubts,
		"doubtful": d.Doubtful, "estimate": estimateBody(d.Estimate)})
}

func estimateBody(e syncback.Estimate) map[string]any {
	return map[string]any{"items": e.Items, "seconds": int(e.Left.Seconds()), "binds": e.Binds, "per_minute": e.Rate}
}

type apiSwitch struct {
	On     bool       `json:"on"`
	Since  *time.Time `json:"since,omitempty"`
	By     string     `json:"by,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// exchange tells how the switches stand and what holds the sync-back up.
func (a releaseAPI) exchange(c echo.Context) error {
	ctx := c.Request().Context()
	body := map[string]any{}
	for _, name := range []continuity.SwitchName{continuity.Stopped, continuity.Withdrawn} {
		at, err := a.s.Releases.Switch(ctx, name)
		if err != nil {
			return a.fail(c, "show switches", err)
		}
		body[string(name)] = apiSwitch{at.On, some(at.At), at.By, at.Reason}
	}
	e, err := a.s.Gate.Estimate(ctx, func(email.MailboxID) bool { return true })
	if err != nil {
		return a.fail(c, "estimate", err)
	}
	body["estimate"] = estimateBody(e)
	limits := []map[string]any{}
	for _, l := range a.s.Gate.Limits() {
		limits = append(limits, map[string]any{"key": l.Key, "number": l.N, "octets": l.Octets, "seconds": l.Per.Seconds(), "each_mailbox": l.Each, "source": l.Source})
	}
	body["limits"] = limits
	return c.JSON(http.StatusOK, body)
}

// apiTurn is the body of POST /api/exchange/switch.
type apiTurn struct {
	Switch string `json:"switch"` // stopped or withdrawn
	On     bool   `json:"on"`
	Reason string `json:"reason"`
}

func (a releaseAPI) turn(c echo.Context) error {
	var wish apiTurn
	if status, wrong := readJSON(c, &wish); wrong != nil {
		return refuse(c, status, *wrong)
	}
	if wrong := checkReason(wish.Reason); wrong != nil {
		return refuse(c, http.StatusBadRequest, wrong.api())
	}
	name := continuity.SwitchName(wish.Switch)
	if name != continuity.Stopped && name != continuity.Withdrawn {
		return refuse(c, http.StatusBadRequest, apiError{Field: "switch", Reason: "there is no such switch", Remedy: "Use \"stopped\" or \"withdrawn\"."})
	}
	if err := a.s.Releases.Turn(c.Request().Context(), name, wish.On, "API", page.OneLine(wish.Reason)); err != nil && !errors.Is(err, continuity.ErrSwitched) {
		return a.fail(c, "switch", err)
	}
	return a.exchange(c)
}

// fail adds to the events' errors those of a release.
func (a releaseAPI) fail(c echo.Context, doing string, err error) error {
	switch {
	case errors.Is(err, continuity.ErrNotOpening):
		return refuse(c, http.StatusConflict, apiError{Field: "id", Reason: "the event is not waiting for its release", Remedy: "End it first, or do nothing: its gates are open."})
	case errors.Is(err, continuity.ErrUnconfirmed):
		return refuse(c, http.StatusConflict, apiError{Field: "id", Reason: "nobody has confirmed that this is the right Exchange", Remedy: "An administrator confirms it on the desk's page of the release."})
	}
	return eventsAPI(a).fail(c, doing, err)
}
