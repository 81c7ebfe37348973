package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// graphScript answers what the script says for a method and path, and folders as they should be.
func graphScript(t testing.TB, script func(w http.ResponseWriter, r *http.Request) bool) (*Graph, *httptest.Server) {
	t.Helper()
	i := newIssuer(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if script(w, r) {
			return
		}
		path := r.URL.Path[strings.Index(r.URL.Path, "/users/")+len("/users/"):]
		switch _, path, _ = strings.Cut(path, "/"); {
		case path == "mailFolders":
			fmt.Fprint(w, `{"value":[{"id":"F1","displayName":"Posteingang"},{"id":"F2","displayName":"Gesendet"},{"id":"F3","displayName":"Entw"}]}`)
		case path == "mailFolders/inbox":
			fmt.Fprint(w, `{"id":"F1"}`)
		case path == "mailFolders/sentitems":
			fmt.Fprint(w, `{"id":"F2"}`)
		case path == "mailFolders/drafts":
			fmt.Fprint(w, `{"id":"F3"}`)
		case strings.HasPrefix(path, "mailFolders/") && !strings.Contains(path, "messages"):
			http.Error(w, `{"error":{"code":"ErrorFolderNotFound"}}`, 404)
		default:
			fmt.Fprint(w, `{"value":[]}`)
		}
	}))
	t.Cleanup(s.Close)
	return newGraph(t, GraphOptions{URL: s.URL + "/v1.0", Security: Security{Policy: None}, Tokens: newTokens(t, TokenOptions{URL: i.URL}), Request: 2 * time.Second}), s
}

func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages")
}

// TestGraphHostile: rubbish, floods, silence and other people's items cost an error, never a false
// answer, and no token leaves for another host.
func TestGraphHostile(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(thief.Close)
	mine := `{"id":"AAA","internetMessageId":"<x@y>","parentFolderId":"F1"}`
	for name, c := range map[string]struct {
		answer string
		want   error
		found  int
	}{
		"rubbish":              {"\x00\xff", ErrUnreachable, 0},
		"a list":               {"[]", ErrUnreachable, 0},
		"no list":              {"{}", ErrUnreachable, 0},
		"another kind":         {`{"value":[[1]]}`, ErrUnreachable, 0},
		"endless":              {strings.Repeat(" ", pageBudget+1), ErrUnreachable, 0},
		"deep":                 {strings.Repeat(`{"value":[`, 100_000), ErrUnreachable, 0},
		"cut":                  {`{"value":[` + mine, ErrUnreachable, 0},
		"next on another host": {`{"value":[],"@odata.nextLink":"` + thief.URL + `/v1.0/users/` + anna + `/messages"}`, ErrUnreachable, 0},
		"next in another box":  {`{"value":[],"@odata.nextLink":"HOST/v1.0/users/bea@example.test/messages"}`, ErrUnreachable, 0},
		"next in a circle":     {`{"value":[],"@odata.nextLink":"HOST/v1.0/users/` + anna + `/messages?$skip=1"}`, ErrUnreachable, 0},
		"next upwards":         {`{"value":[],"@odata.nextLink":"HOST/v1.0/users/` + anna + `/../bea/messages"}`, ErrUnreachable, 0},
		"somebody else's item": {`{"value":[{"id":"BBB","internetMessageId":"<other@y>","parentFolderId":"F1"}]}`, nil, 0},
		"an id that is a path": {`{"value":[{"id":"../x","internetMessageId":"<x@y>","parentFolderId":"F1"}]}`, nil, 0},
		"mine":                 {`{"value":[` + mine + `,` + mine + `]}`, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var host string
			var asked atomic.Int64
			g, s := graphScript(t, func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case !isList(r):
					return false
				case strings.Contains(r.URL.Path, "bea"): // whoever follows gets something to believe
					fmt.Fprint(w, `{"value":[`+mine+`]}`)
				case asked.Add(1) > 5:
					panic(http.ErrAbortHandler)
				default:
					fmt.Fprint(w, strings.ReplaceAll(c.answer, "HOST", host))
				}
				return true
			})
			host = s.URL
			defer func() {
				if asked.Load() > 5 {
					t.Error("it was asked again and again")
				}
			}()
			copies, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
			if !errors.Is(err, c.want) || c.want == nil && err != nil || len(copies) != c.found {
				t.Errorf("%+v, %v", copies, err)
			}
		})
	}
	g, _ := graphScript(t, func(w http.ResponseWriter, r *http.Request) bool {
		if isList(r) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		}
		return isList(r)
	})
	if _, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("redirected: %v", err)
	}
	g, _ = graphScript(t, func(w http.ResponseWriter, r *http.Request) bool {
		if isList(r) {
			<-r.Context().Done()
		}
		return isList(r)
	})
	if _, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("silence: %v", err)
	}
	if stolen.Load() != 0 {
		t.Errorf("another host was asked %d times", stolen.Load())
	}
}

