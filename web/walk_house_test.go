package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/archive"
	"holdover/continuity"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/push"
	"holdover/search"
	"holdover/signin"
	"holdover/syncback"
	"holdover/syncback/traffic"
	"holdover/web/webtest"
)

// peopleOfTheWalk are few in many groups, some with names that no page likes.
var peopleOfTheWalk = strings.Replace(people3, "role,language", "role,language,send_as", 1) + `hohenlohe@ahrenfeld.example,"Dr.-Ing. Maximilian Freiherr von Hohenlohe-Schillingsfürst-Waldenburg",user,,Planung,,,de
boshra@ahrenfeld.example,بشرى عبد الرحمن الشامي,user,,Planung,,,de
script@ahrenfeld.example,"<script>alert(1)</script>",user,,,,,en
Vertrieb@ahrenfeld.example,Vertrieb und Kundenbetreuung Innendienst,group,,,k.wessel@ahrenfeld.example m.bell@ahrenfeld.example,,
info@ahrenfeld.example,Bürgerbüro und Zentrale Auskunft der Stadtwerke,shared,,,k.wessel@ahrenfeld.example,,de,k.wessel@ahrenfeld.example
`

// walkMail fails where the walk wants it to.
type walkMail struct{ Mail }

var (
	errWalk  = errors.New("the walk wants this to fail")
	failures = map[email.MessageID]error{"fails": errWalk, "full": mailstore.ErrFull, "busy": mailstore.ErrUnhealthy, "conflict": mailstore.ErrConflict,
		"large": &http.MaxBytesError{Limit: 1 << 20}, "many": echo.NewHTTPError(http.StatusTooManyRequests)}
)

func (m walkMail) Message(ctx context.Context, box email.MailboxID, id email.MessageID) (mailstore.Message, error) {
	if err := failures[id]; err != nil {
		return mailstore.Message{}, err
	}
	return m.Mail.Message(ctx, box, id)
}

type walkSearch struct{ inner Search }

func (s walkSearch) Find(ctx context.Context, m email.MailboxID, query string, limit int) ([]email.MessageID, int, bool, error) {
	return s.inner.Find(ctx, m, query, limit)
}

func (s walkSearch) Search(ctx context.Context, m email.MailboxID, query string, offset, limit int) (search.Result, error) {
	if strings.Contains(query, "kaputt") {
		return search.Result{}, errWalk
	}
	return s.inner.Search(ctx, m, query, offset, limit)
}

type walkDoor struct{ *webtest.Door }

func (d walkDoor) Begin(ctx context.Context, back string) (string, error) {
	return "", signin.ErrProvider
}

func (d walkDoor) Finish(_ context.Context, query map[string][]string) (string, error) {
	if query["nobox"] != nil {
		return "", directory.ErrNotBound
	}
	return "", signin.ErrStale
}

type walkNotices struct{}

func (walkNotices) Key() string { return "BElTE2M0RrBKq0dJkVQnNNq6S7Xo1hC1xuX3rRM3fXk" }
func (walkNotices) Subscribe(context.Context, email.MailboxID, push.Subscription) error {
	return nil
}
func (walkNotices) Unsubscribe(context.Context, email.MailboxID, string) error { return nil }

