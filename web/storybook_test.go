package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestStorybook: nobody reaches it unless it was switched on; then it needs nobody's data.
func TestStorybook(t *testing.T) {
	off, on := newHouse(t), newHouse(t, func(o *Options) { o.Storybook = true })
	for _, path := range []string{"/storybook", "/storybook/badge"} {
		if w := off.as(jens).do(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s although it is off: %d", path, w.Code)
		}
		if page := on.as("").page(path); !strings.Contains(said(page.Find("title")), "Storybook") {
			t.Errorf("%s is not the storybook", path)
		}
	}
	if got := said(on.as("").page("/storybook/Failure?mood=wide&lang=en").Find("h1")); !strings.Contains(got, "Thiis") {
		t.Errorf("in wide words: %q", got)
	}
	if w := on.as("").do(http.MethodGet, "/storybook/no-such", nil); w.Code != http.StatusNotFound {
		t.Errorf("no such component: %d", w.Code)
	}
}
