package e2e_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestCheck04_NoScript does what a person does with the scripts switched off in the browser, through a real identity
// provider: sign in, read, search, open a file, answer with a file, move, delete, keep a draft and go on with it, sign
// out; and what an administrator does: start and end an event. A mailbox of more than one page is in web's TestCheck04_Pages.
func TestCheck04_NoScript(t *testing.T) {
	d := startDemo(t)
	b := startBrowser(t, d.Web, d.OIDC, d.Plug)
	j := &journey{T: t, demo: d, b: b}
	j.who, j.password = d.person(t, "employee", "de")
	j.w = b.window(t, how{plain: true})
	j.mailboxAsItWas()
	if j.w.holds(`document.documentElement.classList.contains("js")`) {
		t.Fatal("scripts run: nothing would be proven")
	}
	j.mailArrivesInTheOpenPage(false)
	j.searchReadReply()
	j.replyToLastWeek()
	j.opensFile()
	j.movesAndDeletes()
	j.draftsAndLeaves()
	j.eventWithoutScript()
}

// opensFile asks for the file that a link of the message leads to, as the browser's own download does, which no event of
// the page tells of.
func (j *journey) opensFile() {
	j.Helper()
	j.pickThread("Ihre Anmeldung zum Seminar")
	ctx, cancel := context.WithTimeout(j.w.ctx, step)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`fetch(document.querySelector("#read .msg .file a[download]").href).then(r => r.status + " " + r.headers.get("content-disposition"))`, chromedp.EvalAwaitPromise))
	if err != nil || !strings.HasPrefix(got, "200 attachment") {
		j.Fatalf("the file came as %q, %v", got, err)
	}
}

func (j *journey) movesAndDeletes() {
	j.Helper()
	for _, what := range []struct {
		folder string
		press  []string
	}{{"archive", []string{"#list details.menu summary", `#list button[name=to][value=archive]`}}, {"trash", []string{`#list .tools button[value=delete]`}}} {
		j.w.open(j.demo.Web + "/mail/inbox")
		j.w.see("#list .rows")
		row := j.w.text(`document.querySelector("#list .row").id`)
		j.w.click("#list .row .pick")
		for _, press := range what.press {
			j.w.click(press)
		}
		j.w.until("it is said", `document.querySelector(".toast form")`)
		j.w.until("the row is gone", `document.getElementById("`+row+`") === null`)
		j.w.open(j.demo.Web + "/mail/" + what.folder)
		j.w.until("it lies in "+what.folder, `document.getElementById("`+row+`") !== null`)
	}
}

func (j *journey) draftsAndLeaves() {
	j.Helper()
	const text = "Angefangen ohne Skript."
	j.w.open(j.demo.Web + "/compose")
	j.w.fill("#to", "erika.sommer@postkasten.example")
	j.w.fill("#subject", "Halber Brief")
	j.w.fill("#text", text)
	j.w.click(`.bar button[value=save]`)
	j.w.until("it is saved", `document.querySelector("#saved")?.textContent.trim() !== ""`)
	j.w.click(`.me summary`)
	j.w.click(`form[action="/sign-out"] button`)
	j.w.see(`a[href^="/sign-in"]`)
	j.w.open(j.demo.Web + "/mail/inbox")
	j.w.until("the mail is shut", `document.querySelector("#list") === null && document.querySelector('a[href^="/sign-in"]')`)
	j.w.signIn(j.demo.Web, j.who, j.password)
	j.w.open(j.demo.Web + "/mail/drafts")
	j.w.open(j.w.text(`[...document.querySelectorAll("#list .row h3 a")].find(a => a.textContent.includes("Halber Brief")).href`))
	j.w.click(`a[href*="/compose?draft="]`)
	j.w.until("the text is there", `document.querySelector("#text")?.value.includes("`+text+`")`)
}

func (j *journey) eventWithoutScript() {
	j.Helper()
	address, password := j.demo.person(j.T, "admin", "de")
	w := j.b.window(j.T, how{plain: true})
	w.signIn(j.demo.Web, address, password)
	w.open(j.demo.Web + "/desk/events/new")
	w.click(`input[name=kind][value=outage]`)
	w.click(`input[name=scope][value=all]`)
	w.fill("#reason", "Exchange antwortet nicht mehr")
	w.click(`button[name=button][value=start]`)
	w.see("#progress")
	event := w.text("location.href")
	j.w.open(j.demo.Web + "/mail/inbox")
	j.w.until("the banner tells of it", `!document.querySelector("#band").hidden`)
	w.open(event)
	w.fill("#reason", "Exchange ist wieder da")
	w.click(`form[action$="/end"] button.btn-main`)
	w.until("it has ended", `document.querySelector("#progress") && document.querySelector('form[action$="/end"]') === null`)
}
