package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/webtest"
)

type fields map[string]string

// file is one upload: name and content.
type file struct{ name, content string }

// sendForm posts a writing form as a browser does: fields first, files last.
func (st *stage) sendForm(who, path string, f fields, files ...file) *httptest.ResponseRecorder {
	st.T.Helper()
	return st.Ask(who, http.MethodPost, path, http.Header{"Content-Type": {boundary}}, multipartBody(f, files...))
}

const boundary = "multipart/form-data; boundary=the-boundary-of-the-test"

func multipartBody(f fields, files ...file) *bytes.Buffer {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	w.SetBoundary("the-boundary-of-the-test")
	for name, value := range f {
		w.WriteField(name, value)
	}
	for _, one := range files {
		part, _ := w.CreateFormFile("file", one.name)
		part.Write([]byte(one.content))
	}
	w.Close()
	return &body
}

// filled reads the form of a page as a browser would send it.
func filled(page *goquery.Document) fields {
	f := fields{}
	page.Find("#compose input[name]:not([type=file]):not([disabled]), #compose textarea").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		value, _ := s.Attr("value")
		if goquery.NodeName(s) == "textarea" {
			value = s.Text()
		}
		f[name] = value
	})
	return f
}

func (f fields) with(pairs ...string) fields {
	changed := fields{}
	for name, value := range f {
		changed[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		changed[pairs[i]] = pairs[i+1]
	}
	return changed
}

// arrive delivers a message from outside to somebody.
func (st *stage) arrive(to, octets string) email.MessageID {
	st.T.Helper()
	id, err := st.Mail.Deliver(st.T.Context(), mailstore.Arrival{To: []mailstore.Recipient{{Mailbox: st.Person(to).Mailbox, Address: to}},
		From: "outside@partner.example", Origin: mailstore.FromOutside, Octets: []byte(octets)})
	if err != nil {
		st.T.Fatal(err)
	}
	return id
}

// inFolder lists the messages of a folder.
func (st *stage) inFolder(who string, f mailstore.FolderID) []mailstore.ThreadRow {
	st.T.Helper()
	rows, _, err := st.Mail.Threads(st.T.Context(), st.Person(who).Mailbox, f, mailstore.Before{}, 50)
	if err != nil {
		st.T.Fatal(err)
	}
	return rows
}

// employee writes; the office of webtest has her.
const employee = "katrin@holdover.example"

// stage is the pages where people write: an office, each request with its person.
type stage struct {
	webtest.Stage
	door *webtest.Door
}

func newComposeStage(t *testing.T, change ...func(*Options)) *stage {
	t.Helper()
	h := openHouse(t, webtest.Office, false, append([]func(*Options){func(o *Options) {
		o.Host, o.MaxUpload, o.Unlimited = "mail.holdover.example", 1<<20, true
	}}, change...)...)
	return &stage{webtest.Stage{Rooms: h.rooms, Pages: h.pages}, h.door}
}
