package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// TestListSaysWhatIsThere: rows are links and boxes, unread is said in words, mail is never markup.
func TestListSaysWhatIsThere(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{from: `"<i>Eve</i>" <eve@evil.example>`, subject: `<b>Angebot</b> "><script>alert(1)</script>`, text: "<img src=x onerror=alert(1)>"})
	h.deliver(katrin, letter{from: "Olivia <olivia@northgate.example>", subject: "", text: "gelesen", seen: true, ago: time.Hour})
	page := h.as(katrin).page("/mail/inbox")
	rows := page.Find("ul.rows > li.row")
	if rows.Length() != 2 {
		t.Fatalf("%d rows", rows.Length())
	}
	first := rows.First()
	if got := said(first.Find("h3 a .subj")); got != `<b>Angebot</b> "><script>alert(1)</script>` {
		t.Errorf("subject shown as %q: a mail must never become markup", got)
	}
	if got := said(first.Find("h3 a .who")); got != "Ungelesen: <i>Eve</i>" {
		t.Errorf("sender shown as %q", got)
	}
	if page.Find("main script, main img, .row i:not(.dot)").Length() > 0 {
		t.Error("markup of a mail is in the page")
	}
	if first.Find(`label input[type=checkbox][name=pick]`).Length() != 1 || first.Find("h3 a[href]").Length() != 1 {
		t.Error("a row needs one box and one link")
	}
	second := rows.Eq(1)
	if strings.Contains(said(second), "Ungelesen") || second.HasClass("unread") {
		t.Error("a read message is said to be unread")
	}
	if got := said(second.Find(".subj")); got != "(ohne Betreff)" {
		t.Errorf("no subject is shown as %q", got)
	}
	if when := first.Find(".when"); when.AttrOr("title", "") != "Montag, 23. November 2026, 14:12" || said(when) != "14:12" {
		t.Errorf("time %q %q", said(when), when.AttrOr("title", ""))
	}
	if got := page.Find("title").Text(); got != "Posteingang (1) – Stadtwerke Ahrenfeld" {
		t.Errorf("title %q", got)
	}
	if got := said(page.Find(`nav.folders a[aria-current="page"]`)); got != "Posteingang 1 ungelesen" {
		t.Errorf("folder shown as %q", got)
	}
	if only := page.Find(".fresh a"); said(only) != "1 ungelesen" || only.AttrOr("href", "") != "/search?q="+url.QueryEscape(`in:"Posteingang" is:unread`) {
		t.Errorf("the way to what is unread: %q, %s", said(only), only.AttrOr("href", ""))
	}
	if page.Find("h1:not(.vh)").Length() == 0 || page.Find("html").AttrOr("lang", "") != "de" {
		t.Error("no heading, or no language")
	}
}