// newWalkHouse has something of everything; saw learns each answer that is HTML.
func newWalkHouse(t *testing.T, saw func(route string, status int, body string)) (*house, *walkPages) {
	t.Helper()
	refills := &webtest.Refills{State: syncback.RefillLooked, Wish: syncback.RefillWish{By: "Jens Petersen", Reason: "Server neu aufgebaut"}}
	reports := &webtest.Reports{Counts: archive.Counts{Total: 10, Sent: 9, InDoubt: 1}, Waiting: []archive.Line{{ID: "a.1", MessageID: "journal.0123456789abcdef01234567.1@mail.holdover.example",
		State: archive.InDoubt, At: monday, Words: "connection reset by peer", Remedy: "Look in the archive for the report's Message-ID, then say that it is there or send it again."}}}
	h := openHouse(t, peopleOfTheWalk, true, func(o *Options) {
		o.Mail, o.Search, o.Notices, o.Archive, o.Refills, o.Pictures = walkMail{o.Mail}, walkSearch{o.Search}, walkNotices{}, reports, refills, &gallery{}
		o.Signin = walkDoor{o.Signin.(*webtest.Door)}
		o.Paper = paperOfTheWalk()
		o.Trusted = []string{"gw.ahrenfeld.example"}
		o.MaxUpload, o.Storybook = 1<<20, true
		o.Organisation.Imprint = "https://www.ahrenfeld.example/impressum"
		o.Signatures = map[string]string{"de": "{name}\n{organisation}", "en": "{name}\n{organisation}"}
		o.Templates = []Template{{Name: map[string]string{"de": "Störung", "en": "Outage"}, Text: map[string]string{"de": "Unser Mailsystem ist gestört.", "en": "Our mail system is down."}}}
		o.Gate = walkGate()
		o.Syncback = walkTold()
	})
	pages := newWalkPages(t, h, saw)
	h.pages = pages
	refills.Wish.Mailboxes = []email.MailboxID{h.box(katrin), h.box(martha)}
	return h, pages
}

func walkGate() *webtest.Gate {
	return &webtest.Gate{
		Report: syncback.ReleaseReport{Probe: true, Canaries: []syncback.Canary{
			{Way: "smtp", Title: "SMTP", State: syncback.CanaryFailed, Address: "probe@ahrenfeld.example", Tries: 3, Next: monday.Add(4 * time.Hour), Words: "550 5.7.68 TenantInboundAttribution; There is a partner connector configured", Remedy: "Exchange does not tie our connection to its connector: check certificate name, address and accepted domain there. Nothing is bounced; the queue waits."},
			{Way: "imap", Title: "IMAP", State: syncback.CanaryPassed, Address: "probe@ahrenfeld.example", Tries: 1, Words: "went in, was seen and taken away again"}}},
		Shown:  []syncback.Shown{webtest.Shown("smtp", "aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11"), webtest.Shown("imap", "ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99ff99")},
		Coming: syncback.Estimate{Items: 200, Left: 150 * time.Second, Binds: "smtp_per_mailbox", Rate: 60},
		Bounds: []traffic.Limit{{Key: "smtp_per_mailbox", Each: true, N: 30, Per: time.Minute, Source: "one message a second to one recipient, so that the hourly limit below is never met"},
			{Key: "graph_upload", N: 150 << 20, Octets: true, Per: 5 * time.Minute, Source: "Graph, Outlook service limits: 150 MB of uploads in 5 minutes per app and mailbox"}},
		Dry: syncback.DryRun{Items: 312, Mailboxes: 2, Doubtful: 1, Parked: 4, Flows: []syncback.Flow{{Cargo: traffic.InboundCargo, Way: "smtp", Title: "SMTP", Items: 2, Mailboxes: 1, Octets: 4096}},
			Doubts: []syncback.Doubt{{Line: syncback.Line{Seq: 7, Kind: mailstore.Arrived, At: monday}, Way: "smtp", Reason: syncback.DoubtFolder, Detail: "=Kunden"}}},
	}
}

// walkTold is a ledger that desk and mailboxes read; the walk sets it from part to part.
func walkTold() *webtest.Told {
	return &webtest.Told{Ways: []syncback.Carried{{Way: "SMTP", Journalled: true, Messages: 300}, {Way: "IMAP", Messages: 12}}}
}

func (w *walk) ledger() *webtest.Told { return w.h.opts.Syncback.(*webtest.Told) }

