package desk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdover/syncback"
)

func (st *stage) api(method, path, token, body string) (int, map[string]any) {
	st.T.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", token)
	}
	if body != "" {
		h.Set("Content-Type", "application/json")
	}
	w := st.Ask("", method, path, h, strings.NewReader(body))
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		st.T.Fatalf("%s %s answers %d without JSON: %q", method, path, w.Code, w.Body)
	}
	if cookies := w.Result().Cookies(); len(cookies) > 0 {
		st.T.Errorf("%s %s sets cookies: %v", method, path, cookies)
	}
	return w.Code, answer
}

func TestAPIWantsTheToken(t *testing.T) {
	st := newStage(t)
	for _, given := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Bearer " + testToken + "x", "Bearer " + testToken[:5], "Basic " + testToken, testToken} {
		for _, r := range [][2]string{{"GET", "/api/events"}, {"POST", "/api/events"}, {"GET", "/api/events/x"}, {"POST", "/api/events/x/end"}} {
			status, answer := st.api(r[0], r[1], given, "")
			if status != http.StatusUnauthorized || answer["error"] == nil {
				t.Errorf("%s %s with %q: %d %v, want 401 with an error", r[0], r[1], given, status, answer)
			}
		}
	}
	// an administrator's session is no token
	w := st.Ask("anna@holdover.example", http.MethodGet, "/api/events", nil, nil)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("a signed-in administrator without the token: %d, want 401", w.Code)
	}
}

func TestAPIRefusesWhatItDoesNotUnderstand(t *testing.T) {
	st := newStage(t)
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"empty":              {` `, 400, ""},
		"no JSON":            {`outage`, 400, ""},
		"cut":                {`{"kind":"outage"`, 400, ""},
		"two values":         {`{"kind":"outage","scope":{"all":true},"reason":"x"} {}`, 400, ""},
		"unknown field":      {`{"kind":"outage","scope":{"all":true},"reason":"x","urgent":true}`, 400, "urgent"},
		"unknown in scope":   {`{"kind":"outage","scope":{"everyone":true},"reason":"x"}`, 400, "everyone"},
		"wrong type":         {`{"kind":7,"scope":{"all":true},"reason":"x"}`, 400, "kind"},
		"all as text":        {`{"kind":"outage","scope":{"all":"yes"},"reason":"x"}`, 400, "scope.all"},
		"no kind":            {`{"scope":{"all":true},"reason":"x"}`, 400, "kind"},
		"unknown kind":       {`{"kind":"panic","scope":{"all":true},"reason":"x"}`, 400, "kind"},
		"no reason":          {`{"kind":"outage","scope":{"all":true}}`, 400, "reason"},
		"blank reason":       {`{"kind":"outage","scope":{"all":true},"reason":" \n "}`, 400, "reason"},
		"endless reason":     {`{"kind":"outage","scope":{"all":true},"reason":"` + strings.Repeat("ä", 501) + `"}`, 400, "reason"},
		"no scope":           {`{"kind":"outage","reason":"x"}`, 400, "scope"},
		"empty scope":        {`{"kind":"outage","scope":{"groups":[]},"reason":"x"}`, 400, "scope"},
		"all and more":       {`{"kind":"outage","scope":{"all":true,"groups":["Netz"]},"reason":"x"}`, 400, "scope.all"},
		"unknown group":      {`{"kind":"outage","scope":{"groups":["Netz","Nacht"]},"reason":"x"}`, 400, "scope.groups[1]"},
		"unknown domain":     {`{"kind":"outage","scope":{"domains":["elsewhere.example"]},"reason":"x"}`, 400, "scope.domains[0]"},
		"unknown mailbox":    {`{"kind":"outage","scope":{"mailboxes":["nobody@holdover.example"]},"reason":"x"}`, 400, "scope.mailboxes[0]"},
		"group as a mailbox": {`{"kind":"outage","scope":{"mailboxes":["vertrieb@holdover.example"]},"reason":"x"}`, 400, "scope.mailboxes[0]"},
		"null":               {`null`, 400, "kind"},
		"too large":          {`{"reason":"` + strings.Repeat("x", 256<<10) + `"}`, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := st.api("POST", "/api/events", "Bearer "+testToken, c.body)
			e, _ := answer["error"].(map[string]any)
			if status != c.status || e == nil {
				t.Fatalf("%d %v, want %d with an error", status, answer, c.status)
			}
			if field, _ := e["field"].(string); field != c.field {
				t.Errorf("field %q, want %q (%v)", field, c.field, e)
			}
			if e["reason"] == "" || e["remedy"] == "" || e["remedy"] == nil {
				t.Errorf("no reason or no remedy: %v", e)
			}
		})
	}
	if events, err := st.Events.Events(t.Context(), 10); err != nil || len(events) > 0 {
		t.Errorf("refused requests left events: %v %v", events, err)
	}
	if w := st.Ask("", "POST", "/api/events", http.Header{"Authorization": {"Bearer " + testToken}}, strings.NewReader(`{}`)); w.Code != http.StatusBadRequest {
		t.Errorf("an empty order without a type: %d, want 400 for what it says", w.Code)
	}
}

