package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"holdover/continuity"
)

// TestCheck21_ReportOnPaper: the administrator's report prints without navigation, buttons and colours of the screen, and
// nothing of it is cut off at the width of a sheet.
func TestCheck21_ReportOnPaper(t *testing.T) {
	h := openHouse(t, peopleOfTheWalk, false)
	w := &walk{h: h, ids: map[string]string{}}
	h.opts.Syncback = walkTold()
	pages, err := New(h.opts)
	must(t, err)
	h.pages = pages
	w.begin(continuity.Outage)
	w.counts(false)
	w.end(true)
	b := newBrowser(t, h, jens)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 690, Height: 1000, DeviceScaleFactor: 1}) // 182 mm
	b.open("/desk/events/" + w.event + "/report")
	const onPaper = `[...document.querySelectorAll("a.btn, button, nav, .top, .band, .skip")].filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))`
	if got := js[[]string](b, onPaper); len(got) > 0 {
		t.Errorf("on paper stand %q", got)
	}
	if got := js[[]string](b, stickingOut); len(got) > 0 {
		t.Errorf("a sheet cuts off %q", got)
	}
	for _, want := range []string{"Bericht: Ausfall", "Ticket 7", "Freiherr von Hohenlohe", "552 5.2.2"} {
		if !js[bool](b, `document.body.innerText.includes(`+quotedText(want)+`)`) {
			t.Errorf("%q is missing on paper", want)
		}
	}
	if got := js[string](b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", got)
	}
	b.clean("paper")
}

func quotedText(text string) string {
	octets, _ := json.Marshal(text)
	return string(octets)
}

// TestCheck21_ErrorPages: 403, 404, 413, 500, 503 and 507 keep name, banner and the help desk's number, say what to do, and
// say nothing of the error's own words; strangers get imprint and privacy too.
func TestCheck21_ErrorPages(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Mail = walkMail{o.Mail}
		o.Organisation.Imprint, o.Organisation.Privacy = "https://www.ahrenfeld.example/impressum", "https://www.ahrenfeld.example/datenschutz"
	})
	h.start("outage")
	for path, status := range map[string]int{"/desk": 403, "/mail/inbox/lost": 404, "/no-such-page": 404, "/m/fails/print": 500, "/m/busy/print": 503, "/m/full/print": 507} {
		w := h.as(katrin).do(http.MethodGet, path, nil)
		if w.Code != status || strings.Contains(w.Body.String(), errWalk.Error()) {
			t.Errorf("%s: %d, want %d, or it tells the error's own words", path, w.Code, status)
		}
		page := document(t, w)
		if band := said(page.Find("#band strong")); !strings.HasPrefix(band, "Notbetrieb seit ") {
			t.Errorf("%s: the banner says %q", path, band)
		}
		if page.Find(`.top .org-name:contains("Stadtwerke Ahrenfeld")`).Length() != 1 || page.Find(`.top a.help[href="tel:03023125-110"], .top a.help[href^="tel:"]`).Length() != 1 || page.Find(`main a[href^="tel:"]`).Length() != 1 {
			t.Errorf("%s lacks the name or the help desk's number", path)
		}
		if said(page.Find("main h1")) == "" || page.Find("main .btn-main").Length() != 1 {
			t.Errorf("%s does not say what happened and what to do", path)
		}
	}
	for _, path := range []string{"/", "/offline", "/accessibility", "/no-such-page", "/sign-in/return"} {
		page := document(t, h.as("").do(http.MethodGet, path, nil))
		for _, link := range []string{"https://www.ahrenfeld.example/impressum", "https://www.ahrenfeld.example/datenschutz", "/accessibility"} {
			if page.Find(`footer a[href="`+link+`"]`).Length() != 1 {
				t.Errorf("the foot of %s does not link to %s", path, link)
			}
		}
	}
	if page := h.as(jens).page("/desk"); strings.Contains(said(page.Find("main")), "Impressum:") {
		t.Error("the desk misses an imprint that there is")
	}
	if page := newHouse(t).as(jens).page("/desk"); !strings.Contains(said(page.Find("main")), "Impressum:") || !strings.Contains(said(page.Find("main")), "Datenschutz:") {
		t.Error("the desk does not tell that imprint and privacy are missing")
	}
}

// TestCheck06_Still: nothing moves for who asks for that; the line of the undo bar does for others.
func TestCheck06_Still(t *testing.T) {
	h := newHouse(t)
	sent := h.as(katrin).post("/compose", "button", "send", "token", "t", "to", "olivia@northgate.example", "subject", "Kran", "text", "Montag passt.")
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	const moving = `document.querySelector(".toast") !== null && document.getAnimations().filter(a => a.playState === "running" && a.effect.getComputedTiming().duration > 10).length`
	for motion, want := range map[string]int{"no-preference": 1, "reduce": 0} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: motion}}})
		b.open(sent)
		if err := b.becomes(moving+fmt.Sprintf(" === %d", want), 30*time.Second); err != nil {
			t.Errorf("prefers-reduced-motion: %s: %v", motion, err)
		}
	}
}
