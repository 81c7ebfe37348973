// Package plug is the demo's own page: it pulls and restores Exchange's plug, counts what lies in
// the stand-in and outside, and gives tests the same as JSON.
package plug

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

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

// Options say what the page shows.
type Options struct {
	Exchange     *standin.Exchange
	Outside      *outside.Sink
	Organisation string
	Web, SMTP    string
	People       []Person
}

type handler struct {
	Options
	pages *template.Template
}

// Handler answers the page and its JSON:
//
//	GET  /                  the page;  POST /off, POST /on  the plug
//	GET  /state             {"exchange": "on"|"off", "faults_met": n}
//	GET  /messages          ?mailbox=&folder=  messages in the stand-in
//	GET  /octets            ?mailbox=&folder=&uid=  one of them as it lies there
//	POST /faults            a standin.Fault;  DELETE /faults  ends all
//	GET  /outside           what the outside world received;  /outside/messages?after=  as JSON;  /outside/{id}  one
func Handler(o Options) http.Handler {
	h := &handler{Options: o, pages: template.Must(template.ParseFS(pages, "*.html"))}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", h.page)
	routes.HandleFunc("POST /off", func(w http.ResponseWriter, r *http.Request) {
		o.Exchange.Cut()
		h.switched(w, r)
	})
	routes.HandleFunc("POST /on", func(w http.ResponseWriter, r *http.Request) {
		if err := o.Exchange.Restore(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h.switched(w, r)
	})
	routes.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, h.state()) })
	routes.HandleFunc("GET /messages", h.messages)
	routes.HandleFunc("GET /octets", h.octets)
	routes.HandleFunc("POST /faults", h.addFault)
	routes.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		o.Exchange.Faults().Clear()
		answer(w, h.state())
	})
	routes.HandleFunc("GET /outside", h.outsidePage)
	routes.HandleFunc("GET /outside/messages", h.outsideMessages)
	routes.HandleFunc("GET /outside/{id}", h.outsideMessage)
	return headers(http.NewCrossOriginProtection().Handler(routes))
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

type state struct {
	Exchange string `json:"exchange"`
	Faults   int    `json:"faults_met"`
}

func (h *handler) state() state {
	s := state{Exchange: "off", Faults: h.Exchange.Faults().Hits()}
	if h.Exchange.Up() {
		s.Exchange = "on"
	}
	return s
}

// switched sends browsers back to the page and tells everybody else the new state.
func (h *handler) switched(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	answer(w, h.state())
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

type row struct {
	Person
	Folders []standin.Folder
}

func (h *handler) page(w http.ResponseWriter, r *http.Request) {
	view := struct {
		*handler
		Up      bool
		Columns []string
		Rows    []row
		Sent    int
	}{handler: h, Up: h.Exchange.Up(), Sent: len(h.Outside.Messages(0))}
	known := map[string]Person{}
	for _, p := range h.People {
		known[p.Address] = p
	}
	for _, address := range h.Exchange.Store().Mailboxes() {
		one := row{Person: known[address], Folders: h.Exchange.Store().Folders(address)}
		one.Address = address
		view.Rows = append(view.Rows, one)
	}
	for _, f := range view.Rows[0].Folders {
		view.Columns = append(view.Columns, shown(f.Name))
	}
	h.render(w, "plug.html", view)
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

func (h *handler) messages(w http.ResponseWriter, r *http.Request) {
	boxes := []string{r.FormValue("mailbox")}
	if boxes[0] == "" {
		boxes = h.Exchange.Store().Mailboxes()
	}
	all := []standin.Message{}
	for _, box := range boxes {
		if _, ok := h.Exchange.Store().Resolve(box); !ok {
			http.Error(w, "no mailbox "+box, http.StatusNotFound)
			return
		}
		all = append(all, h.Exchange.Store().Messages(box, r.FormValue("folder"))...)
	}
	answer(w, all)
}

func (h *handler) octets(w http.ResponseWriter, r *http.Request) {
	uid, err := strconv.ParseUint(r.FormValue("uid"), 10, 32)
	if err != nil {
		http.Error(w, "uid must be a number", http.StatusBadRequest)
		return
	}
	octets, err := h.Exchange.Store().Octets(r.FormValue("mailbox"), r.FormValue("folder"), imap.UID(uid))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	plain(w, octets)
}

func plain(w http.ResponseWriter, octets []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(octets)
}

func (h *handler) addFault(w http.ResponseWriter, r *http.Request) {
	var rule standin.Fault
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	in.DisallowUnknownFields()
	if err := in.Decode(&rule); err != nil {
		http.Error(w, "not a rule: "+err.Error(), http.StatusBadRequest)
		return
	}
	h.Exchange.Faults().Add(rule)
	answer(w, h.state())
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