// TestPages: 50 rows a page, none missing, none twice.
func TestPages(t *testing.T) {
	h := newHouse(t)
	for i := range 120 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), ago: time.Duration(120-i) * time.Minute})
	}
	seen := map[string]bool{}
	var counts []int
	for path := "/mail/inbox"; path != ""; {
		page := h.as(katrin).page(path)
		rows := page.Find("li.row")
		counts = append(counts, rows.Length())
		for i := range rows.Length() {
			seen[said(rows.Eq(i).Find(".subj"))] = true
		}
		path = page.Find(".pages a.push").AttrOr("href", "")
	}
	if fmt.Sprint(counts) != "[50 50 20]" || len(seen) != 120 {
		t.Errorf("pages of %v rows, %d different", counts, len(seen))
	}
	for _, bad := range []string{"?before=x", "?before=%00", "?before=" + strings.Repeat("9", 500)} {
		if w := h.as(katrin).do("GET", "/mail/inbox"+bad, nil); w.Code != http.StatusBadRequest && w.Code != http.StatusOK {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// TestActs: each action does its work in this folder, says so, and is undone by one click.
func TestActs(t *testing.T) {
	for _, c := range []struct {
		action, to, said string
		folder           mailstore.FolderID
		seen, flagged    bool
	}{
		{"archive", "", "1 Unterhaltung archiviert.", "archive", false, false},
		{"delete", "", "1 Unterhaltung gelöscht.", "trash", false, false},
		{"", "junk", "1 Unterhaltung verschoben.", "junk", false, false},
		{"read", "", "1 Unterhaltung als gelesen markiert.", "inbox", true, false},
		{"flag", "", "1 Unterhaltung gekennzeichnet.", "inbox", false, true},
	} {
		h := newHouse(t)
		id := h.deliver(katrin, letter{subject: "Rotor"})
		before := h.message(katrin, id)
		to := h.as(katrin).post("/mail/inbox/act", "action", c.action, "to", c.to, "pick", string(before.Thread))
		after := h.message(katrin, id)
		if after.Folder != c.folder || after.Flags.Seen != c.seen || after.Flags.Flagged != c.flagged {
			t.Errorf("%s%s: %s %+v", c.action, c.to, after.Folder, after.Flags)
		}
		toast := h.as(katrin).page(to).Find(".toast")
		if !strings.HasPrefix(said(toast), c.said) {
			t.Errorf("%s%s says %q", c.action, c.to, said(toast))
		}
		var fields []string
		form := toast.Find("form")
		for i := range form.Find("input").Length() {
			in := form.Find("input").Eq(i)
			fields = append(fields, in.AttrOr("name", ""), in.AttrOr("value", ""))
		}
		action := form.AttrOr("action", "")
		if strange := h.as(martha).do("POST", action, values(fields)); strange.Code != http.StatusConflict {
			t.Errorf("%s%s: somebody else's undo: %d", c.action, c.to, strange.Code)
		}
		h.as(katrin).post(action, fields...)
		if back := h.message(katrin, id); back.Folder != before.Folder || back.Flags != before.Flags {
			t.Errorf("%s%s undone: %s %+v, was %s %+v", c.action, c.to, back.Folder, back.Flags, before.Folder, before.Flags)
		}
		if again := h.as(katrin).do("POST", action, values(fields)); again.Code != http.StatusConflict {
			t.Errorf("%s%s undone twice: %d", c.action, c.to, again.Code)
		}
	}
}

func values(pairs []string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// TestForGood: deleting in the bin asks first, on a page of its own.
func TestForGood(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Rotor", folder: mailstore.Trash})
	thread := string(h.message(katrin, id).Thread)
	w := h.as(katrin).do("POST", "/mail/trash/act", values([]string{"action", "delete", "pick", thread}))
	if page := document(t, w); w.Code != 200 || page.Find(`input[name=sure]`).Length() != 1 || page.Find(`input[name=pick]`).AttrOr("value", "") != thread {
		t.Errorf("no question: %d", w.Code)
	}
	h.message(katrin, id)
	h.as(katrin).post("/mail/trash/act", "action", "delete", "pick", thread, "sure", "1")
	if _, err := h.mail.Message(context.Background(), h.box(katrin), id); err == nil {
		t.Error("the message is still there")
	}
}

// TestOthersMail: ids of another mailbox are not found, whatever is done with them.
func TestOthersMail(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Nur für Katrin", head: "Content-Type: text/html\r\n", text: "<p>geheim</p>"})
	thread := string(h.message(katrin, id).Thread)
	for _, path := range []string{"/mail/inbox/" + thread, "/m/" + string(id) + "/body", "/m/" + string(id) + "/part/0", "/m/" + string(id) + "/source", "/m/" + string(id) + "/eml"} {
		if w := h.as(martha).do("GET", path, nil); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "geheim") {
			t.Errorf("GET %s as another: %d", path, w.Code)
		}
		if w := h.as(jens).do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("GET %s as administrator: %d", path, w.Code)
		}
	}
	h.as(martha).do("POST", "/mail/inbox/act", values([]string{"action", "delete", "pick", thread}))
	if got := h.message(katrin, id).Folder; got != "inbox" {
		t.Errorf("another person moved it to %s", got)
	}
}

func TestBadActs(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Rotor"})
	thread := string(h.message(katrin, id).Thread)
	for _, form := range []url.Values{
		{"pick": {thread}}, {"action": {"erase"}, "pick": {thread}}, {"action": {"read"}, "pick": make([]string, 51)},
		{"action": {"move"}, "to": {"../../etc"}, "pick": {thread}}, {"to": {"no such folder"}, "pick": {thread}},
	} {
		if w := h.as(katrin).do("POST", "/mail/inbox/act", form); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%v: %d", form, w.Code)
		}
	}
	if got := h.message(katrin, id).Folder; got != "inbox" {
		t.Errorf("it went to %s", got)
	}
	if to := h.as(katrin).post("/mail/inbox/act", "action", "archive"); to != "/mail/inbox" {
		t.Errorf("nothing picked leads to %q", to)
	}
	w := h.as(katrin).do("GET", "/mail/inbox?done=%3Cscript%3E&n=99999999999999999999", nil)
	if w.Code != 200 || document(t, w).Find(".toast").Length() != 0 {
		t.Error("a made-up notice is shown")
	}
}

