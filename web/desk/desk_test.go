package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/web"
	"holdover/web/webtest"
)

func TestDeskIsForAdministrators(t *testing.T) {
	st := newStage(t)
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	for _, r := range [][2]string{{"GET", "/desk"}, {"GET", "/desk/events/new"}, {"POST", "/desk/events"}, {"GET", "/desk/events/" + e.ID},
		{"POST", "/desk/events/" + e.ID + "/end"}, {"POST", "/desk/events/" + e.ID + "/retry"}, {"GET", "/desk/events/" + e.ID + "/progress"},
		{"GET", "/desk/events/" + e.ID + "/entries"}} {
		if w := st.Ask(employee, r[0], r[1], nil, nil); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "Ticket 7") {
			t.Errorf("an employee asks %s %s: %d, want 403 and nothing of the event", r[0], r[1], w.Code)
		}
		if w := st.Ask("", r[0], r[1], nil, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/?") {
			t.Errorf("nobody asks %s %s: %d to %q, want the sign-in page", r[0], r[1], w.Code, w.Header().Get("Location"))
		}
	}
	if got, _ := st.Events.Event(t.Context(), e.ID); !got.Active() {
		t.Error("somebody without the right ended the event")
	}
}

func TestStartAndEndThroughTheDesk(t *testing.T) {
	st := newStage(t)
	page := st.Read(st.Get(admin, "/desk/events/new"), 200)
	if n := page.Find("input[name=kind]").Length(); n != 4 {
		t.Errorf("%d kinds to choose from, want 4", n)
	}
	if got := webtest.Words(page.Find("#concerned")); got != "4 Postfächer" {
		t.Errorf("concerned at first: %q, want all", got)
	}
	form := url.Values{"kind": {"outage"}, "scope": {"groups"}, "group": {"Netz"}, "reason": {"Exchange antwortet nicht"}}
	count := url.Values{"button": {"count"}}
	for name, v := range form {
		count[name] = v
	}
	page = st.Read(st.Post(admin, "/desk/events", count), 200)
	if got := webtest.Words(page.Find("#concerned")); got != "2 Postfächer" {
		t.Errorf("concerned after counting: %q, want the group's two", got)
	}
	if v, _ := page.Find("#reason").Attr("value"); v != "Exchange antwortet nicht" {
		t.Errorf("counting lost the reason: %q", v)
	}
	if events, _ := st.Events.Events(t.Context(), 9); len(events) > 0 {
		t.Fatal("counting started an event")
	}
	form.Set("button", "start")
	w := st.Post(admin, "/desk/events", form)
	page, at := st.Follow(admin, w)
	if !strings.HasPrefix(at, "/desk/events/") || !strings.Contains(webtest.Words(page.Find("main")), "für Netz") {
		t.Errorf("after the start: %s %s", at, webtest.Words(page.Find("main")))
	}
	if _, on, _ := st.Events.Covering(t.Context(), st.Person(admin).Mailbox); on {
		t.Error("the event covers somebody outside the group")
	}
	page = st.Read(st.Post(admin, at+"/end", url.Values{"reason": {" "}}), http.StatusUnprocessableEntity)
	if page.Find("[role=alert] a[href='#reason']").Length() != 1 || page.Find("#reason[aria-invalid=true]").Length() != 1 {
		t.Error("ending without a reason does not point at the field")
	}
	page, _ = st.Follow(admin, st.Post(admin, at+"/end", url.Values{"reason": {"wieder da"}}))
	if got := webtest.Words(page.Find("#say-h")); got != "Beendet. Es gab nichts zurückzuspielen." {
		t.Errorf("after the end: %q", got)
	}
	if records := webtest.Words(page.Find("ol.time")); !strings.Contains(records, "Exchange antwortet nicht") || !strings.Contains(records, "wieder da") {
		t.Errorf("record: %q", records)
	}
	st.Follow(admin, st.Post(admin, at+"/end", url.Values{"reason": {"Doppelklick"}}))
	if e, _ := st.Events.Event(t.Context(), strings.TrimPrefix(at, "/desk/events/")); e.EndReason != "wieder da" {
		t.Errorf("a second end changed the reason to %q", e.EndReason)
	}
}

