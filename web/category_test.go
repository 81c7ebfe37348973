package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

func (h *house) named(id email.MessageID) string {
	return strings.Join(h.message(katrin, id).Categories, "|")
}

// undo presses the button of the notice on a page.
func (v *visitor) undo(path string) {
	v.h.t.Helper()
	form := v.page(path).Find(".toast form")
	var fields []string
	for i := range form.Find("input").Length() {
		in := form.Find("input").Eq(i)
		fields = append(fields, in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	v.post(form.AttrOr("action", ""), fields...)
}

// TestCategories: put on, shown everywhere, found, taken off, undone; all without a script.
func TestCategories(t *testing.T) {
	h := newHouse(t)
	v := h.as(katrin)
	old := h.deliver(katrin, letter{subject: "Rotor", id: "rotor@x", ago: time.Hour, seen: true})
	newest := h.deliver(katrin, letter{subject: "Re: Rotor", answers: "rotor@x", seen: true})
	thread := string(h.message(katrin, old).Thread)

	ask := document(t, v.do("POST", "/mail/inbox/act", values([]string{"action", "newcategory", "pick", thread})))
	if ask.Find("input[name=category]").Length() != 1 || ask.Find("input[name=pick]").AttrOr("value", "") != thread || ask.Find("label[for=category-name]").Length() != 1 {
		t.Fatal("no question for a name")
	}
	for name, words := range map[string]string{"": "Bitte geben Sie", "a, b": "Komma", strings.Repeat("ä", 101): "mehr als 100 Zeichen"} {
		w := v.do("POST", "/mail/inbox/act", values([]string{"action", "newcategory", "pick", thread, "category", name}))
		page := document(t, w)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(said(page.Find("[role=alert]")), words) || page.Find("input[name=category]").AttrOr("value", "?") != name ||
			page.Find("input[name=category]").AttrOr("aria-invalid", "") != "true" {
			t.Errorf("%.5q: %d, %q", name, w.Code, said(page.Find("[role=alert]")))
		}
	}
	to := v.post("/mail/inbox/act", "action", "newcategory", "pick", thread, "category", " Rote  Kategorie ")
	if h.named(newest) != "Rote Kategorie" || h.named(old) != "" {
		t.Errorf("named %q and %q", h.named(newest), h.named(old))
	}
	if got := said(v.page(to).Find(".toast")); !strings.HasPrefix(got, "1 Unterhaltung kategorisiert.") {
		t.Errorf("notice: %q", got)
	}
	v.post("/mail/inbox/act", "categorise", "Rote Kategorie", "pick", thread) // a second click
	v.post("/mail/inbox/act", "action", "newcategory", "pick", string(old), "single", "1", "category", "ROTE kategorie")
	if h.named(newest) != "Rote Kategorie" || h.named(old) != "Rote Kategorie" {
		t.Errorf("named %q and %q", h.named(newest), h.named(old))
	}
	list := v.page("/mail/inbox")
	if got := said(list.Find(".row .cats")); got != "Kategorien: Rote Kategorie" {
		t.Errorf("row: %q", got)
	}
	if list.Find(`.tools button[name=categorise][value="Rote Kategorie"]`).Length() != 1 || list.Find(`.tools button[name=uncategorise]`).Length() != 1 {
		t.Error("the list offers no category")
	}
	read := v.page("/mail/inbox/" + thread)
	if got := said(read.Find("#m-" + string(newest) + " summary .cats").First()); got != "Kategorien: Rote Kategorie" {
		t.Errorf("message: %q", got)
	}
	form := read.Find("#cats-" + string(newest) + " form")
	if form.Find(`button[name=uncategorise][aria-pressed=true]`).Length() != 1 || form.AttrOr("action", "") != "/mail/inbox/act" {
		t.Error("the message's menu does not say what is on")
	}
	if got := said(v.page("/mail/inbox/" + thread + "/print").Find("header")); !strings.Contains(got, "KategorienRote Kategorie") {
		t.Errorf("print: %q", got)
	}
	to = v.post("/mail/inbox/act", "uncategorise", "rote kategorie", "pick", string(newest), "single", "1", "at", "/mail/inbox/"+thread+"?all=1&done=flag&n=7")
	if h.named(newest) != "" || !strings.HasPrefix(to, "/mail/inbox/"+thread+"?all=1&done=uncategorise&n=1&single=1&undo=") {
		t.Errorf("taken off: %q, leads to %s", h.named(newest), to)
	}
	v.undo(to)
	if h.named(newest) != "rote kategorie" && h.named(newest) != "Rote Kategorie" {
		t.Errorf("undone: %q", h.named(newest))
	}
	to = v.post("/mail/inbox/act", "uncategorise", "Rote Kategorie", "pick", thread)
	if h.named(newest)+h.named(old) != "" {
		t.Error("taken off a thread means all of it")
	}
	v.undo(to)
	if h.named(old) == "" || h.named(newest) == "" {
		t.Error("not undone")
	}
	if to := v.post("/mail/inbox/act", "categorise", "Blau", "pick", thread, "at", "//elsewhere.example/x"); !strings.HasPrefix(to, "/mail/inbox?") {
		t.Errorf("leads to %s", to)
	}
	h.sync.ByID = map[email.MessageID]syncback.State{newest: syncback.Waiting}
	if got := said(v.page("/mail/inbox/" + thread).Find("#m-" + string(newest) + " summary .badge.is-hold")); got != "wartet auf Exchange" {
		t.Errorf("badge: %q", got)
	}
}

// TestCategoryLimits: one too many is said in words; drafts and others' mail are left alone.
func TestCategoryLimits(t *testing.T) {
	h := newHouse(t)
	v := h.as(katrin)
	id := h.deliver(katrin, letter{subject: "Rotor"})
	for i := range email.MostCategories {
		v.post("/mail/inbox/act", "categorise", "K"+strings.Repeat("x", i), "pick", string(id), "single", "1")
	}
	w := v.do("POST", "/mail/inbox/act", values([]string{"categorise", "eine zu viel", "pick", string(id), "single", "1"}))
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(said(document(t, w).Find("[role=alert]")), "höchstens 25 Kategorien") {
		t.Errorf("one too many: %d", w.Code)
	}
	h.as(martha).do("POST", "/mail/inbox/act", values([]string{"uncategorise", "K", "pick", string(id), "single", "1"}))
	if !h.message(katrin, id).Categories.Has("K") {
		t.Error("another person took it off")
	}
	list := v.page("/mail/inbox")
	if n := list.Find(".tools [name=categorise]").Length(); n != mostOffered {
		t.Errorf("the menu offers %d of 25 categories", n)
	}
	read := v.page("/mail/inbox/" + string(h.message(katrin, id).Thread))
	if n := read.Find("#cats-" + string(id) + " [name=uncategorise]").Length(); n != 25 {
		t.Errorf("the message's menu takes off %d of its 25 categories", n)
	}
	ask := document(t, v.do("POST", "/mail/inbox/act", values([]string{"action", "newcategory", "pick", string(id), "single", "1"})))
	if n := ask.Find("datalist option").Length(); n != 25 {
		t.Errorf("%d names are suggested", n)
	}
	row := list.Find(".row .cats")
	if row.Find(".cat").Length() != 2 || !strings.Contains(said(row), "+23") {
		t.Errorf("row: %q", said(row))
	}
	draft, _, err := h.mail.SaveDraft(t.Context(), h.box(katrin), "", 0, []byte("Subject: Entwurf\r\nMessage-ID: <d@x>\r\n\r\nx"))
	must(t, err)
	if page := v.page("/mail/drafts"); page.Find("[name=categorise]").Length() != 0 {
		t.Error("drafts bear no categories")
	}
	v.post("/mail/drafts/act", "categorise", "K", "pick", string(draft), "single", "1")
	if h.named(draft) != "" {
		t.Error("a draft was named")
	}
	if w := v.do("GET", "/search?q="+url.QueryEscape(`kategorie:K`), nil); w.Code != http.StatusOK || said(document(t, w).Find(".chips .chip span").First()) != "Kategorie: K" {
		t.Errorf("chip: %q", said(document(t, w).Find(".chips")))
	}
}

// TestCategoriesInBrowser: with the keyboard alone, and as it looks.
func TestCategoriesInBrowser(t *testing.T) {
	h := newHouse(t)
	h.sample()
	id := h.deliver(katrin, letter{subject: "Wellenlager Nord", text: "Das Lager ist da."})
	b := h.box(katrin)
	must(t, h.mail.SetCategories(t.Context(), mailstore.FromPortal, b, []email.MessageID{id}, email.CategoryChange{Add: email.Categories{"Übergabe an Frühschicht und Leitwarte", "Kunde Müller", "Rote Kategorie"}}))
	w := newBrowser(t, h, katrin)
	w.window(1280, false)
	w.open("/mail/inbox")
	thread := string(h.message(katrin, id).Thread)
	js[string](w, `document.querySelector("#t-`+thread+` input[name=pick]").click(), document.querySelector("#cats-list summary").focus(), ""`)
	w.press("Enter")
	w.until(`document.querySelector("#cats-list").open`)
	w.press("Tab")
	w.press("Tab") // past "unflag" to the first category
	w.until(`document.activeElement.name === "categorise" && document.activeElement.value === "Kunde Müller"`)
	w.press("Tab")
	w.until(`document.activeElement.name === "uncategorise"`)
	w.picture("categories-menu-1280")
	w.press("Enter")
	w.until(`document.querySelector(".toast") && !document.querySelector("#t-` + thread + ` .cats").textContent.includes("Kunde Müller")`)
	for _, width := range []int{1280, 390} {
		for _, dark := range []bool{false, true} {
			w.window(width, dark)
			shade := map[bool]string{true: "dark", false: "light"}[dark]
			for name, path := range map[string]string{"list": "/mail/inbox", "message": "/mail/inbox/" + thread, "search": "/search?q=" + url.QueryEscape(`kategorie:"Rote Kategorie"`)} {
				w.open(path)
				w.until(`document.querySelector(".cats .cat")`)
				if name == "message" {
					js[string](w, `document.querySelector("#more-`+string(id)+`").open = true, document.querySelector("#cats-`+string(id)+`").open = true, ""`)
				}
				if out := js[[]string](w, overflow); len(out) > 0 {
					t.Errorf("%s at %d: sticks out: %v", name, width, out)
				}
				if out := js[[]string](w, small); len(out) > 0 {
					t.Errorf("%s at %d: too small: %v", name, width, out)
				}
				w.picture("categories-" + name + "-" + shade + map[int]string{1280: "-1280", 390: "-390"}[width])
			}
		}
	}
	must(t, h.mail.SetCategories(t.Context(), mailstore.FromPortal, b, []email.MessageID{id}, email.CategoryChange{Add: email.Categories{`"><img src=x onerror=alert(1)>`},
		Remove: email.Categories{"Rote Kategorie", "Übergabe an Frühschicht und Leitwarte"}}))
	for _, path := range []string{"/mail/inbox", "/mail/inbox/" + thread, "/search?q=" + url.QueryEscape(`category:onerror*`), "/mail/inbox/" + thread + "/print"} {
		w.open(path)
		w.until(`document.body.textContent.includes("onerror=alert(1)>") && !document.querySelector("img[src=x]")`)
	}
	if w.dialogs() > 0 {
		t.Error("a name ran")
	}
	w.clean("categories")
}

// TestCategoriesInReceipts: lists of changes, and their tables, name the change in plain words.
func TestCategoriesInReceipts(t *testing.T) {
	h := newHouse(t)
	for who, words := range map[string]string{katrin: "Kategorien geändert", martha: "Categories changed"} {
		id := h.deliver(who, letter{subject: "Rotor"})
		h.sync.Entries = []syncback.Line{{Mailbox: h.box(who), Seq: 2, Message: id, Kind: mailstore.Categorised, State: syncback.Parked, At: h.clock.Now(),
			Words: "Exchange's IMAP carries no categories", Remedy: "Configure EWS"}}
		h.sync.Sum = syncback.Report{Counts: syncback.Counts{Total: 1, Parked: 1}}
		for _, path := range []string{"/waiting", "/receipts", "/receipts.csv"} {
			if w := h.as(who).do("GET", path, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), words) {
				t.Errorf("%s: %d, says nothing of %q", path, w.Code, words)
			}
		}
	}
}
