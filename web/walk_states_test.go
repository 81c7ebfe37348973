package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/webtest"
)

// part is a stretch of the walk: how the house stands, and the pages to see then.
type part struct {
	set    func(w *walk)
	states []state
}

// of is the conversation page of a message of the walk.
func of(name string) func(*walk) string {
	return func(w *walk) string { return w.h.open(katrin, email.MessageID(w.ids[name])) }
}

// on is a page about a message.
func on(path, name string) func(*walk) string {
	return func(w *walk) string { return fmt.Sprintf(path, w.ids[name]) }
}

// event is a page of the event at hand.
func event(path string) func(*walk) string {
	return func(w *walk) string { return "/desk/events/" + w.event + path }
}

// submit sends a form of the page at path, as its button does; fields come in pairs.
func submit(page, path string, fields ...string) func(*walk) {
	return func(w *walk) {
		w.open(page)
		js[bool](w.browser, fmt.Sprintf(`(() => { const f = document.createElement("form"), v = %s; f.method = "post"; f.action = %q; window.before = true;
			for (let i = 0; i < v.length; i += 2) { const t = document.createElement("textarea"); t.name = v[i]; t.value = v[i + 1]; f.append(t) }
			document.body.append(f); HTMLFormElement.prototype.submit.call(f); return true })()`, quoted(fields), path))
		w.until(`!window.before && document.readyState === "complete"`)
	}
}

// opened opens what is folded, so that it is looked at too.
const opened = `for (const d of document.querySelectorAll("main details:not(.menu)")) d.open = true`

// menus opens a menu.
func menus(selector string) string {
	return `for (const d of document.querySelectorAll("` + selector + `")) d.open = true`
}

// walkParts is the way of the walk: everybody's pages, the webmail and the desk in an outage, the way back, the other
// kinds of event, and mail that is only read here. The storybook comes last.
func walkParts() []part {
	nothing := func(w *walk) {}
	return []part{
		{set: nothing, states: publicStates},
		{set: nothing, states: calmStates},
		{set: nothing, states: deskCalmStates},
		{set: func(w *walk) { w.fill(); w.counts(false); w.ledger().Gate = syncback.Closed }, states: slices.Concat(mailStates, fileStates, searchStates, calendarStates, composeStates, sharedStates, errorStates, deskStates)},
		{set: func(w *walk) { w.end(false) }, states: openingStates},
		{set: func(w *walk) {
			_, err := w.h.events.Release(w.ctx, w.event, "Jens Petersen", "von Hand geprüft")
			must(w.h.t, err)
			w.ledger().Gate = syncback.Draining
		}, states: drainingStates},
		{set: func(w *walk) { w.counts(true); w.ledger().Gate = syncback.Open }, states: doneStates},
		{set: func(w *walk) {
			w.pages.change(w.h.t, func(o *Options) { o.ReadOnly, o.Outlook = true, w.site+"/outlook" })
		}, states: readOnlyStates},
		{set: func(w *walk) {
			w.pages.change(w.h.t, func(o *Options) { o.ReadOnly, o.Outlook = false, "" })
			w.begin(continuity.Maintenance)
		},
			states: []state{{name: "band-maintenance", who: katrin, path: "/mail/archive", then: menus("#band-more")}}},
		{set: func(w *walk) { w.end(true); w.begin(continuity.Drill) }, states: []state{{name: "band-drill", who: katrin, path: "/mail/archive", then: menus("#band-more")}}},
		{set: func(w *walk) { w.end(true); w.lockdown() }, states: lockdownStates},
		{set: func(w *walk) {
			w.end(false)
			w.h.opts.Gate.(*webtest.Gate).Report = syncback.ReleaseReport{Probe: true, Blocked: syncback.BlockIdentity}
		}, states: []state{
			{name: "release-locked", who: jens, at: event("/release")},
			{name: "release-identity", who: jens, at: event("/release?look=1")},
		}},
		{set: nothing, states: storyStates()},
	}
}

// lockdown begins one in which Exchange shows another key than before.
func (w *walk) lockdown() {
	for _, one := range w.h.opts.Gate.(*webtest.Gate).Shown {
		one.Identity.Pin = "aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11"
		must(w.h.t, w.h.events.Remember(w.ctx, one.Identity))
	}
	w.h.clock.Pass(time.Hour)
	w.begin(continuity.Lockdown)
}

// storyStates are components of the storybook: whole pages with words four tenths longer and, on the full walk, every
// component in every mood.
func storyStates() (all []state) {
	for _, name := range views.Stories() {
		if views.IsMail(name) { // hostile mail is shown in its frame by tests of its own
			continue
		}
		for _, mood := range views.Moods() {
			page := mood == "wide" && strings.HasSuffix(name, "Page")
			all = append(all, state{name: "story-" + name + "-" + mood, who: katrin, path: "/storybook/" + name + "?mood=" + mood, calm: true, full: !page})
		}
	}
	return append(all, state{name: "storybook", path: "/storybook", calm: true})
}