// counts are the account of an outage with something of everything.
func (w *walk) counts(done bool) {
	l, c := w.ledger(), syncback.Counts{Total: 312, Verified: 290, Accepted: 12, InDoubt: 1, Parked: 3, Waiting: 6}
	if done {
		c = syncback.Counts{Total: 312, Verified: 312}
	}
	l.Sum = syncback.Report{Counts: c, Rate: 240, Left: 3 * time.Minute, Mailboxes: []syncback.MailboxCounts{
		{Mailbox: w.h.box(katrin), Position: syncback.Draining, Counts: c}, {Mailbox: w.h.box(jens), Position: syncback.Open, Counts: syncback.Counts{Total: 3, Verified: 3}},
		{Mailbox: w.h.box("hohenlohe@ahrenfeld.example"), Position: syncback.Closed}}}
	l.Tally, l.Entries = &syncback.Tally{Messages: c, Changes: c}, nil
	if done {
		return
	}
	l.Tally.Notes, l.Tally.Resent, l.Tally.Hints = map[syncback.Note]int{syncback.Junk: 4, syncback.Moved: 2}, 3, 1
	for n, state := range []syncback.State{syncback.Parked, syncback.Verified, syncback.Accepted, syncback.InDoubt, syncback.Waiting} {
		l.Entries = append(l.Entries, syncback.Line{Mailbox: w.h.box(katrin), Seq: mailstore.Seq(n + 1), Message: email.MessageID(w.ids["text"]), Kind: mailstore.Arrived, State: state, At: w.h.clock.Now(),
			Words: "552 5.2.2 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", Remedy: "The message is larger than Exchange takes by IMAP: raise the limit there, then retry.", Attempts: 3, Note: syncback.Moved,
			Folder: "Rechnungen/2026/Eingang", Resent: 1, Changes: 3})
	}
}

// begin starts an event, end ends and, if asked to, releases it.
func (w *walk) begin(kind continuity.Kind) {
	e, err := w.h.events.Start(context.Background(), continuity.Start{Kind: kind, Scope: continuity.Scope{All: true}, Reason: "Ticket 7: Umspannwerk-Postfachserver antwortet nicht", By: "Jens Petersen"})
	must(w.h.t, err)
	w.event = e.ID
}

func (w *walk) end(release bool) {
	_, err := w.h.events.End(context.Background(), w.event, "Jens Petersen", "Exchange läuft wieder")
	must(w.h.t, err)
	if release { // a kind that closed no gate has nothing to release
		if _, err = w.h.events.Release(context.Background(), w.event, "Jens Petersen", "von Hand geprüft"); !errors.Is(err, continuity.ErrNotOpening) {
			must(w.h.t, err)
		}
	}
	w.h.clock.Pass(time.Minute)
}

