package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// Session is what the writing page says of how long one is signed in.
type Session struct {
	State string // SessionCalm, SessionSoon, SessionEnded
	Until string // as people read it
	Final bool   // it ends then whatever is done
	Kept  bool   // it has just been prolonged by hand
	Said  bool   // the state is new: it is said aloud once
	Again int    // seconds until the line asks again
}

// States of a session.
const (
	SessionCalm  = "calm"
	SessionSoon  = "soon"
	SessionEnded = "ended"
)

// asks makes the line ask for its next state. The question is the page's own and does not count as somebody
// being there.
func (s Session) asks(p Page) templ.Attributes {
	return templ.Attributes{"hx-get": "/stay?was=" + s.State + "&lang=" + p.Words.Lang, "hx-trigger": "load delay:" + strconv.Itoa(s.Again) + "s", "hx-target": "#session", "hx-swap": "outerHTML", "hx-headers": `{"Holdover-Passive":"1"}`}
}

// key is the sentence of a state.
func (s Session) key() string {
	if s.State == SessionSoon && s.Final {
		return "stay.final"
	}
	return "stay." + s.State
}

// heading of a page with a form that is given back.
func (c Compose) givenWords(part string) string { return "rescue." + c.Given + part }

// quiet says that there is nothing to say to whom a script will warn in good time.
func (s Session) quiet() bool { return s.State == SessionCalm && !s.Kept }