// TestBanner: each kind of event has its words, on every page, and none is shown without one.
func TestBanner(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "davor", ago: time.Hour, seen: true})
	if band := h.as(katrin).page("/mail/inbox").Find("#band"); said(band) != "" {
		t.Errorf("without an event: %q", said(band))
	}
	for kind, words := range map[continuity.Kind]string{continuity.Outage: "Notbetrieb seit 14:12.", continuity.Maintenance: "Wartung seit 14:12.",
		continuity.Drill: "Übung seit 14:12.", continuity.Lockdown: "Sperre seit 14:12."} {
		e := h.start(kind)
		for _, path := range []string{"/mail/inbox", "/search", "/mail/nowhere"} {
			page := document(t, h.as(katrin).do("GET", path, nil))
			if got := said(page.Find("#band [role=status] strong")); got != words {
				t.Errorf("%s on %s: %q", kind, path, got)
			}
			if page.Find("#band details li").Length() != 3 || page.Find(`.help[href="tel:03023125110"]`).Length() != 1 || !strings.Contains(said(page.Find(".org")), "Stadtwerke Ahrenfeld") {
				t.Errorf("%s on %s: something is missing from the page's head", kind, path)
			}
		}
		_, err := h.events.End(context.Background(), e.ID, jens, "Test")
		must(t, err)
	}
	h.sync.Gate, h.sync.Sum = syncback.Draining, syncback.Report{Counts: syncback.Counts{Total: 3, Waiting: 2, Verified: 1}}
	page := h.as(katrin).page("/mail/inbox")
	if got := said(page.Find("#band [role=status] strong")); got != "Exchange ist zurück." {
		t.Errorf("while draining: %q", got)
	}
	if got := said(page.Find(`nav.folders a[href="/waiting"] b`)); got != "2 offen" {
		t.Errorf("waiting: %q", got)
	}
}

// TestSince: the line stands between what came before the event and what came after it.
func TestSince(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "davor", ago: time.Hour})
	h.start(continuity.Outage)
	if n := h.as(katrin).page("/mail/inbox").Find(".since").Length(); n != 0 {
		t.Error("a line above everything divides nothing")
	}
	h.clock.Pass(10 * time.Minute)
	h.deliver(katrin, letter{subject: "danach"})
	since := h.as(katrin).page("/mail/inbox").Find(".since")
	if said(since) != "14:12 Exchange fällt aus, neue Post steht darüber" {
		t.Errorf("line: %q", said(since))
	}
	if got := said(since.PrevAllFiltered(".row").Find(".subj")); got != "danach" {
		t.Errorf("above it: %q", got)
	}
}

// TestFragment: htmx gets the main element, title and banner only; going back gets all.
func TestFragment(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Rotor"})
	v := h.as(katrin).with("HX-Request", "true")
	body := v.do("GET", "/mail/inbox", nil).Body.String()
	if strings.Contains(body, "<html") || !strings.Contains(body, "<main") || !strings.Contains(body, "<title>") || !strings.Contains(body, `hx-swap-oob="true"`) {
		t.Errorf("fragment: %.300s", body)
	}
	if body := v.with("HX-History-Restore-Request", "true").do("GET", "/mail/inbox", nil).Body.String(); !strings.Contains(body, "<html") {
		t.Error("going back needs the whole page")
	}
}

// TestRoomsFail: what the rooms answer becomes a status and a page that says what is safe.
func TestRoomsFail(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		words  string
	}{
		{mailstore.ErrFull, 507, "Der Speicherplatz ist gerade knapp."}, {mailstore.ErrUnhealthy, 503, "Das dauert gerade länger."},
		{fmt.Errorf("x: %w", mailstore.ErrNotFound), 404, "Das gibt es hier nicht."}, {mailstore.ErrConflict, 409, "Das hat sich inzwischen geändert."},
		{fmt.Errorf("secret of /var/lib"), 500, "Das hat gerade nicht geklappt."},
	} {
		h := newHouse(t, func(o *Options) { o.Mail = broken{o.Mail, c.err} })
		w := h.as(katrin).do("GET", "/mail/inbox", nil)
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.words) || strings.Contains(body, "secret") {
			t.Errorf("%v: %d", c.err, w.Code)
		}
	}
	h := newHouse(t, func(o *Options) { o.Mail = broken{o.Mail, nil} })
	if w := h.as(katrin).do("GET", "/mail/inbox", nil); w.Code != 500 || !strings.Contains(w.Body.String(), "030 23125-110") {
		t.Errorf("a panic: %d", w.Code)
	}
}

// broken is a store whose folders cannot be read; without an error it panics.
type broken struct {
	Mail
	err error
}

func (b broken) Folders(context.Context, email.MailboxID) ([]mailstore.Folder, error) {
	if b.err == nil {
		panic("broken")
	}
	return nil, b.err
}
