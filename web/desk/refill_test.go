package desk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/syncback"
	"holdover/web"
	"holdover/web/webtest"
)

// TestRefillPages: the form says what will happen, a wrong wish comes back with what is wrong, and
// nothing goes before the administrator's word after the look.
func TestRefillPages(t *testing.T) {
	d := &webtest.Refills{}
	st := newStage(t, func(o *web.Options) { o.Refills = d })
	if got := webtest.Words(st.Read(st.Get(admin, "/desk/refills"), 200).Find("main")); !strings.Contains(got, "Nachsehen, was fehlt") || !strings.Contains(got, "kommt nicht wieder") {
		t.Errorf("the form says %q", got)
	}
	bad := st.Post(admin, "/desk/refills", url.Values{"scope": {"mailboxes"}, "mailboxes": {"niemand@holdover.example"}, "from": {"gestern"}})
	if got := webtest.Words(st.Read(bad, http.StatusUnprocessableEntity).Find("#summary")); !strings.Contains(got, "niemand@holdover.example") || !strings.Contains(got, "gestern") || !strings.Contains(got, "Grund") {
		t.Errorf("a wrong wish: %q", got)
	}
	if d.State != "" {
		t.Fatal("a wrong wish was started")
	}
	page, _ := st.Follow(admin, st.Post(admin, "/desk/refills", url.Values{"scope": {"mailboxes"}, "mailboxes": {"katrin@holdover.example, james@holdover.example"},
		"from": {"2026-11-01T00:00"}, "backup": {"2026-11-10T03:00"}, "reason": {"Server neu aufgebaut"}}))
	if got := webtest.Words(page.Find("main")); !strings.Contains(got, "280 von 1.200 Nachrichten fehlen in Exchange.") || !strings.Contains(got, "katrin@holdover.example") {
		t.Errorf("after the look: %q", got)
	}
	if len(d.Wish.Mailboxes) != 2 || d.Wish.By != "Anna Admin" || d.Wish.From.Month() != time.November || d.Wish.Backup.Day() != 10 || len(d.Said) != 0 {
		t.Errorf("the wish is %+v, said %v", d.Wish, d.Said)
	}
	page, _ = st.Follow(admin, st.Post(admin, "/desk/refills/r1/fill", url.Values{}))
	if got := webtest.Words(page.Find("main")); !strings.Contains(got, "180 von 280 Nachrichten sind zurück.") || len(d.Said) != 1 {
		t.Errorf("under way: %q %v", got, d.Said)
	}
	if !strings.Contains(page.Find("#refill").AttrOr("hx-trigger", ""), "every") {
		t.Error("the page does not follow what is under way")
	}
	if page.Find(`form[action$="/fill"]`).Length() != 0 {
		t.Error("the button is there a second time")
	}
	d.State, d.Whole = syncback.RefillLooked, true
	whole := st.Read(st.Get(admin, "/desk/refills/r1"), 200)
	if got := webtest.Words(whole.Find("main")); !strings.Contains(got, "Nichts fehlt") || whole.Find("#refill form").Length() != 0 || whole.Find("#refill").AttrOr("hx-trigger", "") != "" {
		t.Errorf("nothing is missing: %q", got)
	}
	if got := webtest.Words(st.Read(st.Get(admin, "/desk/refills"), 200).Find("td .badge")); got != "nichts fehlt" {
		t.Errorf("its state is %q", got)
	}
	if w := st.Get(admin, "/desk/refills/other"); w.Code != http.StatusNotFound {
		t.Errorf("no such refill: %d", w.Code)
	}
}

// TestRefillAPI: the same by JSON.
func TestRefillAPI(t *testing.T) {
	d := &webtest.Refills{}
	st := newStage(t, func(o *web.Options) { o.Refills = d })
	ask := func(method, path, body string) (int, map[string]any) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+testToken)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		st.Pages.ServeHTTP(w, r)
		var answer map[string]any
		json.Unmarshal(w.Body.Bytes(), &answer)
		return w.Code, answer
	}
	if code, answer := ask("POST", "/api/refills", `{"scope":{"all":true},"reason":""}`); code != 400 || answer["error"] == nil {
		t.Errorf("%d %v", code, answer)
	}
	code, answer := ask("POST", "/api/refills", `{"scope":{"all":true},"from":"2026-11-01T00:00:00Z","reason":"rebuilt"}`)
	if code != 201 || answer["state"] != "looked" || answer["missing"] != 280.0 || len(d.Wish.Mailboxes) != 4 {
		t.Errorf("%d %v %v", code, answer, d.Wish)
	}
	if code, answer = ask("POST", "/api/refills/r1/fill", ""); code != 200 || answer["state"] != "filled" || answer["done"] != false {
		t.Errorf("%d %v", code, answer)
	}
	if code, _ = ask("POST", "/api/refills/r1/fill", ""); code != 409 {
		t.Errorf("filled twice: %d", code)
	}
	if code, _ = ask("GET", "/api/refills/x", ""); code != 404 {
		t.Errorf("no such refill: %d", code)
	}
}
