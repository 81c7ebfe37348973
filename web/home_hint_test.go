package web

import (
	"net/http"
	"net/url"
	"testing"
)

// Whoever has just sent something is shown the way to the home screen, until they know it.
func TestHomeHint(t *testing.T) {
	st := newComposeStage(t)
	hints := func() int {
		t.Helper()
		form := filled(st.Read(st.Get(employee, "/compose"), http.StatusOK)).with("to", "jan@holdover.example", "subject", "Gate", "text", "Gate 3.")
		page, _ := st.Follow(employee, st.sendForm(employee, "/compose", form.with("button", "send")))
		return page.Find(".home-hint").Length()
	}
	if hints() != 1 {
		t.Error("no hint after sending")
	}
	st.Post(employee, "/notices/known", url.Values{})
	if hints() != 0 {
		t.Error("the hint comes again")
	}
}
