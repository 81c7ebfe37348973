package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMarkedLate: the answer to marking a message read comes when the reader is at another one
// already. The page stays, and shows that the first has been read.
func TestMarkedLate(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Zweite", text: "x", seen: true, ago: 2 * time.Minute})
	first := h.deliver(katrin, letter{subject: "Erste", text: "x", ago: time.Minute})
	pages, hold := h.pages, make(chan struct{})
	h.pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/act") {
			<-hold
		}
		pages.ServeHTTP(w, r)
	})
	letGo := sync.OnceFunc(func() { close(hold) })
	b := newBrowser(t, h, katrin)
	t.Cleanup(letGo)
	b.window(1280, false)
	b.open("/mail/inbox")
	b.click(".row h3 a")
	b.until(`document.querySelector("h1")?.textContent === "Erste" && document.querySelector(".row.unread")`)
	js[string](b, `document.querySelectorAll(".row h3 a")[1].click(), ""`)
	b.until(`document.querySelector("h1")?.textContent === "Zweite"`)
	letGo()
	b.until(`!document.querySelector(".row.unread")`)
	if h1 := js[string](b, `document.querySelector("h1").textContent + " " + location.pathname`); !strings.HasPrefix(h1, "Zweite ") {
		t.Errorf("the late answer leads to %s", h1)
	}
	if !h.message(katrin, first).Flags.Seen {
		t.Error("not marked read")
	}
	b.clean("marked late")
}
