package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"holdover/demo/outside"
	"holdover/demo/standin"
)

// TestJourney is the five steps of the README: sign in, outage, new mail, search and reply, hand-back.
func TestJourney(t *testing.T) {
	d := startDemo(t)
	b := startBrowser(t, d.Web, d.OIDC, d.Plug)
	j := &journey{T: t, demo: d, b: b}
	j.before = j.snapshot()
	j.who, j.password = d.person(t, "employee", "de")
	j.w = b.window(t, how{})
	j.mailboxAsItWas()
	j.outage()
	t.Run("Check19_ProviderDown", j.providerDown)
	j.mailArrivesInTheOpenPage(true)
	j.searchReadReply()
	j.replyToLastWeek()
	j.handBack()
}

type journey struct {
	*testing.T
	demo          *demo
	b             *browser
	w, admin      *window
	who, password string
	before        map[string]int // Message-ID and place -> how often, before the event
	event         string         // URL of the event's page
	subjects      []string       // of what was sent during the outage
	arrived       []string       // Message-IDs that came in
	read          []string       // of them, those that were opened
}

// snapshot counts everything in the stand-in by place and Message-ID.
func (j *journey) snapshot() map[string]int {
	all := map[string]int{}
	for _, m := range j.demo.messages(j.T, "", "") {
		all[m.Mailbox+" "+m.Folder+" "+m.MessageID]++
	}
	return all
}

// step 1
func (j *journey) mailboxAsItWas() {
	j.Helper()
	j.w.signIn(j.demo.Web, j.who, j.password)
	if n := j.w.text(`document.querySelectorAll("#list .row").length`); n == "0" {
		j.Fatal("the inbox is empty")
	}
	j.w.see(".row.unread")
	j.screens("inbox")
	j.pickThread("Vordach")
	j.w.until("the thread holds an own message", `document.querySelectorAll("#read .msg.mine").length >= 1 && document.querySelectorAll("#read .msg").length >= 4`)
	j.w.until("attachments are listed", `[...document.querySelectorAll("#read .file .name")].some(n => n.textContent.includes(".pdf"))`)
	j.screens("conversation")
}

// pickThread opens the first row of the inbox whose subject has the words, searching when the list does not show it.
func (j *journey) pickThread(words string) {
	j.Helper()
	j.w.open(j.demo.Web + "/mail/inbox")
	j.w.see("#list .rows")
	row := fmt.Sprintf(`[...document.querySelectorAll("#list .row h3 a")].find(a => a.textContent.includes(%q))`, words)
	if !j.w.holds(row) {
		j.search(words)
	}
	j.w.open(j.w.text(row + ".href"))
	j.w.see("#read #t")
}

func (j *journey) search(words string) {
	j.Helper()
	deadline := time.Now().Add(step)
	for {
		j.w.open(j.demo.Web + "/mail/inbox")
		j.w.fill("#q", words)
		j.w.run("submit the search", chromedp.Submit(chromedp.CSS("#q")))
		j.w.until("the search page is there", `location.pathname === "/search"`)
		if j.w.holds(`document.querySelector("#list .row h3 a")`) {
			return
		}
		if time.Now().After(deadline) { // the index follows within a second or two
			j.Fatalf("nothing found for %q\n%s", words, j.w.state())
		}
	}
}

// step 2
func (j *journey) outage() {
	j.Helper()
	plug := j.b.window(j.T, how{})
	plug.open(j.demo.Plug)
	plug.click("#off")
	plug.see("#on")
	address, password := j.demo.person(j.T, "admin", "de")
	j.admin = j.b.window(j.T, how{})
	j.admin.signIn(j.demo.Web, address, password)
	j.admin.open(j.demo.Web + "/desk")
	j.admin.see("h1")
	j.admin.open(j.demo.Web + "/desk/events/new")
	j.admin.click(`input[name=kind][value=outage]`)
	j.admin.click(`input[name=scope][value=all]`)
	j.admin.fill("#reason", "Exchange antwortet nicht mehr")
	j.screensOf(j.admin, "start")
	j.admin.click(`button[name=button][value=start]`)
	j.admin.see("#progress")
	j.event = j.admin.text("location.href")
}

