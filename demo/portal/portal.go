// Package portal uses Holdover as a person's browser without scripts does: over HTTP, with a cookie
// jar, through the identity provider. It knows paths and form fields, nothing else of the product.
package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// ErrAnswer wraps every answer that is not what a success looks like.
var ErrAnswer = errors.New("unexpected answer")

// Person is somebody signed in. It may be used by several goroutines.
type Person struct {
	web    string
	client *http.Client
}

var formAction = regexp.MustCompile(`<form[^>]*action="([^"]+)"`)

// SignIn goes through the identity provider as a browser does.
func SignIn(ctx context.Context, web, address, password string) (*Person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &Person{web: web, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if strings.Contains(r.URL.RawQuery, "done=") || len(via) > 10 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
	at, page, err := p.get(ctx, web+"/sign-in")
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	action := formAction.FindStringSubmatch(page)
	if action == nil || strings.HasPrefix(at.String(), web) {
		return nil, fmt.Errorf("sign in: %w: no form of the identity provider at %s", ErrAnswer, at)
	}
	target, err := at.Parse(strings.ReplaceAll(action[1], "&amp;", "&"))
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	at, _, err = p.post(ctx, target.String(), url.Values{"login": {address}, "password": {password}})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if !strings.HasPrefix(at.String(), web+"/mail/") {
		return nil, fmt.Errorf("sign in as %s: %w: ended at %s", address, ErrAnswer, at.Redacted())
	}
	return p, nil
}

// Letter is a message to send. Token makes sending it twice the same as once.
type Letter struct {
	Token, To, Subject, Text string
}

// Send sends a letter; nil means that the portal has acknowledged it.
func (p *Person) Send(ctx context.Context, l Letter) error {
	at, _, err := p.post(ctx, p.web+"/compose", url.Values{
		"token": {l.Token}, "button": {"send"}, "to": {l.To}, "subject": {l.Subject}, "text": {l.Text},
	})
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if at.Query().Get("done") != "sent" {
		return fmt.Errorf("send: %w: ended at %s", ErrAnswer, at.Path)
	}
	return nil
}

var (
	hit     = regexp.MustCompile(`<li class="row[^"]*"[^>]*>(?:<label.*?</label>)?\s*<h3>\s*<a href="/mail/[^/"]+/([^"?#]+)`)
	partial = regexp.MustCompile(`data-partial`)
)

// Search answers the threads found, and whether the page says that the index is not complete.
func (p *Person) Search(ctx context.Context, query string) (threads []string, incomplete bool, err error) {
	at, page, err := p.get(ctx, p.web+"/search?"+url.Values{"q": {query}}.Encode())
	if err != nil {
		return nil, false, fmt.Errorf("search: %w", err)
	}
	if at.Path != "/search" {
		return nil, false, fmt.Errorf("search: %w: ended at %s", ErrAnswer, at.Path)
	}
	for _, m := range hit.FindAllStringSubmatch(page, -1) {
		threads = append(threads, m[1])
	}
	return threads, partial.MatchString(page), nil
}

// Page answers the HTML of a page of the portal.
func (p *Person) Page(ctx context.Context, path string) (string, error) {
	_, page, err := p.get(ctx, p.web+path)
	return page, err
}

func (p *Person) get(ctx context.Context, address string) (*url.URL, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	return p.do(r)
}

func (p *Person) post(ctx context.Context, address string, form url.Values) (*url.URL, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(r)
}

// do answers where the redirects ended and what the page was.
func (p *Person) do(r *http.Request) (*url.URL, string, error) {
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, "", err
	}
	at := answer.Request.URL
	if answer.StatusCode == http.StatusSeeOther { // one with done=, which is not followed
		if at, err = answer.Location(); err != nil {
			return nil, "", err
		}
	} else if answer.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%w: %s %s gave %s", ErrAnswer, r.Method, r.URL.Path, answer.Status)
	}
	return at, string(page), nil
}

// Admin starts and ends events with the administrators' token.
type Admin struct {
	Web, Token string
}

// Event is what the API tells of an event.
type Event struct {
	ID     string `json:"id"`
	Active bool   `json:"active"`
	Counts struct {
		Total    int `json:"total"`
		Waiting  int `json:"waiting"`
		Trying   int `json:"trying"`
		InDoubt  int `json:"in_doubt"`
		Accepted int `json:"accepted"`
		Verified int `json:"verified"`
		Parked   int `json:"parked"`
	} `json:"counts"`
	Trouble string `json:"trouble"`
}

// Start starts an outage for everybody.
func (a Admin) Start(ctx context.Context, reason string) (e Event, err error) {
	return e, a.call(ctx, http.MethodPost, "/api/events", map[string]any{"kind": "outage", "scope": map[string]any{"all": true}, "reason": reason}, &e)
}

// End ends an event.
func (a Admin) End(ctx context.Context, id, reason string) (e Event, err error) {
	return e, a.call(ctx, http.MethodPost, "/api/events/"+id+"/end", map[string]any{"reason": reason}, &e)
}

// Event tells of one event.
func (a Admin) Event(ctx context.Context, id string) (e Event, err error) {
	return e, a.call(ctx, http.MethodGet, "/api/events/"+id, nil, &e)
}

// Events lists events, newest first.
func (a Admin) Events(ctx context.Context) ([]Event, error) {
	var list struct {
		Events []Event `json:"events"`
	}
	return list.Events, a.call(ctx, http.MethodGet, "/api/events?limit=100", nil, &list)
}

func (a Admin) call(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, a.Web+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+a.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%w: %s %s gave %s: %s", ErrAnswer, method, path, answer.Status, bytes.TrimSpace(text))
	}
	return json.Unmarshal(text, into)
}

// MarkRead marks a thread of the inbox as read; nil means that the portal has acknowledged it.
func (p *Person) MarkRead(ctx context.Context, thread string) error {
	at, _, err := p.post(ctx, p.web+"/mail/inbox/act", url.Values{"action": {"read"}, "pick": {thread}})
	if err != nil {
		return fmt.Errorf("mark read: %w", err)
	}
	if at.Path != "/mail/inbox" {
		return fmt.Errorf("mark read: %w: ended at %s", ErrAnswer, at.Path)
	}
	return nil
}