func TestAPIStartsAndEndsAnEvent(t *testing.T) {
	st := newStage(t)
	st.told.Sum = syncback.Report{Counts: syncback.Counts{Total: 9, Verified: 4, Accepted: 1, InDoubt: 1, Parked: 1, Waiting: 1, Trying: 1}}
	bearer := "Bearer " + testToken
	status, e := st.api("POST", "/api/events", bearer,
		`{"kind":"outage","scope":{"groups":["netz"],"mailboxes":["JAN@holdover.example","jan@holdover.example"]},"reason":"Störung,\r\nTicket 7"}`)
	if status != http.StatusCreated {
		t.Fatalf("start: %d %v", status, e)
	}
	id, _ := e["id"].(string)
	scope := e["scope"].(map[string]any)
	if e["active"] != true || e["reason"] != "Störung, Ticket 7" && e["reason"] != "Störung,  Ticket 7" || e["mailboxes"] != 3.0 || e["ended"] != nil || e["started_by"] != "API" {
		t.Errorf("started event: %v", e)
	}
	if boxes := scope["mailboxes"].([]any); len(boxes) != 1 || boxes[0] != "jan@holdover.example" || scope["groups"].([]any)[0] != "Netz" {
		t.Errorf("scope: %v", scope)
	}
	counts := e["counts"].(map[string]any)
	parts := 0.0
	for name, n := range counts {
		if name != "total" {
			parts += n.(float64)
		}
	}
	if counts["total"] != 9.0 || parts != 9 {
		t.Errorf("counts do not close: %v", counts)
	}
	if event, on, err := st.Events.Covering(t.Context(), st.Person("jan@holdover.example").Mailbox); err != nil || !on || event.ID != id {
		t.Errorf("the event does not cover Jan: %v %v %v", event, on, err)
	}
	if status, list := st.api("GET", "/api/events", bearer, ""); status != 200 || len(list["events"].([]any)) != 1 {
		t.Errorf("list: %d %v", status, list)
	}
	for _, wrong := range []string{`{}`, `{"reason":""}`, `{"reason":"x","id":"y"}`} {
		if status, answer := st.api("POST", "/api/events/"+id+"/end", bearer, wrong); status != 400 {
			t.Errorf("end with %s: %d %v, want 400", wrong, status, answer)
		}
	}
	if status, e = st.api("POST", "/api/events/"+id+"/end", bearer, `{"reason":"Exchange ist zurück"}`); status != 200 || e["active"] != false || e["end_reason"] != "Exchange ist zurück" {
		t.Errorf("end: %d %v", status, e)
	}
	if status, _ = st.api("POST", "/api/events/"+id+"/end", bearer, `{"reason":"noch einmal"}`); status != http.StatusConflict {
		t.Errorf("end twice: %d, want 409", status)
	}
	if status, _ = st.api("GET", "/api/events/none", bearer, ""); status != http.StatusNotFound {
		t.Errorf("no such event: %d, want 404", status)
	}
	if status, _ = st.api("GET", "/api/events?limit=0", bearer, ""); status != http.StatusBadRequest {
		t.Errorf("limit=0: %d, want 400", status)
	}
}
