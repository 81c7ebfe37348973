package webtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"holdover/signin"
)

// Office is a directory of four people in one office, one of them administrator, one with a name that no
// page likes, and a group with somebody from outside.
const Office = `address,name,kind,aliases,groups,members,role,language
anna@holdover.example,Anna Admin,user,,IT,,admin,de
katrin@holdover.example,Katrin Wessel,user,k.wessel@holdover.example,Netz,,,de
james@holdover.example,James Porter,user,,Netz,,,en
jan@holdover.example,"<b>Müller</b>, Jan",user,,,,,de
vertrieb@holdover.example,Vertrieb,group,,,katrin@holdover.example james@holdover.example extern@partner.example,,
`

// Stage is pages over rooms, and who asks for them: each request names its person.
type Stage struct {
	*Rooms
	Pages http.Handler
}

// Person is somebody of the directory; "" is nobody.
func (s *Stage) Person(address string) signin.Person {
	s.T.Helper()
	if address == "" {
		return signin.Person{}
	}
	m := s.Box(address)
	return signin.Person{Mailbox: m.ID, Name: m.Name, Address: m.Address, Admin: m.Admin}
}

// Ask sends one request as a person.
func (s *Stage) Ask(who, method, path string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	s.T.Helper()
	return Ask(s.Pages, who, method, path, header, body)
}

// Ended, before an address, is somebody whose session has ended.
const Ended = "ended "

// Ask sends one request as the person with this address, "" as nobody.
func Ask(pages http.Handler, who, method, path string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for name, values := range header {
		r.Header[name] = values
	}
	if address, over := strings.CutPrefix(who, Ended); over {
		r.AddCookie(&http.Cookie{Name: "ended", Value: address})
	} else if who != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: who})
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	return w
}

// Get asks for a page.
func (s *Stage) Get(who, path string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Ask(who, http.MethodGet, path, nil, nil)
}

// Post sends a form.
func (s *Stage) Post(who, path string, values url.Values) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Ask(who, http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(values.Encode()))
}

// Follow fetches where an answer redirects to.
func (s *Stage) Follow(who string, w *httptest.ResponseRecorder) (page *goquery.Document, at string) {
	s.T.Helper()
	at = w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || at == "" {
		s.T.Fatalf("status %d, no redirect: %s", w.Code, alertOf(w))
	}
	return s.Read(s.Get(who, at), http.StatusOK), at
}

// Read is the page of an answer that must have this status.
func (s *Stage) Read(w *httptest.ResponseRecorder, status int) *goquery.Document {
	s.T.Helper()
	if w.Code != status {
		s.T.Fatalf("status %d, want %d: %s", w.Code, status, alertOf(w))
	}
	return Document(s.T, w)
}

// Document is the page of an answer.
func Document(t testing.TB, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(w.Body)
	Must(t, err)
	return doc
}

// Words are the text of a selection with single spaces.
func Words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// alertOf is what a page complains of, for the messages of tests.
func alertOf(w *httptest.ResponseRecorder) string {
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		return err.Error()
	}
	return Words(doc.Find("h1, [role=alert]"))
}
