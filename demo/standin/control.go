package standin

import (
	"encoding/json"
	"net/http"
	"time"
)

// Control answers the stand-in's control API, JSON in and out; it is for the machine's own
// loopback address. Durations are nanoseconds, or text like "5m" where a query carries them. An
// error is text with status 400, or 404 where what is named is not there.
//
//	GET    /state                            State
//	POST   /off /on          ?face=          cut or restore one face, or all
//	GET    /mailboxes                        []Box;  POST adds a Mailbox;  PATCH ?mailbox=&fate=&side=, &renumber=FOLDER, &rename=FOLDER&to=NAME
//	GET    /messages         ?mailbox=&folder=   []Message, of all mailboxes or folders where not named
//	POST   /messages         ?mailbox=&folder=   stores the body, as a person's doing; &received=RFC3339&flags=\Seen,\Draft
//	PATCH  /messages         ?mailbox=&id=   &read=&flagged=&answered= true or false, &categories=A,B (all of them), &folder= moves it, a body replaces its octets
//	DELETE /messages         ?mailbox=&id=   for good
//	GET    /octets           ?mailbox=&id=   or &folder=&uid=: one message as it lies there
//	GET    /faults                           []Fault;  POST adds one;  DELETE ?name= ends those of a scenario, or all
//	POST   /clock            ?advance=5m, ?set=RFC3339, ?stand=true or false
//	GET    /work                             []Deed;  POST a Work;  DELETE: everybody rests
//	GET    /scenarios                        []Scenario;  POST /scenarios/{name}, DELETE /scenarios/{name}
//	POST   /normal                           ends all of it
//	POST   /connector                        a Connector;  POST /window ?for=168h sets the window of doubles;  POST /largest ?octets=
//	POST   /tokens           ?live=5m sets the life of tokens from now on, ?revoke=true ends those given out
//	POST   /oddity           ?name=&on=true: dates-ignored, drafts-only, no-attributes, bare-headers, no-categories
//	POST   /health           ?status=&issue=&lag=5m: what service health shows once lag is over
func (e *Exchange) Control() http.Handler {
	c := &control{e}
	m := http.NewServeMux()
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /state":       func(*http.Request) (any, error) { return e.State(), nil },
		"POST /off":        func(r *http.Request) (any, error) { e.Cut(faces(r)...); return e.State(), nil },
		"POST /on":         func(r *http.Request) (any, error) { err := e.Restore(faces(r)...); return e.State(), err },
		"GET /mailboxes":   func(*http.Request) (any, error) { return e.Boxes(), nil },
		"POST /mailboxes":  c.addMailbox,
		"PATCH /mailboxes": c.changeMailbox,
		"GET /messages":    c.messages,
		"POST /messages":   c.addMessage,
		"PATCH /messages":  c.changeMessage,
		"DELETE /messages": func(r *http.Request) (any, error) {
			return nil, e.store.Erase(r.FormValue("mailbox"), r.FormValue("id"))
		},
		"GET /octets":              c.octets,
		"GET /faults":              func(*http.Request) (any, error) { return e.faults.Rules(), nil },
		"POST /faults":             c.addFault,
		"DELETE /faults":           c.endFaults,
		"POST /clock":              c.setClock,
		"GET /work":                func(*http.Request) (any, error) { return e.Deeds(), nil },
		"POST /work":               c.work,
		"DELETE /work":             func(*http.Request) (any, error) { e.Rest(); return e.Deeds(), nil },
		"GET /scenarios":           func(*http.Request) (any, error) { return e.Scenarios(), nil },
		"POST /scenarios/{name}":   func(r *http.Request) (any, error) { return nil, e.Play(r.PathValue("name"), true) },
		"DELETE /scenarios/{name}": func(r *http.Request) (any, error) { return nil, e.Play(r.PathValue("name"), false) },
		"POST /normal":             func(*http.Request) (any, error) { return nil, e.Normal() },
		"POST /connector":          c.setConnector,
		"POST /window":             c.setWindow,
		"POST /largest":            c.setLargest,
		"POST /tokens":             c.setTokens,
		"POST /health":             c.announce,
		"POST /oddity":             c.setOddity,
	} {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { reply(w, r, f) })
	}
	return http.NewCrossOriginProtection().Handler(m)
}

type control struct{ *Exchange }

// missing is an error of something named that is not there.
type missing struct{ error }

func reply(w http.ResponseWriter, r *http.Request, f func(*http.Request) (any, error)) {
	r.Body = http.MaxBytesReader(w, r.Body, 100<<20)
	value, err := f(r)
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := err.(missing); ok {
			status = http.StatusNotFound
		}
		http.Error(w, err.Error(), status)
		return
	}
	if octets, ok := value.([]byte); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(octets)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

// decode refuses keys that are not known: a misspelt rule would be a rule that does nothing.
func decode(r *http.Request, into any) error {
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	return in.Decode(into)
}

func faces(r *http.Request) []string {
	if face := r.URL.Query().Get("face"); face != "" {
		return []string{face}
	}
	return nil
}

// FaceState is a face as State shows it.
type FaceState struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Up      bool   `json:"up"`
}

// State is the stand-in at a glance.
type State struct {
	Exchange  string      `json:"exchange"` // "on" or "off": whether any face is plugged in
	Faces     []FaceState `json:"faces"`
	Now       time.Time   `json:"now"`
	Standing  bool        `json:"standing"`
	FaultsMet int         `json:"faults_met"`
	Rules     int         `json:"rules"`
	Late      int         `json:"late"`
	Lost      int         `json:"lost"`
	Dropped   int         `json:"dropped"` // as doubles
	AtWork    bool        `json:"at_work"`
}

// State answers the stand-in at a glance.
func (e *Exchange) State() State {
	s := State{Exchange: "off", Now: e.clock.Now(), Standing: e.clock.Standing(), FaultsMet: e.faults.Hits(), Rules: len(e.faults.Rules()),
		Late: e.store.Late(), Lost: e.store.Lost(), Dropped: e.store.Dropped(), AtWork: e.AtWork()}
	if e.Up() {
		s.Exchange = "on"
	}
	for _, f := range e.faces {
		s.Faces = append(s.Faces, FaceState{Name: f.name, Address: f.address(), Up: f.up()})
	}
	return s
}

// Box is a mailbox as the control API shows it.
type Box struct {
	Address string   `json:"address"`
	Name    string   `json:"name,omitempty"`
	Fate    Fate     `json:"fate,omitempty"`
	Side    Side     `json:"side,omitempty"`
	Folders []Folder `json:"folders"`
}

// Boxes lists the mailboxes in order of their addresses.
func (e *Exchange) Boxes() []Box {
	all := []Box{}
	for _, address := range e.store.Mailboxes() {
		all = append(all, Box{Address: address, Fate: e.store.Fate(address, Anywhere), Side: e.store.Side(address), Folders: e.store.Folders(address)})
	}
	return all
}
