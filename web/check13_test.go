package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestCheck13_EightTabs: eight windows of one browser share one stream, so that every one of them answers and hears of
// new mail, and another leads when the leader is closed. Browsers open six connections to a host over HTTP/1.1: a stream
// for each would leave none for the seventh. What one window does with new mail is in TestCheck13_NewMail.
func TestCheck13_EightTabs(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Nummer 0", seen: true, ago: time.Hour})
	s := h.weigh()
	first := newPatientBrowser(t, h, katrin, 4*time.Minute)
	tabs := []*browser{first}
	leave := map[*browser]context.CancelFunc{}
	for range 7 {
		tabs = append(tabs, first.another(leave))
	}
	for _, b := range tabs {
		b.open("/mail/inbox")
		b.until(`document.querySelectorAll("li.row").length === 1`)
	}
	first.until(`document.documentElement.classList.contains("js")`)
	h.await("a stream stands", func() bool { return s.streams() > 0 })
	there := func(subject string) string {
		return `document.querySelector("li.row .subj")?.textContent.trim() === "` + subject + `"`
	}
	h.deliver(katrin, letter{subject: "Für alle"})
	for i, b := range tabs {
		b.shown()
		if err := b.becomes(there("Für alle"), 60*time.Second); err != nil {
			t.Fatalf("window %d: %v", i, err)
		}
	}
	tabs[7].open("/mail/sent") // it still answers
	tabs[7].open("/mail/inbox")
	if got := s.streams(); got > 1 {
		t.Errorf("%d streams stand at once", got)
	}
	leave[tabs[3]]()
	leave[tabs[5]]()
	first.open("/keys") // the leader's page goes, if it was this one
	tabs[7].shown()
	h.await("a stream stands again", func() bool { return s.streams() > 0 })
	h.deliver(katrin, letter{subject: "Noch eine"})
	if err := tabs[7].becomes(there("Noch eine"), 60*time.Second); err != nil {
		t.Errorf("after the leader went: %v", err)
	}
	if got := s.streams(); got != 1 {
		t.Errorf("%d streams stand at the end", got)
	}
}

// another opens a further window of the same browser, with the same cookies.
func (b *browser) another(leave map[*browser]context.CancelFunc) *browser {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	other := &browser{t: b.t, ctx: ctx, site: b.site}
	leave[other] = end
	call(other, network.Enable, network.EnableParams{})
	return other
}

// shown brings a window to the front: one that is hidden waits with asking until it is seen.
func (b *browser) shown() {
	b.t.Helper()
	call(b, page.BringToFront, cdp.Empty{})
}

// streams is how many event streams are open.
func (s *scale) streams() (open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.asked {
		if strings.HasPrefix(p.path, "/live") && !p.done {
			open++
		}
	}
	return open
}