// fill gives Katrin's mailbox a message of each kind, all read: a page that marks one read changes under the walk.
func (w *walk) fill() {
	h := w.h
	h.sample()
	events, err := h.events.Events(context.Background(), 1)
	must(h.t, err)
	w.event = events[0].ID
	put := func(name string, l letter) {
		l.seen = true
		if l.ago == 0 {
			l.ago = 3 * time.Hour
		}
		w.ids[name] = string(h.deliver(katrin, l))
	}
	put("bounce", letter{raw: bounceMail})
	put("signed", letter{raw: signedMail})
	put("secret", letter{raw: secretMail})
	put("fraud", letter{from: `"Petersen, Jens" <jens.petersen@ahrenfe1d.example>`, subject: "Dringend: neue Kontoverbindung", head: "Authentication-Results: gw.ahrenfeld.example; dmarc=fail header.from=ahrenfe1d.example\r\n", text: "Bitte sofort überweisen."})
	put("pictures", letter{subject: "Neuigkeiten", head: "Content-Type: text/html; charset=utf-8\r\n", text: newsletter})
	put("text", letter{from: "Markus Brandstätter <m.brandstaetter@ahrenfeld.example>", subject: "AW: Ersatztrafo", text: "Hallo Katrin,\n\nja.\n\nAm 23.11.2026 um 13:40 schrieb Katrin Wessel:\n> Hallo Markus,\n> geht der Trafo bis Montag?", origin: mailstore.FromExchange})
	put("names", letter{from: "\"<img src=x onerror=alert(1)> " + strings.Repeat("Donaudampfschifffahrt", 6) + "\" <a@" + strings.Repeat("sehr-lang.", 10) + "example>", subject: strings.Repeat("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", 4) + " <script>alert(1)</script>", text: strings.Repeat("x", 600)})
	put("arabic", letter{from: "بشرى عبد الرحمن <boshra@northgate.example>", subject: "موعد التسليم \u202e gnp.exe", text: "مرحبا كاترين،\nالشحنة جاهزة."})
	put("meeting", invite("REQUEST", "u1", "0", "DTSTART;TZID=W. Europe Standard Time:20261124T140000", "DTEND;TZID=W. Europe Standard Time:20261124T150000"))
	put("clash", invite("REQUEST", "u2", "0", "DTSTART:20261124T133000Z", "DTEND:20261124T143000Z"))
	put("cancelled", invite("CANCEL", "u3", "1", "DTSTART:20261125T133000Z", "DTEND:20261125T143000Z"))
	answered := true
	w.ids["shared"] = string(h.deliver(info, letter{subject: "Sperrmüll in der Hafenstraße", text: "Guten Tag,\n\nwann kommt der Wagen?", seen: true, ago: 2 * time.Hour}))
	h.deliver(info, letter{subject: "Öffnungszeiten", text: "Haben Sie am Freitag offen?", ago: time.Hour})
	must(h.t, h.mail.SetFlags(mailstore.By(context.Background(), h.box(martha)), mailstore.FromPortal, h.box(info), []email.MessageID{email.MessageID(w.ids["shared"])}, mailstore.FlagChange{Answered: &answered}))
	w.meetings(put)
	w.ids["shared-html"] = string(h.deliver(info, letter{subject: "Baustelle", head: "Content-Type: text/html; charset=utf-8\r\n", text: "<p>Wann wird die <b>Hafenstraße</b> wieder frei?</p>", seen: true, ago: 3 * time.Hour}))
	for n := range 60 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Zählerstand %d", n), text: "Zählerstand abgelesen.", folder: "archive", seen: true, ago: time.Duration(200+n) * time.Hour, origin: mailstore.FromExchange})
	}
	must(h.t, h.mail.SetCategories(context.Background(), mailstore.FromPortal, h.box(katrin), []email.MessageID{email.MessageID(w.ids["text"])}, email.CategoryChange{Add: email.Categories{"Dringend", "Projekt Rückbau Kühlturm und Nebengebäude Süd"}}))
	put("offer", offerMail(h.t))
	offer := offerMail(h.t)
	offer.seen, offer.ago = true, 4*time.Hour
	w.ids["shared-offer"] = string(h.deliver(info, offer))
	put("trash", letter{subject: "Alt", folder: mailstore.Trash})
	h.dates.CatchUp(context.Background())
	threads, _, err := h.mail.Threads(context.Background(), h.box(katrin), "inbox", before0, 50)
	must(h.t, err)
	yes := true
	for _, row := range threads {
		w.ids[row.Latest.Subject] = string(row.Latest.ID)
		if strings.Contains(row.Latest.Subject, "Delivery slot") {
			all, err := h.mail.Conversation(context.Background(), h.box(katrin), row.ID)
			must(h.t, err)
			for _, m := range all {
				must(h.t, h.mail.SetFlags(context.Background(), mailstore.FromPortal, h.box(katrin), []email.MessageID{m.ID}, mailstore.FlagChange{Seen: &yes}))
			}
			w.ids["conversation"], w.ids["own"] = string(row.Latest.ID), string(all[len(all)-1].ID)
		}
	}
	w.ledger().ByID = map[email.MessageID]syncback.State{email.MessageID(w.ids["own"]): syncback.Waiting, email.MessageID(w.ids["text"]): syncback.Verified, email.MessageID(w.ids["bounce"]): syncback.Parked}
	w.draft()
	h.found("/search?q=rotor", 1)
}