// TestGraphShrinkingFolder: a message that a deletion pushed past the page is not declared absent.
func TestGraphShrinkingFolder(t *testing.T) {
	n := 0
	g, _ := graphScript(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.RawQuery, "internetMessageId%20eq"):
			return false
		case isList(r):
			if n++; n == 1 { // counted, and then one was skipped
				fmt.Fprint(w, `{"@odata.count":2,"value":[{"id":"AAA","internetMessageId":"<a@y>"}]}`)
			} else {
				fmt.Fprint(w, `{"@odata.count":1,"value":[{"id":"XXX","internetMessageId":"<x@y>"}]}`)
			}
			return true
		case strings.HasSuffix(r.URL.Path, "/XXX"):
			fmt.Fprint(w, `{"id":"XXX","internetMessageId":"<x@y>","parentFolderId":"F1"}`)
			return true
		}
		return false
	})
	copies, err := g.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
	if err != nil || len(copies) != 1 || n != 2 {
		t.Errorf("%+v, %v after %d readings", copies, err, n)
	}
}

// TestGraphOtherShapes: a draft or another message where one was asked for is not believed.
func TestGraphOtherShapes(t *testing.T) {
	var deleted []string
	made := `{"id":"NEW","isDraft":true,"internetMessageId":"<s@y>"}`
	g, _ := graphScript(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodDelete:
			deleted = append(deleted, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/F2/messages"):
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, made)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":"SIDE","isDraft":true}`)
		case strings.HasSuffix(r.URL.Path, "/messages/SIDE"):
			fmt.Fprint(w, `{"id":"SIDE","isDraft":true,"subject":"x"}`)
		case strings.HasSuffix(r.URL.Path, "/messages/OTHER"):
			fmt.Fprint(w, `{"id":"NOT-OTHER"}`)
		default:
			return false
		}
		return true
	})
	_, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: letter("s@y", "\r\nText\r\n")})
	if !errors.Is(err, ErrUnsuited) || strings.Join(deleted, " ") != "NEW SIDE" {
		t.Errorf("a draft in Sent: %v, taken away: %v", err, deleted)
	}
	made = `{}`
	if _, err := g.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: letter("s@y", "\r\nText\r\n")}); !errors.Is(err, ErrDoubt) {
		t.Errorf("201 without a message: %v", err)
	}
	if _, err := g.SetFlags(contextOf(t), anna, Place{ID: "OTHER"}, Flags{}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("another message: %v", err)
	}
}

func FuzzGraphAnswer(f *testing.F) {
	for _, seed := range []string{`{"value":[{"id":"AA=","internetMessageId":"<a@b>","flag":{"flagStatus":"flagged"},"isRead":true}],"@odata.count":1}`,
		`{"error":{"code":"ErrorItemNotFound","message":"gone\r\n\u0000"}}`, `{"value":[{"id":"AA","singleValueExtendedProperties":[{"id":"String 0x7d","value":"Received: from a\r\n by b with SMTP id c;"}]}]}`,
		`{"@odata.nextLink":"https://graph.microsoft.com/v1.0/users/a/messages?$skip=10","value":[]}`} {
		f.Add([]byte(seed))
	}
	g, err := NewGraph(GraphOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, words := readGraphError(body)
		if strings.ContainsAny(code+words, "\r\n\x00") || len(code) > 60 || len(words) > 300 {
			t.Errorf("%q %q", code, words)
		}
		var page graphPage[graphMessage]
		if json.Unmarshal(body, &page) != nil {
			return
		}
		if page.Next != "" && g.nextOurs(anna, page.Next) && !strings.HasPrefix(strings.ToLower(page.Next), "https://graph.microsoft.com/v1.0/users") {
			t.Errorf("the token would go to %q", page.Next)
		}
		if page.Items == nil {
			return
		}
		for _, m := range *page.Items {
			m.flags()
			m.traces()
			if goodID(m.ID) && strings.ContainsAny(messagePath(m.ID), "?#%2e ") && strings.Contains(messagePath(m.ID), "..") {
				t.Errorf("id %q", m.ID)
			}
		}
	})
}

func FuzzRecreatable(f *testing.F) {
	f.Add(letter("a@b", withAttachment))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n----\r\n"))
	f.Add([]byte("Content-Type: multipart/signed\r\n\r\n"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		octets = asCRLF(octets)
		_, err := recreatable(octets)
		header, _ := splitHeader(octets)
		if kind, _ := contentType(header); err == nil && (kind == "multipart/signed" || strings.HasPrefix(kind, "message/")) {
			t.Errorf("%s was taken", kind)
		}
		side, _ := splitHeader(withMessageID(octets, "side@x"))
		if id, _ := readFields(header); id != "" {
			if got, _ := readFields(side); got != "side@x" {
				t.Errorf("the draft bears %q", got)
			}
		}
	})
}