func TestStartRefusesWithTheFormFilled(t *testing.T) {
	st := newStage(t)
	for name, c := range map[string]struct {
		form  url.Values
		field string
	}{
		"no reason":       {url.Values{"kind": {"outage"}, "scope": {"all"}}, "reason"},
		"no kind":         {url.Values{"scope": {"all"}, "reason": {"x"}}, "kind"},
		"invented kind":   {url.Values{"kind": {"<b>"}, "scope": {"all"}, "reason": {"x"}}, "kind"},
		"no scope":        {url.Values{"kind": {"drill"}, "reason": {"x"}}, "scope"},
		"no group chosen": {url.Values{"kind": {"drill"}, "scope": {"groups"}, "reason": {"x"}}, "scope"},
		"invented group":  {url.Values{"kind": {"drill"}, "scope": {"groups"}, "group": {"<script>"}, "reason": {"x"}}, "scope"},
		"unknown mailbox": {url.Values{"kind": {"drill"}, "scope": {"mailboxes"}, "mailboxes": {"katrin@holdover.example, niemand@holdover.example"}, "reason": {"x"}}, "mailboxes"},
	} {
		t.Run(name, func(t *testing.T) {
			c.form.Set("button", "start")
			page := st.Read(st.Post(admin, "/desk/events", c.form), http.StatusUnprocessableEntity)
			if page.Find("[role=alert] a[href='#"+c.field+"']").Length() == 0 || page.Find("#"+c.field+"[aria-invalid=true]").Length() != 1 {
				t.Errorf("no summary that leads to %s", c.field)
			}
			if v, _ := page.Find("#reason").Attr("value"); v != c.form.Get("reason") {
				t.Errorf("the reason is lost: %q", v)
			}
			if v, _ := page.Find("#mailboxes").Attr("value"); v != c.form.Get("mailboxes") {
				t.Errorf("the addresses are lost: %q", v)
			}
			if page.Find("main script").Length() > 0 {
				t.Error("a group's name became markup")
			}
		})
	}
	if events, _ := st.Events.Events(t.Context(), 9); len(events) > 0 {
		t.Errorf("refused forms started %d events", len(events))
	}
}

func TestEventPageSaysOnlyWhatTheCountsSay(t *testing.T) {
	closed, draining, open := syncback.Closed, syncback.Draining, syncback.Open
	all := func(n int) syncback.Counts { return syncback.Counts{Total: n, Verified: n} }
	for name, c := range map[string]struct {
		kind  continuity.Kind
		ended bool
		r     syncback.Counts
		gate  syncback.Position
		left  time.Duration
		say   string
		step  string
		done  bool
		polls bool
	}{
		"nothing yet":   {continuity.Outage, false, syncback.Counts{}, closed, 0, "Ausfall seit 14:12: Noch wartet nichts auf Exchange.", "Zurückgehalten", false, true},
		"holding":       {continuity.Outage, false, syncback.Counts{Total: 1598, Verified: 1000, Waiting: 598}, closed, 0, "Ausfall seit 14:12: Holdover bewahrt 598 Änderungen auf.", "Zurückgehalten", false, true},
		"one":           {continuity.Lockdown, false, syncback.Counts{Total: 1, Waiting: 1}, closed, 0, "Sperre seit 14:12: Holdover bewahrt 1 Änderung auf.", "Zurückgehalten", false, true},
		"drill":         {continuity.Drill, false, syncback.Counts{Total: 4, Verified: 3, Waiting: 1}, open, 0, "Übung seit 14:12: 3 von 4 Änderungen sind in Exchange.", "Offen", false, true},
		"draining":      {continuity.Outage, true, syncback.Counts{Total: 41, Verified: 30, Accepted: 8, Waiting: 3}, draining, 100 * time.Second, "Rückspielung läuft: 30 von 41 Änderungen sind in Exchange.", "Rückspielung", false, true},
		"to be checked": {continuity.Outage, true, syncback.Counts{Total: 41, Verified: 40, Accepted: 1}, open, 0, "Alle 41 Änderungen hat Exchange angenommen, 40 sind dort nachgeprüft.", "Rückspielung", false, true},
		"parked":        {continuity.Outage, true, syncback.Counts{Total: 41, Verified: 40, Parked: 1}, open, 0, "40 von 41 Änderungen sind in Exchange. 1 braucht Sie.", "Rückspielung", false, true},
		"in doubt":      {continuity.Outage, true, syncback.Counts{Total: 2, Verified: 1, InDoubt: 1}, draining, 0, "Rückspielung läuft: 1 von 2 Änderungen sind in Exchange.", "Rückspielung", false, true},
		"another event": {continuity.Outage, true, syncback.Counts{Total: 2, Verified: 1, Waiting: 1}, closed, 0, "Ein anderer Ernstfall hält noch 1 Änderung zurück.", "Zurückgehalten", false, true},
		"all back":      {continuity.Outage, true, all(18412), open, 0, "Alle 18.412 Nachrichten sind zurück. Nichts fehlt, nichts ist doppelt.", "Offen", true, false},
		"not closing":   {continuity.Outage, true, syncback.Counts{Total: 5, Verified: 5, Parked: 1}, open, 0, "Die Zahlen gehen nicht auf: 5 Änderungen gezählt, 6 zugeordnet. Bitte „holdover verify“ ausführen.", "Offen", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			e := st.begin(c.kind, continuity.Scope{All: true})
			if c.ended {
				if _, err := st.Events.End(t.Context(), e.ID, "Anna", "da"); err != nil {
					t.Fatal(err)
				}
			}
			box := st.Person(employee).Mailbox
			st.told.Sum = syncback.Report{Counts: c.r, Left: c.left, Mailboxes: []syncback.MailboxCounts{{Mailbox: box, Position: c.gate, Counts: c.r}}}
			page := st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
			if got := webtest.Words(page.Find("#say-h")); got != c.say {
				t.Errorf("says %q,\nwant %q", got, c.say)
			}
			if got := webtest.Words(page.Find(".path [aria-current=step]")); got != c.step {
				t.Errorf("step %q, want %q", got, c.step)
			}
			if got := page.Find(".say.done").Length() == 1; got != c.done {
				t.Errorf("done: %v, want %v", got, c.done)
			}
			if _, polls := page.Find("#progress").Attr("hx-trigger"); polls != c.polls {
				t.Errorf("renews itself: %v, want %v", polls, c.polls)
			}
			if page.Find("svg.countbar[role=img] title").Length() != 1 {
				t.Error("the bar has no title")
			}
		})
	}
}