// meetings are invitations in each state.
func (w *walk) meetings(put func(name string, l letter)) {
	day := func(d, method, uid, sequence string, more ...string) letter {
		return invite(method, uid, sequence, append([]string{"DTSTART:202611" + d + "T090000Z", "DTEND:202611" + d + "T100000Z"}, more...)...)
	}
	put("accepted", day("26", "REQUEST", "u4", "0"))
	put("declined", day("27", "REQUEST", "u5", "0"))
	put("replaced", day("28", "REQUEST", "u6", "0"))
	put("updated", day("29", "REQUEST", "u6", "1"))
	put("weekly", day("30", "REQUEST", "u7", "0", "RRULE:FREQ=WEEKLY;COUNT=9"))
	put("answer", day("26", "REPLY", "u8", "0", "COMMENT:Ich komme zehn Minuten später."))
	ctx := context.Background()
	w.h.dates.CatchUp(ctx)
	for _, answer := range []string{"accepted", "declined"} {
		w.h.as(katrin).post("/m/"+w.ids[answer]+"/answer", "answer", answer, "token", "walk-"+answer)
	}
	w.h.clock.Pass(time.Minute)
	_, err := w.h.mail.Release(ctx)
	must(w.h.t, err)
}

// folders makes some by hand, in and outside of others; Exchange has one of them.
func (w *walk) folders() {
	if w.ids["folder"] != "" {
		return
	}
	ctx, m := context.Background(), w.h.box(katrin)
	made := func(parent mailstore.FolderID, name string) mailstore.FolderID {
		id, err := w.h.mail.CreateFolder(ctx, mailstore.FromPortal, m, parent, name)
		must(w.h.t, err)
		return id
	}
	top := made("", "Kunden")
	in := made(top, "Hafen und Brücken")
	made(in, strings.Repeat("Ausschreibung", 6))
	made(mailstore.Inbox, "Bestellungen")
	w.ids["folder"] = string(top)
	w.ledger().ByID = map[email.MessageID]syncback.State{folderState(string(top)): syncback.Verified, folderState(string(in)): syncback.Waiting}
}

// draft makes one with a file and everything filled in.
func (w *walk) draft() {
	d := email.Draft{From: email.Address{Name: "Katrin Wessel", Addr: katrin}, To: []email.Address{{Name: "Olivia Hartley", Addr: "olivia@northgate.example"}}, Cc: []email.Address{{Addr: martha}},
		Subject: "Angebot", Text: "Sehr geehrte Frau Hartley,\n\n", Date: w.h.clock.Now(), MessageID: "draft-of-the-walk@ahrenfeld.example",
		Attachments: []email.Attachment{{Name: strings.Repeat("Genehmigung_", 9) + "final.pdf", Type: "application/pdf", Octets: []byte("%PDF")}}}
	octets, err := email.Compose(d, true)
	must(w.h.t, err)
	id, _, err := w.h.mail.SaveDraft(context.Background(), w.h.box(katrin), "", 0, octets)
	must(w.h.t, err)
	w.ids["draft"] = string(id)
	for n := range 2 {
		d.MessageID = fmt.Sprintf("held-%d@ahrenfeld.example", n)
		octets, err = email.Compose(d, true)
		must(w.h.t, err)
		id, version, err := w.h.mail.SaveDraft(context.Background(), w.h.box(katrin), "", 0, octets)
		must(w.h.t, err)
		send, err := w.h.mail.Submit(context.Background(), mailstore.Submission{Mailbox: w.h.box(katrin), Draft: id, Version: version, Token: fmt.Sprint("walk", n), Own: octets, Out: octets, From: katrin,
			Remote: []string{"olivia@northgate.example"}, Release: w.h.clock.Now().Add(time.Duration(n) * 10 * time.Second)})
		must(w.h.t, err)
		w.ids[fmt.Sprint("send", n)] = string(send)
	}
	if _, err := w.h.mail.Release(context.Background()); err != nil {
		w.h.t.Fatal(err)
	}
}
