package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/web/page"
)

const (
	maxJSON   = 256 << 10 // a scope of some thousand mailboxes
	maxReason = 500       // letters
)

// apiEvent is one event as scripts see it. Times are RFC 3339 in UTC.
type apiEvent struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Scope     apiScope   `json:"scope"`
	Reason    string     `json:"reason"`
	Active    bool       `json:"active"`
	Started   time.Time  `json:"started"`
	StartedBy string     `json:"started_by"`
	Ended     *time.Time `json:"ended"`
	EndedBy   string     `json:"ended_by,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`
	Mailboxes int        `json:"mailboxes"` // how many the scope holds now
	Counts    apiCounts  `json:"counts"`
	Trouble   string     `json:"trouble,omitempty"`
}

type apiScope struct {
	All       bool     `json:"all"`
	Domains   []string `json:"domains"`
	Groups    []string `json:"groups"`
	Mailboxes []string `json:"mailboxes"`
}

// apiCounts close: total is the sum of the others.
type apiCounts struct {
	Total    int `json:"total"`
	Verified int `json:"verified"`
	Accepted int `json:"accepted"`
	InDoubt  int `json:"in_doubt"`
	Parked   int `json:"parked"`
	Waiting  int `json:"waiting"`
	Trying   int `json:"trying"`
}

func countsOf(c syncback.Counts) apiCounts {
	return apiCounts{Total: c.Total, Verified: c.Verified, Accepted: c.Accepted, InDoubt: c.InDoubt, Parked: c.Parked, Waiting: c.Waiting, Trying: c.Trying}
}

func (a eventsAPI) describe(ctx context.Context, e continuity.Event) (apiEvent, error) {
	covers := func(m email.MailboxID) bool { return a.s.Events.Covers(e, m) }
	report, err := a.s.Syncback.Report(ctx, e.Started, covers)
	if err != nil {
		return apiEvent{}, err
	}
	one := apiEvent{ID: e.ID, Kind: string(e.Kind), Reason: e.Reason, Active: e.Active(), Started: e.Started.UTC(), StartedBy: e.StartedBy,
		EndedBy: e.EndedBy, EndReason: e.EndReason, Counts: countsOf(report.Counts), Trouble: report.Trouble,
		Scope: apiScope{All: e.Scope.All, Domains: orEmpty(e.Scope.Domains), Groups: orEmpty(e.Scope.Groups), Mailboxes: addresses(a.s.Directory, e.Scope.Mailboxes)}}
	if !e.Ended.IsZero() {
		ended := e.Ended.UTC()
		one.Ended = &ended
	}
	for _, m := range a.s.Directory.Mailboxes() {
		if covers(m.ID) {
			one.Mailboxes++
		}
	}
	return one, nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// addresses names mailboxes by their primary address; one that has left the directory keeps its id.
func addresses(org organisation, ids []email.MailboxID) []string {
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		if m, ok := org.Mailbox(id); ok {
			list = append(list, m.Address)
		} else {
			list = append(list, string(id))
		}
	}
	return list
}

// readJSON reads one strict JSON object: unknown fields, a second value and anything that is not JSON are errors. How the body is declared does not matter: the token is the proof, and
// the worst day is no day for a forgotten header.
func readJSON(c echo.Context, into any) (status int, wrong *apiError) {
	body := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxJSON))
	body.DisallowUnknownFields()
	err := body.Decode(into)
	if err == nil {
		if _, more := body.Token(); errors.Is(more, io.EOF) {
			return 0, nil
		}
		return http.StatusBadRequest, &apiError{Reason: "there is more than one JSON value", Remedy: "Send one object."}
	}
	return jsonFault(err)
}

func jsonFault(err error) (status int, wrong *apiError) {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, &apiError{Reason: fmt.Sprintf("the body has more than %d octets", maxJSON), Remedy: "Use groups or domains instead of single mailboxes."}
	case errors.As(err, &kind):
		return http.StatusBadRequest, &apiError{Field: kind.Field, Reason: fmt.Sprintf("it is a %s where %s is wanted", kind.Value, kind.Type), Remedy: "See docs/api.md for the shape."}
	case errors.As(err, &syntax):
		return http.StatusBadRequest, &apiError{Reason: fmt.Sprintf("no JSON after %d octets", syntax.Offset), Remedy: "Check quotes, commas and braces."}
	}
	if name, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return http.StatusBadRequest, &apiError{Field: strings.Trim(name, `"`), Reason: "this field is not known", Remedy: "Leave it out, or see docs/api.md for the right name."}
	}
	return http.StatusBadRequest, &apiError{Reason: "the body is empty or cut off", Remedy: "Send one JSON object."}
}

var kinds = []continuity.Kind{continuity.Outage, continuity.Maintenance, continuity.Drill, continuity.Lockdown}

func kindOf(text string) (continuity.Kind, *wishError) {
	for _, k := range kinds {
		if string(k) == text {
			return k, nil
		}
	}
	return "", &wishError{Field: "kind", Word: "desk.err.kind", Piece: text, Reason: fmt.Sprintf("%q is no kind of event", text),
		Remedy: "Use one of: outage, maintenance, drill, lockdown."}
}

func checkReason(text string) *wishError {
	switch {
	case page.OneLine(text) == "":
		return &wishError{Field: "reason", Word: "desk.err.reason", Reason: "it is missing", Remedy: "Say in a sentence why; it stands in the record for good."}
	case utf8.RuneCountInString(text) > maxReason:
		return &wishError{Field: "reason", Word: "desk.err.reasonlong", Reason: fmt.Sprintf("it is longer than %d letters", maxReason), Remedy: "Shorten it and point to a ticket."}
	}
	return nil
}