func TestEveryNumberLeadsToItsList(t *testing.T) {
	st := newStage(t)
	e := st.begin(continuity.Outage, continuity.Scope{Groups: []string{"Netz"}})
	katrin, outsider := st.Person(employee).Mailbox, st.Person(admin).Mailbox
	st.told.Sum = syncback.Report{Counts: syncback.Counts{Total: 6, Verified: 1, Accepted: 1, InDoubt: 1, Parked: 1, Waiting: 1, Trying: 1}, Trouble: "421 busy"}
	for n, state := range []syncback.State{syncback.Verified, syncback.Accepted, syncback.InDoubt, syncback.Parked, syncback.Waiting, syncback.Trying} {
		st.told.Entries = append(st.told.Entries, syncback.Line{Mailbox: katrin, Seq: mailstore.Seq(n + 1), Kind: mailstore.Arrived, State: state, At: st.Clock.Now(),
			Words: "552 <i>mailbox full</i>", Remedy: "Enlarge the mailbox."},
			syncback.Line{Mailbox: outsider, Seq: mailstore.Seq(n + 1), Kind: mailstore.Moved, State: state, At: st.Clock.Now()})
	}
	page := st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
	links := page.Find(".sum dd a")
	if links.Length() != 6 {
		t.Fatalf("%d numbers, want 6", links.Length())
	}
	for n := range 6 {
		url, _ := links.Eq(n).Attr("href")
		list := st.Read(st.Get(admin, url), 200)
		if rows := list.Find("tbody tr"); rows.Length() != 1 || !strings.Contains(webtest.Words(rows), "katrin@holdover.example") {
			t.Errorf("%s lists %q, want Katrin's one", url, webtest.Words(rows))
		}
	}
	note := page.Find("section.note.is-bad")
	if got := webtest.Words(note); !strings.Contains(got, "1 Änderung braucht Sie") || !strings.Contains(got, "552 <i>mailbox full</i>") || !strings.Contains(got, "Enlarge the mailbox.") {
		t.Errorf("parked: %q", got)
	}
	box, _ := note.Find("input[name=mailbox]").Attr("value")
	seq, _ := note.Find("input[name=seq]").Attr("value")
	page, _ = st.Follow(admin, st.Post(admin, "/desk/events/"+e.ID+"/retry", url.Values{"mailbox": {box}, "seq": {seq}}))
	if len(st.told.Retried()) != 1 || st.told.Retried()[0] != 4 || webtest.Words(page.Find(".toast")) != "Wird erneut versucht." {
		t.Errorf("retry: %v %q", st.told.Retried(), webtest.Words(page.Find(".toast")))
	}
	page, _ = st.Follow(admin, st.Post(admin, "/desk/events/"+e.ID+"/retry", url.Values{"mailbox": {box}, "seq": {"1"}}))
	if got := webtest.Words(page.Find(".toast")); got != "Dieser Posten wartet nicht mehr auf eine Entscheidung." {
		t.Errorf("retry of what is not parked says %q", got)
	}
	for _, form := range []url.Values{{"mailbox": {string(outsider)}, "seq": {"4"}}, {"mailbox": {box}, "seq": {"x"}}, {}} {
		if w := st.Post(admin, "/desk/events/"+e.ID+"/retry", form); w.Code != http.StatusBadRequest {
			t.Errorf("retry with %v: %d, want 400", form, w.Code)
		}
	}
	for _, query := range []string{"?state=lost", "?mailbox=" + string(outsider)} {
		if w := st.Get(admin, "/desk/events/"+e.ID+"/entries"+query); w.Code != http.StatusBadRequest {
			t.Errorf("entries%s: %d, want 400", query, w.Code)
		}
	}
	h := http.Header{"Hx-Request": {"true"}}
	fragment := st.Ask(admin, "GET", "/desk/events/"+e.ID+"/progress", h, nil)
	if body := fragment.Body.String(); !strings.HasPrefix(strings.TrimSpace(body), `<div id="progress"`) || strings.Contains(body, "<html") {
		t.Errorf("the fragment is not the progress alone: %.200s", body)
	}
}