// providerDown pulls the identity provider's plug beside Exchange's. Who is in stays in; who is not gets a
// page of ours with the reason and the help desk's number, never the browser's own.
func (j *journey) providerDown(t *testing.T) {
	j.demo.press(t, "/identity/off")
	defer j.demo.press(t, "/identity/on")
	eventually(t, step, "the sign-in page tells that the provider does not answer", func() error {
		code, text, err := j.demo.get(j.demo.Web + "/sign-in?back=%2Fmail%2Fsent")
		if err != nil {
			return err
		}
		for _, want := range []string{"Die Anmeldung ist gerade nicht möglich.", "Der Anmeldedienst antwortet nicht.", "tel:+493023125110", "/sign-in?back=%2Fmail%2Fsent"} {
			if code != http.StatusServiceUnavailable || !strings.Contains(text, want) {
				return fmt.Errorf("%d, without %q", code, want)
			}
		}
		return nil
	})
	j.w.open(j.demo.Web + "/mail/sent")
	j.w.see("#list .rows")
}

// step 3
func (j *journey) mailArrivesInTheOpenPage(script bool) {
	j.Helper()
	j.w.open(j.demo.Web + "/mail/inbox")
	j.w.see("#list .rows")
	if script {
		j.w.until("the banner tells of the outage", `!document.querySelector("#band").hidden`)
		j.w.text(`window.sameDocument = true`)
	}
	const subject = "Wasserrohrbruch in der Gartenstraße"
	id := fmt.Sprintf("rohrbruch.%d", time.Now().UnixNano())
	j.demo.send(j.T, j.who, id, subject, "Guten Tag,\r\n\r\nvor Haus 12 steht die Straße unter Wasser. Wer kann kommen?\r\n\r\nErika Sommer")
	j.arrived = append(j.arrived, "<"+id+"@postkasten.example>")
	there := fmt.Sprintf(`[...document.querySelectorAll("#list .row.unread h3 a")].some(a => a.textContent.includes(%q))`, subject)
	if script {
		j.w.until("the new message is in the open page", there)
		if !j.w.holds("window.sameDocument") {
			j.Error("the page was loaded anew")
		}
		j.screens("arrived")
		return
	}
	j.w.open(j.demo.Web + "/mail/inbox") // without a script a person reloads
	j.w.until("the new message is in the list", there)
}

// step 4, first half
func (j *journey) searchReadReply() {
	j.Helper()
	j.search("Wasserrohrbruch")
	j.screens("search")
	j.w.open(j.w.text(`document.querySelector("#list .row h3 a").href`))
	j.w.see("#read #t")
	j.w.until("the text is shown", `document.querySelector("#read").textContent.includes("vor Haus 12")`)
	j.markRead()
	j.categorise()
	j.reply("Wir schicken den Bereitschaftsdienst, er ist in 20 Minuten da.", "")
	m := j.sentOut(1)
	if want := j.arrived[0]; m.InReplyTo != want || m.References != want {
		j.Errorf("the reply has In-Reply-To %s and References %s, want %s", m.InReplyTo, m.References, want)
	}
	j.threadShows("Wasserrohrbruch", "Bereitschaftsdienst")
}

// markRead presses the button that pages without a script have; with one the page does it by itself.
func (j *journey) markRead() {
	j.Helper()
	if button := `form[id^=seen-] button`; j.w.holds(fmt.Sprintf(`document.querySelector(%q) && getComputedStyle(document.querySelector(%q).form).display !== "none"`, button, button)) {
		j.w.click(button)
	}
	j.w.until("the conversation is marked read", `document.querySelector("#read #t") && !document.querySelector("form[id^=seen-]")`)
	j.read = append(j.read, j.arrived[len(j.arrived)-1])
}

