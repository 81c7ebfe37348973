// Package plug is the demo's own page: it pulls and restores Exchange's plug, counts what lies in
// the stand-in and outside, and gives tests the same as JSON.
package plug

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdover/demo/outside"
	"holdover/demo/standin"
)

//go:embed *.html
var pages embed.FS

// Person is a sample person as the page and demo.json show them.
type Person struct {
	Address  string `json:"address"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Role     string `json:"role"`
	Language string `json:"language"`
}

// Plugged is another thing with a plug: the identity provider.
type Plugged interface {
	Cut()
	Restore()
	Up() bool
}

// Options say what the page shows.
type Options struct {
	Exchange     *standin.Exchange
	Outside      *outside.Sink
	Identity     Plugged // may be nil
	Organisation string
	Web, SMTP    string
	People       []Person
}

type handler struct {
	Options
	pages *template.Template
}

// Handler answers the page, and the stand-in's control API (standin.Control) beside it:
//
//	GET  /                  the page;  POST /off, POST /on  the plug;  POST /identity/off, /identity/on  the identity provider's
//	POST /scenario          name=&on=  puts a scenario in force or ends it;  POST /forward  by=10m  moves the clock;  POST /all-normal
//	GET  /outside           what the outside world received;  /outside/messages?after=  as JSON;  /outside/{id}  one
func Handler(o Options) http.Handler {
	h := &handler{Options: o, pages: template.Must(template.ParseFS(pages, "*.html"))}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", h.page)
	for pattern, act := range map[string]func(r *http.Request) error{
		"POST /off": func(*http.Request) error { o.Exchange.Cut(); return nil },
		"POST /on":  h.plugIn,
		"POST /scenario": func(r *http.Request) error {
			return o.Exchange.Play(r.FormValue("name"), r.FormValue("on") == "true")
		},
		"POST /forward":    h.forward,
		"POST /all-normal": func(*http.Request) error { return o.Exchange.Normal() },
	} {
		routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.do(w, r, act) })
	}
	if o.Identity != nil {
		for pattern, turn := range map[string]func(){"POST /identity/off": o.Identity.Cut, "POST /identity/on": o.Identity.Restore} {
			routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
				h.do(w, r, func(*http.Request) error { turn(); return nil })
			})
		}
	}
	routes.HandleFunc("GET /outside", h.outsidePage)
	routes.HandleFunc("GET /outside/messages", h.outsideMessages)
	routes.HandleFunc("GET /outside/{id}", h.outsideMessage)
	routes.Handle("/", o.Exchange.Control())
	return headers(http.NewCrossOriginProtection().Handler(routes))
}

// plugIn ends what cut single faces too: all are in then.
func (h *handler) plugIn(*http.Request) error {
	if err := h.Exchange.Play("imap-down", false); err != nil {
		return err
	}
	return h.Exchange.Restore()
}

func (h *handler) forward(r *http.Request) error {
	by, err := time.ParseDuration(r.FormValue("by"))
	if err == nil {
		h.Exchange.Clock().Advance(by)
	}
	return err
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// do sends browsers back to the page and tells everybody else the new state.
func (h *handler) do(w http.ResponseWriter, r *http.Request, act func(*http.Request) error) {
	if err := act(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	answer(w, h.Exchange.State())
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

type view struct {
	*handler
	standin.State
	Up        bool
	Scenarios []standin.Scenario
	InForce   []string        // titles
	Rules     []standin.Fault // of no scenario
	Ahead     time.Duration
	Deeds     []standin.Deed // the latest, newest first
	Did       int
	Columns   []string
	Rows      []standin.Box
	Sent      int
}

func (h *handler) page(w http.ResponseWriter, r *http.Request) {
	e := h.Exchange
	v := view{handler: h, State: e.State(), Up: e.Up(), Scenarios: e.Scenarios(), Rows: e.Boxes(), Sent: len(h.Outside.Messages(0))}
	for _, s := range v.Scenarios {
		if s.InForce {
			v.InForce = append(v.InForce, s.Title)
		}
	}
	for _, rule := range e.Faults().Rules() {
		if rule.Name == "" {
			v.Rules = append(v.Rules, rule)
		}
	}
	v.Ahead = e.Ahead().Round(time.Second)
	deeds := e.Deeds()
	v.Did = len(deeds)
	v.Deeds = slices.Clone(deeds[max(0, len(deeds)-5):])
	slices.Reverse(v.Deeds)
	for _, f := range v.Rows[0].Folders {
		v.Columns = append(v.Columns, shown(f.Name))
	}
	h.render(w, "plug.html", v)
}

// shown is the name that people in Outlook read.
func shown(folder string) string {
	if folder == standin.Inbox {
		return "Posteingang"
	}
	return folder
}

func (h *handler) render(w http.ResponseWriter, name string, view any) {
	var page strings.Builder
	if err := h.pages.ExecuteTemplate(&page, name, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, page.String())
}

func plain(w http.ResponseWriter, octets []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(octets)
}

func (h *handler) outsidePage(w http.ResponseWriter, _ *http.Request) {
	h.render(w, "outside.html", h.Outside.Messages(0))
}

func (h *handler) outsideMessages(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.FormValue("after"))
	answer(w, append([]outside.Message{}, h.Outside.Messages(after)...))
}

func (h *handler) outsideMessage(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	for _, m := range h.Outside.Messages(id - 1) {
		if m.ID == id {
			plain(w, m.Octets)
			return
		}
	}
	http.NotFound(w, r)
}