func TestDeskSaysWhatIsTrue(t *testing.T) {
	var mail *store
	st := newStage(t, func(o *web.Options) { mail = &store{Mail: o.Mail}; o.Mail = mail })
	say := func() string { return webtest.Words(st.Read(st.Get(admin, "/desk"), 200).Find("section.say")) }
	if got := say(); !strings.HasPrefix(got, "Kein Ernstfall. Bisher war nichts nach Exchange zu übertragen.Kein Alarm.") {
		t.Errorf("calm: %q", got)
	}
	st.told.Sum.Counts = syncback.Counts{Total: 3, Verified: 3}
	if got := say(); !strings.HasPrefix(got, "Kein Ernstfall. In Exchange steht alles") {
		t.Errorf("settled: %q", got)
	}
	st.told.Sum.Counts = syncback.Counts{Total: 3, Waiting: 3}
	if got := say(); strings.Contains(got, "alles") || !strings.Contains(got, "0 von 3") {
		t.Errorf("waiting without an event: %q", got)
	}
	st.begin(continuity.Outage, continuity.Scope{All: true})
	st.told.Entries = []syncback.Line{{State: syncback.Waiting, At: st.Clock.Now().Add(-time.Hour)}, {State: syncback.Waiting, At: st.Clock.Now().Add(-3 * time.Hour)}}
	page := st.Read(st.Get(admin, "/desk"), 200)
	if got := webtest.Words(page.Find("#say-h")); got != "Ausfall seit 14:12: Holdover bewahrt 3 Änderungen auf." {
		t.Errorf("in an event: %q", got)
	}
	if got := webtest.Words(page.Find(".tiles")); !strings.Contains(got, "Ältestes seit 11:12") {
		t.Errorf("oldest: %q", got)
	}
	mail.alarms = []mailstore.Alarm{{Code: "maildir-missing", Text: "The spool file <b>x</b> is missing, and with it a mail on its way out. Restore it from a backup.", Mailbox: st.Person(employee).Mailbox, Since: st.Clock.Now()}}
	mail.full = mailstore.ErrFull
	mail.rows = []mailstore.SubmissionRow{{OutMessage: mailstore.OutMessage{Recipients: []mailstore.OutRecipient{{State: "queued"}, {State: "sent"}, {State: "failed"}}}}}
	page = st.Read(st.Get(admin, "/desk"), 200)
	if got := webtest.Words(page.Find("[role=alert]")); !strings.Contains(got, "Die Spool-Datei <b>x</b> fehlt und mit ihr eine Mail auf dem Weg nach außen. Stellen Sie sie aus einer Sicherung wieder her. Postfach katrin@holdover.example Seit 14:12") {
		t.Errorf("alarm: %q", got)
	}
	first := page.Find(".tile").First()
	if !first.HasClass("off") || !strings.Contains(webtest.Words(first), "unter der Reserve") {
		t.Errorf("the failing layer is not first: %q", webtest.Words(first))
	}
	if got := webtest.Words(page.Find(".tiles")); !strings.Contains(got, "1 unterwegs") || !strings.Contains(got, "Nicht zugestellt: 1") {
		t.Errorf("queue: %q", got)
	}
	st.told.Alarm = []syncback.Alarm{{Code: "connector-mismatch", Text: "SMTP into Exchange is stopped: 550 5.7.64 denied. Rename the folder.", Since: st.Clock.Now()}}
	if got := webtest.Words(st.Read(st.Get(admin, "/desk"), 200).Find("[role=alert]")); !strings.Contains(got, "Der Weg SMTP nach Exchange ist angehalten: 550 5.7.64 denied. Benennen Sie den Ordner um.") {
		t.Errorf("alarm of sync-back: %q", got)
	}
	if got := webtest.Words(page.Find("section.say")); !strings.Contains(got, "1 Alarm.") || strings.Contains(got, "Kein Alarm") {
		t.Errorf("sentence with an alarm: %q", got)
	}
}