// newCategory is put on the first message that came in the event.
const newCategory = "Rohrbruch & Übergabe"

// categorise gives the open message a category that the mailbox does not know yet.
func (j *journey) categorise() {
	j.Helper()
	j.w.click(`#read .msg-env details.menu > summary`)
	j.w.click(`#read .menu-in > summary`)
	j.w.click(`#read .menu-in button[value=newcategory]`)
	j.w.see("#category-name")
	j.w.fill("#category-name", newCategory)
	j.w.click(`button.btn-main[value=newcategory]`)
	j.w.until("the category stands on the message and in the list", fmt.Sprintf(
		`document.querySelector("#read .msg .cat")?.title === %q && [...document.querySelectorAll("#list .cat")].some(c => c.title === %q)`, newCategory, newCategory))
}

// reply answers the open thread's newest message.
func (j *journey) reply(text, file string) {
	j.Helper()
	j.w.click(`#read .bar a[href*="mode=reply"]`)
	j.w.see("#compose")
	j.w.run("write", chromedp.WaitVisible(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), text))
	if file != "" {
		j.w.run("attach", chromedp.SetUploadFiles(chromedp.CSS("#upload"), []string{file}))
		j.w.click(`button[name=button][value=attach]`)
		j.w.until("the attachment is listed", fmt.Sprintf(`[...document.querySelectorAll("#files .name")].some(n => n.textContent.includes(%q))`, filepath.Base(file)))
	}
	j.subjects = append(j.subjects, j.w.text(`document.querySelector("#subject").value`))
	j.screens("compose")
	j.w.click(`.bar button[name=button][value=send]`)
	j.w.until("the page offers to undo", `document.querySelector(".toast form[action^='/undo/']")`)
	j.screens("undo")
}

// sentOut waits until the outside world has n messages of this person and answers the last one.
func (j *journey) sentOut(n int) outside.Message {
	j.Helper()
	var all []outside.Message
	eventually(j.T, 30*time.Second, "the reply is outside", func() error {
		all = j.demo.received(j.T)
		if len(all) < n {
			return fmt.Errorf("%d messages outside, want %d", len(all), n)
		}
		return nil
	})
	if len(all) != n || all[n-1].From != j.who {
		j.Fatalf("outside are %d messages, the last one from %s", len(all), all[len(all)-1].From)
	}
	return all[n-1]
}

func (j *journey) threadShows(thread, text string) {
	j.Helper()
	eventually(j.T, step, "the thread shows the reply", func() error {
		j.pickThread(thread)
		if !j.w.holds(fmt.Sprintf(`[...document.querySelectorAll("#read .msg.mine")].some(m => m.textContent.includes(%q))`, text)) {
			return fmt.Errorf("no own message with %q", text)
		}
		return nil
	})
	j.screens("thread")
}

// step 4, second half: a message from last week that came with an attachment, answered with one.
func (j *journey) replyToLastWeek() {
	j.Helper()
	file := filepath.Join(j.TempDir(), "Bestätigung Mittagessen.txt")
	if err := os.WriteFile(file, []byte("Ja, gern. Vegetarisch, bitte.\n"), 0o600); err != nil {
		j.Fatal(err)
	}
	j.pickThread("Ihre Anmeldung zum Seminar")
	j.w.until("it came with an attachment", `document.querySelector("#read .file .name")`)
	original := j.demo.find(j.T, j.who, "Ihre Anmeldung zum Seminar")
	if age := time.Since(original.Received); age < 5*24*time.Hour || age > 9*24*time.Hour {
		j.Fatalf("the message is %v old: not from last week", age)
	}
	j.reply("Ich nehme am Mittagessen teil.", file)
	m := j.sentOut(2)
	if m.InReplyTo != original.MessageID || m.References != original.MessageID {
		j.Errorf("In-Reply-To %s, References %s, want %s", m.InReplyTo, m.References, original.MessageID)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Octets))
	if err != nil {
		j.Fatal(err)
	}
	if typ := parsed.Header.Get("Content-Type"); !strings.HasPrefix(typ, "multipart/mixed") || !strings.Contains(string(m.Octets), "SmEsIGdlcm4uIFZlZ2V0YXJpc2NoLCBiaXR0ZS4K") {
		j.Errorf("the attachment did not arrive: %s\n%.3000s", typ, m.Octets)
	}
	j.threadShows("Ihre Anmeldung zum Seminar", "Ich nehme am Mittagessen teil.")
}

