package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/syncback"
)

// refillDouble is a refill that the test moves on.
type refillDouble struct {
	whole bool // the look finds that nothing is missing
	wish  syncback.RefillWish
	state syncback.RefillState
	said  []string
}

func (d *refillDouble) StartRefill(_ context.Context, w syncback.RefillWish) (string, error) {
	d.wish, d.state = w, syncback.RefillLooked
	return "r1", nil
}

func (d *refillDouble) FillRefill(_ context.Context, id, by string) error {
	if d.state != syncback.RefillLooked {
		return syncback.ErrRefillState
	}
	d.state, d.said = syncback.RefillFilled, append(d.said, "fill "+id+" "+by)
	return nil
}

func (d *refillDouble) CancelRefill(_ context.Context, id, by string) error {
	d.state, d.said = syncback.RefillCancelled, append(d.said, "cancel "+id+" "+by)
	return nil
}

func (d *refillDouble) Refills(ctx context.Context, _ int) ([]syncback.Refill, error) {
	if d.state == "" {
		return nil, nil
	}
	r, err := d.Refill(ctx, "r1")
	return []syncback.Refill{r}, err
}

func (d *refillDouble) Refill(_ context.Context, id string) (r syncback.Refill, err error) {
	if id != "r1" || d.state == "" {
		return r, syncback.ErrNoRefill
	}
	r = syncback.Refill{ID: id, Begun: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), RefillWish: d.wish, State: d.state,
		RefillCounts: syncback.RefillCounts{Held: 1200, There: 900, Missing: 280, Deleted: 15, Unknown: 5}}
	for _, m := range d.wish.Mailboxes {
		r.Boxes = append(r.Boxes, syncback.RefillBox{Mailbox: m, Done: true, RefillCounts: syncback.RefillCounts{Held: 600, There: 450, Missing: 140}})
	}
	if d.whole {
		r.There, r.Missing = r.There+r.Missing, 0
	}
	if d.state == syncback.RefillFilled {
		r.Back = syncback.Counts{Total: 280, Verified: 180, Waiting: 100}
	}
	return r, nil
}

// TestRefillPages: the form says what will happen, a wrong wish comes back with what is wrong, and
// nothing goes before the administrator's word after the look.
func TestRefillPages(t *testing.T) {
	d := &refillDouble{}
	st := newDeskStage(t, &calmMail{}, func(o *Options) { o.Refills = d })
	if got := words(st.read(st.get(admin, "/desk/refills"), 200).Find("main")); !strings.Contains(got, "Nachsehen, was fehlt") || !strings.Contains(got, "kommt nicht wieder") {
		t.Errorf("the form says %q", got)
	}
	bad := st.post(admin, "/desk/refills", url.Values{"scope": {"mailboxes"}, "mailboxes": {"niemand@holdover.example"}, "from": {"gestern"}})
	if got := words(st.read(bad, http.StatusUnprocessableEntity).Find("#summary")); !strings.Contains(got, "niemand@holdover.example") || !strings.Contains(got, "gestern") || !strings.Contains(got, "Grund") {
		t.Errorf("a wrong wish: %q", got)
	}
	if d.state != "" {
		t.Fatal("a wrong wish was started")
	}
	page, _ := st.follow(admin, st.post(admin, "/desk/refills", url.Values{"scope": {"mailboxes"}, "mailboxes": {"katrin@holdover.example, james@holdover.example"},
		"from": {"2026-11-01T00:00"}, "backup": {"2026-11-10T03:00"}, "reason": {"Server neu aufgebaut"}}))
	if got := words(page.Find("main")); !strings.Contains(got, "280 von 1.200 Nachrichten fehlen in Exchange.") || !strings.Contains(got, "katrin@holdover.example") {
		t.Errorf("after the look: %q", got)
	}
	if len(d.wish.Mailboxes) != 2 || d.wish.By != "Anna Admin" || d.wish.From.Month() != time.November || d.wish.Backup.Day() != 10 || len(d.said) != 0 {
		t.Errorf("the wish is %+v, said %v", d.wish, d.said)
	}
	page, _ = st.follow(admin, st.post(admin, "/desk/refills/r1/fill", url.Values{}))
	if got := words(page.Find("main")); !strings.Contains(got, "180 von 280 Nachrichten sind zurück.") || len(d.said) != 1 {
		t.Errorf("under way: %q %v", got, d.said)
	}
	if !strings.Contains(page.Find("#refill").AttrOr("hx-trigger", ""), "every") {
		t.Error("the page does not follow what is under way")
	}
	if page.Find(`form[action$="/fill"]`).Length() != 0 {
		t.Error("the button is there a second time")
	}
	d.state, d.whole = syncback.RefillLooked, true
	whole := st.read(st.get(admin, "/desk/refills/r1"), 200)
	if got := words(whole.Find("main")); !strings.Contains(got, "Nichts fehlt") || whole.Find("#refill form").Length() != 0 || whole.Find("#refill").AttrOr("hx-trigger", "") != "" {
		t.Errorf("nothing is missing: %q", got)
	}
	if got := words(st.read(st.get(admin, "/desk/refills"), 200).Find("td .badge")); got != "nichts fehlt" {
		t.Errorf("its state is %q", got)
	}
	if w := st.get(admin, "/desk/refills/other"); w.Code != http.StatusNotFound {
		t.Errorf("no such refill: %d", w.Code)
	}
}

// TestRefillAPI: the same by JSON.
func TestRefillAPI(t *testing.T) {
	d := &refillDouble{}
	st := newDeskStage(t, &calmMail{}, func(o *Options) { o.Refills = d })
	ask := func(method, path, body string) (int, map[string]any) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+testToken)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		st.pages.ServeHTTP(w, r)
		var answer map[string]any
		json.Unmarshal(w.Body.Bytes(), &answer)
		return w.Code, answer
	}
	if code, answer := ask("POST", "/api/refills", `{"scope":{"all":true},"reason":""}`); code != 400 || answer["error"] == nil {
		t.Errorf("%d %v", code, answer)
	}
	code, answer := ask("POST", "/api/refills", `{"scope":{"all":true},"from":"2026-11-01T00:00:00Z","reason":"rebuilt"}`)
	if code != 201 || answer["state"] != "looked" || answer["missing"] != 280.0 || len(d.wish.Mailboxes) != 4 {
		t.Errorf("%d %v %v", code, answer, d.wish)
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
