package desk_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/syncback"
	"holdover/syncback/traffic"
	"holdover/web/webtest"
)

// TestReleasePage: the page shows each way's words and remedy; going on without the test needs a reason,
// and stands in the record.
func TestReleasePage(t *testing.T) {
	st := heldStage(t)
	st.gate.Report = syncback.ReleaseReport{Probe: true, Canaries: []syncback.Canary{
		{Way: "smtp", Title: "SMTP", State: syncback.CanaryFailed, Address: "probe@x", Tries: 3, Words: "550 5.7.68 TenantInboundAttribution", Remedy: "Check the connector."},
		{Way: "imap", Title: "IMAP", State: syncback.CanaryPassed, Address: "probe@x", Tries: 1, Words: "went in"}}}
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	at := "/desk/events/" + e.ID + "/release"
	if page := st.Read(st.Get(admin, at), 200); page.Find("form[method=post] button[value=without]").Length() != 0 {
		t.Error("an event that goes on can be released")
	}
	st.end(e)
	page := st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
	if page.Find(`a[href="`+at+`"]`).Length() != 1 || !strings.Contains(webtest.Words(page.Find("#say-h")), "Exchange wieder Mail annimmt") {
		t.Errorf("the event's page does not lead to the test: %s", webtest.Words(page.Find("#say-h")))
	}
	page = st.Read(st.Get(admin, at), 200)
	for _, want := range []string{"5.7.68", "Check the connector.", "nicht durchgekommen", "durchgekommen", "probe@x"} {
		if !strings.Contains(webtest.Words(page.Find("#release")), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	st.Read(st.Post(admin, at, url.Values{"button": {"retry"}}), 303)
	if st.gate.Retried != 1 {
		t.Error("not tried again")
	}
	page = st.Read(st.Post(admin, at, url.Values{"button": {"without"}, "reason": {" "}}), 422)
	if page.Find("#reason[aria-invalid]").Length() != 1 {
		t.Error("the missing reason is not marked")
	}
	if now, _ := st.Events.Event(t.Context(), e.ID); !now.Opening() {
		t.Fatal("released without a reason")
	}
	st.Read(st.Post(admin, at, url.Values{"button": {"without"}, "reason": {"von Hand geprüft"}}), 303)
	now, _ := st.Events.Event(t.Context(), e.ID)
	if now.Opening() || now.ReleaseReason != "von Hand geprüft" || now.ReleasedBy == "" {
		t.Errorf("not released: %+v", now)
	}
	if page = st.Read(st.Get(admin, "/desk/events/"+e.ID), 200); !strings.Contains(webtest.Words(page.Find("ol.time")), "von Hand geprüft") {
		t.Error("the record does not say why")
	}
}

// TestReleaseSpeaks: what Holdover says of a way is in the page's language, the server's own words stay and
// are marked, a next try today is told by the hour, and a canary that waits for a person says for what.
func TestReleaseSpeaks(t *testing.T) {
	st := heldStage(t)
	canaries := []syncback.Canary{
		{Way: "smtp", Title: "SMTP", State: syncback.CanaryFailed, Next: st.Clock.Now().Add(time.Minute), Words: "550 5.7.68 mismatch (another way is taken)", Remedy: "Check Holdover's storage."},
		{Way: "imap", Title: "IMAP", State: syncback.CanaryNew}}
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	st.end(e)
	for blocked, want := range map[string]string{"": "beginnt gleich", syncback.BlockIdentity: "beginnt, wenn Sie die Identität bestätigen",
		syncback.BlockStopped: "beginnt, wenn Sie fortsetzen", syncback.BlockWithdrawn: "beginnt nach der Freigabe der Zugangsdaten"} {
		st.gate.Report = syncback.ReleaseReport{Probe: true, Canaries: canaries, Blocked: blocked}
		rows := st.Read(st.Get(admin, "/desk/events/"+e.ID+"/release"), 200).Find("#release tbody tr")
		if got := webtest.Words(rows.Eq(1).Find("td").First()); got != want {
			t.Errorf("blocked by %q: %q, want %q", blocked, got, want)
		}
		said := rows.Eq(0).Find("td.wide").First()
		next := "Nächster Versuch " + st.Clock.Now().Add(time.Minute).In(webtest.Germany).Format("15:04")
		if got := webtest.Words(said); !strings.Contains(got, "550 5.7.68 mismatch (ein anderer Weg wird genommen)") || !strings.Contains(got, "Prüfen Sie den Speicher von Holdover.") || !strings.HasSuffix(got, next) {
			t.Errorf("the page says %q, next %q", got, next)
		}
		if got := webtest.Words(said.Find("[lang=en]")); got != "550 5.7.68 mismatch" {
			t.Errorf("marked as English: %q", got)
		}
	}
	if _, err := st.Events.Release(t.Context(), e.ID, "Holdover", "nothing was waiting that could have gone first"); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"", "/release"} {
		if got := webtest.Words(st.Read(st.Get(admin, "/desk/events/"+e.ID+page), 200).Find("main")); !strings.Contains(got, "Freigegeben von Holdover: nichts wartete, das hätte vorangehen können") {
			t.Errorf("the reason that Holdover gave, on %q: %q", page, got)
		}
	}
}

// TestIdentityPage: after a lockdown the page shows what each way shows now beside what it showed before,
// asks Exchange only when told to, and takes a word only for what was shown.
func TestIdentityPage(t *testing.T) {
	st := heldStage(t)
	ctx := t.Context()
	for _, i := range []continuity.Identity{{Way: "smtp", Pin: "aa11", Subject: "CN=ex.firma.test"}, {Way: "imap", Pin: "bb22", Subject: "CN=ex.firma.test"}} {
		if err := st.Events.Remember(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	st.Clock.Pass(time.Hour)
	e := st.begin(continuity.Lockdown, continuity.Scope{All: true})
	st.end(e)
	st.gate.Report = syncback.ReleaseReport{Probe: true, Blocked: syncback.BlockIdentity}
	st.gate.Shown = []syncback.Shown{webtest.Shown("smtp", "aa11"), webtest.Shown("imap", "ff99")}
	at := "/desk/events/" + e.ID + "/release"
	page := st.Read(st.Get(admin, at), 200)
	if st.gate.Looked != 0 || page.Find("button[value=confirm]").Length() != 0 || page.Find("button[value=without]").Length() != 0 {
		t.Fatalf("looked %d times without being asked, or offers more than to look", st.gate.Looked)
	}
	page = st.Read(st.Get(admin, at+"?look=1"), 200)
	text := webtest.Words(page.Find("#inhalt"))
	for _, want := range []string{"aa11", "bb22", "ff99", "wie früher", "anders als früher"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	seen, _ := page.Find("input[name=seen]").Attr("value")
	confirm := url.Values{"button": {"confirm"}, "event": {e.ID}, "seen": {seen}}
	st.gate.Shown[1] = webtest.Shown("imap", "0000") // somebody else answers now
	w := st.Post(admin, "/desk/exchange", confirm)
	if w.Code != 303 || !strings.Contains(w.Header().Get("Location"), "identitychanged") {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if confirmed, _ := st.Events.ConfirmedFor(ctx, e.ID); confirmed {
		t.Fatal("confirmed what nobody saw")
	}
	st.gate.Shown[1] = webtest.Shown("imap", "ff99")
	st.Read(st.Post(admin, "/desk/exchange", confirm), 303)
	if confirmed, _ := st.Events.ConfirmedFor(ctx, e.ID); !confirmed || st.gate.Resumed != 1 {
		t.Error("not confirmed")
	}
	if err := st.Events.Admit(ctx, continuity.Identity{Way: "imap", Pin: "bb22"}); err == nil {
		t.Error("the old certificate is still let through")
	}
}

// TestExchangePage: the switches ask for a reason and stand in the record; the limit that binds is marked.
func TestExchangePage(t *testing.T) {
	st := heldStage(t)
	st.gate.Bounds = traffic.LimitsWith(nil)
	st.gate.Coming = syncback.Estimate{Items: 200, Left: 150 * time.Second, Binds: "smtp_per_mailbox", Mailbox: st.Person(employee).Mailbox, Rate: 60}
	page := st.Read(st.Get(admin, "/desk/exchange"), 200)
	if text := webtest.Words(page.Find(".say")); !strings.Contains(text, "3 Minuten") || !strings.Contains(text, employee) {
		t.Errorf("the estimate says %q", text)
	}
	if page.Find("tbody .badge.is-hold").Length() != 1 {
		t.Error("the binding limit is not marked")
	}
	for _, name := range []string{"stopped", "withdrawn"} {
		order := url.Values{"switch": {name}, "on": {"1"}, "reason": {""}}
		page = st.Read(st.Post(admin, "/desk/exchange", order), 422)
		if page.Find("#reason-"+name+"[aria-invalid]").Length() != 1 {
			t.Errorf("%s without a reason is not marked", name)
		}
		order.Set("reason", "Ticket 9")
		st.Read(st.Post(admin, "/desk/exchange", order), 303)
		if s, _ := st.Events.Switch(t.Context(), continuity.SwitchName(name)); !s.On || s.Reason != "Ticket 9" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	page = st.Read(st.Get(admin, "/desk/exchange"), 200)
	if text := webtest.Words(page.Find("#inhalt")); !strings.Contains(webtest.Words(page.Find("#say-h")), "entzogen") || strings.Count(text, "Ticket 9") < 4 {
		t.Errorf("the page says %q", text)
	}
	if w := st.Post(admin, "/desk/exchange", url.Values{"switch": {"light"}, "reason": {"x"}}); w.Code != 400 {
		t.Errorf("another switch: %d", w.Code)
	}
}

// TestDryRunPage: kinds, ways and doubts as a page and as a table; a lockdown's messages are looked through.
func TestDryRunPage(t *testing.T) {
	st := heldStage(t)
	e := st.begin(continuity.Lockdown, continuity.Scope{All: true})
	box := st.Person(employee).Mailbox
	st.gate.Dry = syncback.DryRun{Items: 2, Mailboxes: 1, Doubtful: 1, Parked: 4, Flows: []syncback.Flow{{Cargo: traffic.InboundCargo, Way: "smtp", Title: "SMTP", Items: 2, Mailboxes: 1, Octets: 4096}},
		Doubts: []syncback.Doubt{{Line: syncback.Line{Mailbox: box, Seq: 7, Kind: "arrived"}, Way: "smtp", Reason: syncback.DoubtFolder, Detail: "=Kunden"}}}
	for _, who := range []string{admin} {
		page := st.Read(st.Get(who, "/desk/events/"+e.ID+"/dry-run"), 200)
		text := webtest.Words(page.Find("#inhalt"))
		for _, want := range []string{"2 Änderungen gingen", "Mail von außen", "SMTP", "4 KB", "=Kunden", "1 Zweifel", "4 weitere"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q: %s", want, text)
			}
		}
	}
	if !st.gate.Checked {
		t.Error("a lockdown's messages were not looked through")
	}
	w := st.Get(admin, "/desk/events/"+e.ID+"/dry-run.csv")
	if w.Code != 200 || !strings.Contains(w.Body.String(), employee) || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestReleaseAPI: the same for scripts.
func TestReleaseAPI(t *testing.T) {
	st := heldStage(t)
	st.gate.Report = syncback.ReleaseReport{Probe: true, Canaries: []syncback.Canary{{Way: "smtp", State: syncback.CanarySent, Tries: 1}}}
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	call := func(method, path, body string, status int) (answer map[string]any) {
		t.Helper()
		header := http.Header{"Authorization": {"Bearer " + testToken}, "Content-Type": {"application/json"}}
		w := st.Ask("", method, path, header, strings.NewReader(body))
		if w.Code != status {
			t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	at := "/api/events/" + e.ID + "/release"
	if got := call("GET", at, "", 200); got["state"] != "active" {
		t.Errorf("%v", got)
	}
	call("POST", at, `{"reason":"x"}`, 409)
	st.end(e)
	if got := call("GET", at, "", 200); got["state"] != "opening" || len(got["canaries"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	call("POST", at+"/retry", "", 200)
	call("POST", at, `{"reason":""}`, 400)
	if got := call("POST", at, `{"reason":"by hand"}`, 200); got["state"] != "released" || got["reason"] != "by hand" || got["released_by"] != "API" {
		t.Errorf("%v", got)
	}
	if got := call("POST", "/api/exchange/switch", `{"switch":"stopped","on":true,"reason":"Ticket 9"}`, 200); !got["stopped"].(map[string]any)["on"].(bool) {
		t.Errorf("%v", got)
	}
	call("POST", "/api/exchange/switch", `{"switch":"light","on":true,"reason":"x"}`, 400)
	if got := call("GET", "/api/events/"+e.ID+"/dry-run", "", 200); got["items"] != 0.0 {
		t.Errorf("%v", got)
	}
	lockdown := st.begin(continuity.Lockdown, continuity.Scope{All: true})
	st.end(lockdown)
	if got := call("POST", "/api/events/"+lockdown.ID+"/release", `{"reason":"x"}`, 409); !strings.Contains(got["error"].(map[string]any)["reason"].(string), "confirmed") {
		t.Errorf("%v", got)
	}
}

// TestExchangePageTellsTheEvent: while an event holds everything back the page never says that Exchange learns.
func TestExchangePageTellsTheEvent(t *testing.T) {
	st := newStage(t)
	say := func() string { return webtest.Words(st.Read(st.Get(admin, "/desk/exchange"), 200).Find("#say-h")) }
	if got := say(); got != "Exchange erfährt, was wartet." {
		t.Errorf("calm: %q", got)
	}
	e := st.begin(continuity.Lockdown, continuity.Scope{All: true})
	if got := say(); !strings.HasPrefix(got, "Exchange erfährt nichts: Der Ernstfall seit") {
		t.Errorf("in a lockdown: %q", got)
	}
	st.end(e)
	if got := say(); got != "Exchange erfährt, was wartet." {
		t.Errorf("released: %q", got)
	}
}