func (d *demo) find(t *testing.T, mailbox, subject string) standin.Message {
	t.Helper()
	for _, m := range d.messages(t, mailbox, "") {
		if strings.HasPrefix(m.Subject, subject) {
			return m
		}
	}
	t.Fatalf("the stand-in has no message %q", subject)
	return standin.Message{}
}

// step 5
func (j *journey) handBack() {
	j.Helper()
	if now := j.snapshot(); len(now) != len(j.before) {
		j.Errorf("Exchange holds %d messages while the plug is out, it held %d", len(now), len(j.before))
	}
	plug := j.b.window(j.T, how{})
	plug.open(j.demo.Plug)
	plug.click("#on")
	plug.see("#off")
	j.admin.open(j.event)
	j.screensOf(j.admin, "event")
	j.admin.fill("#reason", "Exchange ist wieder da")
	j.admin.click(`form[action$="/end"] button.btn-main`)
	deadline := time.Now().Add(2 * time.Minute)
	for !j.admin.holds(`document.querySelector("#progress .say.done")`) {
		if time.Now().After(deadline) {
			j.Fatalf("the page does not say that everything is back\n%s", j.admin.state())
		}
		time.Sleep(50 * time.Millisecond)
	}
	j.screensOf(j.admin, "done")
	j.everythingOnce()
}

// everythingOnce compares the stand-in with what happened.
func (j *journey) everythingOnce() {
	j.Helper()
	after := j.snapshot()
	for place, n := range after {
		if had := j.before[place]; had != 0 && had != n {
			j.Errorf("%s: %d times, before the event %d times", place, n, had)
		}
	}
	for place, n := range j.before {
		if after[place] != n {
			j.Errorf("%s: %d times, before the event %d times", place, after[place], n)
		}
	}
	if want := len(j.before) + len(j.arrived) + len(j.subjects); len(after) != want {
		j.Errorf("%d messages in Exchange, want %d", len(after), want)
	}
	inbox := map[string]standin.Message{}
	for _, m := range j.demo.messages(j.T, j.who, standin.Inbox) {
		inbox[m.MessageID] = m
	}
	for _, id := range j.arrived {
		if m, ok := inbox[id]; !ok || !m.Seen || !m.Answered {
			j.Errorf("%s in the Inbox: %v, read %v, answered %v", id, ok, m.Seen, m.Answered)
		}
	}
	if m := inbox[j.arrived[0]]; !slices.Equal(m.Categories, []string{newCategory}) {
		j.Errorf("the first message bears %q in Exchange, want %q", m.Categories, newCategory)
	}
	sent := map[string]standin.Message{}
	for _, m := range j.demo.messages(j.T, j.who, standin.Sent) {
		sent[m.MessageID] = m
	}
	for n, out := range j.demo.received(j.T) {
		m, ok := sent[out.MessageID]
		if !ok || !m.Seen || m.Subject != j.subjects[n] {
			j.Errorf("%s in %q: %v, read %v, subject %q", out.MessageID, standin.Sent, ok, m.Seen, m.Subject)
			continue
		}
		written, err := mail.ParseDate(m.Date)
		if err != nil || m.Received.Sub(written).Abs() > time.Minute {
			j.Errorf("%s was written %s and lies in %q with the date %v", out.MessageID, m.Date, standin.Sent, m.Received)
		}
	}
}
