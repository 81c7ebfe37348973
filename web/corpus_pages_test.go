package web

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

// slow is how long one request may take: a guard against hanging, wide because machines are busy.
const slow = 10 * time.Second

// mostParts is how many parts of one message are fetched: some messages have a thousand.
const mostParts = 24

// crawl goes through all pages of a mailbox by their links, as a person with much time would.
type crawl struct {
	t     *testing.T
	h     *house
	who   *visitor
	names map[string]string // message id to file of the corpus
	sent  map[string][]byte // message id to octets

	seen   map[string]bool
	counts map[string]int
	worst  time.Duration
	where  string
}

// TestCorpusPages: every file of the corpus is a mail that can be read in the pages, or says clearly
// that it is shown as source only; nothing in its header, names or text becomes part of a page.
func TestCorpusPages(t *testing.T) {
	dir := corpusDir(t)
	c := &crawl{t: t, h: newHouse(t, func(o *Options) { o.Paper = paperOfTheWalk() }), names: map[string]string{}, sent: map[string][]byte{}, seen: map[string]bool{}, counts: map[string]int{}}
	c.who = c.h.as(katrin)
	c.deliver(dir)
	for path := "/mail/inbox"; path != ""; {
		path = c.list(path)
	}
	c.complete()
	t.Logf("%d messages, %v; slowest %v: %s", len(c.names), c.counts, c.worst.Round(time.Millisecond), c.where)
}

// complete fails for each message that no page leads to. What came twice is there once (design.md L1).
func (c *crawl) complete() {
	type identity struct{ id, body string }
	of := func(octets []byte) identity {
		sum := email.Summarize(octets)
		return identity{sum.MessageID, sum.BodyHash}
	}
	there := map[identity]bool{}
	for id := range c.seen {
		there[of(c.sent[id])] = true
	}
	for id, name := range c.names {
		if c.seen[id] {
			continue
		}
		_, err := c.h.mail.Message(context.Background(), c.h.box(katrin), email.MessageID(id))
		if !errors.Is(err, mailstore.ErrNotFound) || !there[of(c.sent[id])] {
			c.t.Errorf("%s: no page leads to it", name)
		}
		c.counts["came twice"]++
	}
}

// lineEnds are those that arrive as CRLF (design.md L17).
var lineEnds = regexp.MustCompile("\r\n|\r|\n")

// deliver brings every file in, several at once so that they share a flush of the disk.
func (c *crawl) deliver(dir string) {
	type file struct {
		name   string
		octets []byte
	}
	files := make(chan file)
	var workers sync.WaitGroup
	var mu sync.Mutex
	for range 16 {
		workers.Go(func() {
			for f := range files {
				id, err := c.h.mail.Deliver(context.Background(), mailstore.Arrival{To: []mailstore.Recipient{{Mailbox: c.h.box(katrin), Address: katrin}},
					From: "olivia@northgate.example", Origin: mailstore.FromOutside, Octets: f.octets, At: c.h.clock.Now()})
				mu.Lock()
				if err != nil {
					c.t.Errorf("%s cannot be delivered: %v", f.name, err)
				}
				c.names[string(id)], c.sent[string(id)] = f.name, f.octets
				mu.Unlock()
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.Name() == "LICENSES" {
				return filepath.SkipDir
			}
			return err
		}
		octets, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files <- file{name, lineEnds.ReplaceAll(octets, []byte("\r\n"))}
		return err
	})
	close(files)
	workers.Wait()
	must(c.t, err)
	if len(c.names) < 1000 {
		c.t.Fatalf("%d messages only", len(c.names))
	}
}

// get fetches what must be there, in time and in one piece.
func (c *crawl) get(path, name string) *httptest.ResponseRecorder {
	start := time.Now()
	w := c.who.do(http.MethodGet, path, nil)
	spent := time.Since(start)
	if spent > c.worst {
		c.worst, c.where = spent, name+" "+c.kind(path)
	}
	if spent > slow {
		c.t.Errorf("%s: %s took %v", name, path, spent)
	}
	if w.Code != http.StatusOK {
		c.t.Errorf("%s: GET %s: %d", name, path, w.Code)
	}
	for field, values := range w.Header() {
		if len(values) != 1 || strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			c.t.Errorf("%s: GET %s: header %s: %q", name, path, field, values)
		}
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		c.t.Errorf("%s: GET %s: X-Content-Type-Options: %q", name, path, got)
	}
	c.counts[c.kind(path)]++
	return w
}

func (c *crawl) kind(path string) string {
	if parts := strings.Split(strings.TrimPrefix(path, "/m/"), "/"); strings.HasPrefix(path, "/m/") {
		return parts[1]
	}
	if strings.Count(path, "/") > 2 {
		return "conversation"
	}
	return "list"
}

// list reads one page of the list and all its conversations and answers where older ones are.
func (c *crawl) list(path string) (older string) {
	doc := c.page(path, "list")
	rows := doc.Find(".rows a[href]")
	if rows.Length() == 0 {
		c.t.Errorf("%s has no rows", path)
	}
	paths := map[string]bool{}
	rows.Each(func(_ int, a *goquery.Selection) {
		if to, _ := a.Attr("href"); regexp.MustCompile(`^/mail/inbox/[a-z0-9]+`).MatchString(to) && !paths[to] {
			paths[to] = true
			c.conversation(to)
		}
	})
	older, _ = doc.Find(`a[href^="/mail/inbox?before="]`).Last().Attr("href")
	return older
}

// page fetches a page of ours and looks that nothing foreign stands in it.
func (c *crawl) page(path, name string) *goquery.Document {
	w := c.get(path, name)
	if got := w.Header().Get("Content-Security-Policy"); got != pagePolicy {
		c.t.Errorf("%s: %s has the policy %q", name, path, got)
	}
	if !utf8.Valid(w.Body.Bytes()) || bytes.IndexByte(w.Body.Bytes(), 0) >= 0 {
		c.t.Errorf("%s: %s is not UTF-8 text", name, path)
	}
	doc := document(c.t, w)
	for _, wrong := range foreign(doc) {
		c.t.Errorf("%s: %s holds %s", name, path, wrong)
	}
	return doc
}

func (c *crawl) conversation(path string) {
	if strings.Contains(path, "?") {
		path += "&all=1"
	} else {
		path += "?all=1"
	}
	doc := c.page(path, path)
	doc.Find("details.msg").Each(func(_ int, m *goquery.Selection) {
		id := strings.TrimPrefix(m.AttrOr("id", ""), "m-")
		c.seen[id] = true
		c.message(id, m)
	})
}

// message checks what a message's place in its conversation offers, and follows it.
func (c *crawl) message(id string, m *goquery.Selection) {
	name := c.names[id]
	if name == "" {
		c.t.Errorf("a message %q that nobody delivered", id)
		return
	}
	base := "/m/" + id
	if m.Find(`a[href="`+base+`/source"]`).Length() == 0 || m.Find(`a[href="`+base+`/eml"]`).Length() == 0 {
		c.t.Errorf("%s: no way to the source", name)
	}
	c.attached(name, m)
	text, frame, files, fallback := m.Find(".mail.text"), m.Find("iframe[id='f-"+id+"']"), m.Find(".files .file"), m.Find(".note a[href='"+base+"/source']")
	switch {
	case fallback.Length() == 1:
		c.counts["as source only"]++
	case frame.Length() == 1:
		c.body(base+"/body", name, files.Length() > 0)
	case m.Find(".attached").Length() > 0:
	case said(text) == "" && files.Length() == 0 && !c.nothing(id):
		c.t.Errorf("%s: neither text nor files nor fallback: %q", name, said(m.Find(".msg-b")))
	case said(text) == "" && files.Length() == 0:
		c.counts["empty"]++
	}
	c.source(base, id)
	if len(c.seen)%5 == 0 {
		c.sheet(base+"/print", name)
	}
	files.Each(func(i int, f *goquery.Selection) {
		if i < mostParts {
			c.file(name, f)
		}
	})
}

// attached reads the messages that are attached to one: they are shown like any other.
func (c *crawl) attached(name string, m *goquery.Selection) {
	m.Find(".attached").Each(func(_ int, a *goquery.Selection) {
		c.counts["attached"]++
		if said(a.Find(".attached-name b").First()) == "" {
			c.t.Errorf("%s: an attached message without a name", name)
		}
		a.ChildrenFiltered("div").ChildrenFiltered("iframe").Each(func(_ int, f *goquery.Selection) {
			c.body(f.AttrOr("src", ""), name, true)
		})
		a.Find("a[download]").Each(func(_ int, save *goquery.Selection) { c.armed(c.get(save.AttrOr("href", ""), name), name) })
		a.Find("a[href*='/print']").Each(func(_ int, to *goquery.Selection) { c.sheet(to.AttrOr("href", ""), name) })
	})
}

// sheet reads a message as it goes on paper.
func (c *crawl) sheet(path, name string) {
	w := c.get(path, name)
	if got := w.Header().Get("Content-Security-Policy"); got != bodyPolicy {
		c.t.Errorf("%s: the sheet has the policy %q", name, got)
	}
	doc := document(c.t, w)
	doc.Find(".holdover-print, .holdover-org, .holdover-note, .holdover-text").RemoveAttr("class") // our own
	for _, wrong := range foreignInBody(doc) {
		c.t.Errorf("%s: the sheet holds %s", name, wrong)
	}
}

// empties are messages whose parts hold no text, though there are octets in them.
var empties = []string{"mailparser-rs-malformed--000.eml", "mailparser-rs-malformed--007.eml", "mime4j--multipartemptypart.eml", "mime4j--multipartnestedemptypartsnorfc822.eml"}

// nothing says whether a message has nothing that could be shown.
func (c *crawl) nothing(id string) bool {
	_, body, _ := bytes.Cut(c.sent[id], []byte("\r\n\r\n"))
	return len(bytes.TrimSpace(body)) == 0 || slices.Contains(empties, filepath.Base(c.names[id]))
}

// body reads a message's own document: safe, and with something in it.
func (c *crawl) body(path, name string, files bool) {
	w := c.get(path, name)
	if got := w.Header().Get("Content-Security-Policy"); got != bodyPolicy {
		c.t.Errorf("%s: the body has the policy %q", name, got)
	}
	doc := document(c.t, w)
	for _, wrong := range foreignInBody(doc) {
		c.t.Errorf("%s: the body holds %s", name, wrong)
	}
	if said(doc.Find("body")) == "" && doc.Find("body img").Length() == 0 && !files && !strings.HasSuffix(name, "nodemailer--htmllargecallstack.eml") { // that has a title and no body
		c.t.Errorf("%s: an empty body document", name)
	}
}

// source and file to keep are the message as it came.
func (c *crawl) source(base, id string) {
	for _, kind := range []string{"/source", "/eml"} {
		w := c.get(base+kind, c.names[id])
		c.armed(w, c.names[id])
		if !bytes.Equal(w.Body.Bytes(), c.sent[id]) {
			c.t.Errorf("%s: %s is not what was delivered", c.names[id], kind)
		}
	}
}

func (c *crawl) file(name string, f *goquery.Selection) {
	save := f.Find("a[download]").Last().AttrOr("href", "")
	if said(f.Find(".name")) == "" || !strings.HasSuffix(save, "?save=1") {
		c.t.Errorf("%s: a file without name or without a way to save it: %s", name, said(f))
		return
	}
	if look := f.Find("a[href*='/preview/']"); look.Length() > 0 {
		c.preview(look.First().AttrOr("href", ""), name)
	}
	w := c.get(save, name)
	c.armed(w, name)
	if got := w.Header().Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		c.t.Errorf("%s: %s is %q", name, save, got)
	}
	w = c.get(strings.TrimSuffix(save, "?save=1"), name)
	c.armed(w, name)
	shown := strings.HasPrefix(w.Header().Get("Content-Disposition"), "inline")
	if kind := w.Header().Get("Content-Type"); shown != picture(kind) || !shown && kind != "application/octet-stream" {
		c.t.Errorf("%s: a part as %s, %s", name, kind, w.Header().Get("Content-Disposition"))
	}
}

// preview shows the file on a page without anything of the mail in it, or says why it does not.
func (c *crawl) preview(path, name string) {
	w := c.who.do(http.MethodGet, path, nil)
	page := document(c.t, w)
	if w.Code != http.StatusOK && (w.Code != http.StatusUnprocessableEntity || page.Find(".preview .note").Length() != 1) {
		c.t.Errorf("%s: %s answers %d", name, path, w.Code)
	}
	if wrong := foreign(page); len(wrong) > 0 && page.Find(".preview table").Length() == 0 { // no other page of a message has a table
		c.t.Errorf("%s: %s: %v", name, path, wrong)
	}
	if frame, ok := page.Find("iframe").Attr("src"); ok {
		c.body(frame, name, true)
	}
	c.counts[map[bool]string{true: "looked at", false: "not to be looked at"}[w.Code == http.StatusOK]]++
}

// plainName is what a disposition may give as a name: no way to a folder, no end of the header.
var plainName = regexp.MustCompile(`^(inline|attachment)(; filename(\*=utf-8''[A-Za-z0-9!#$&+.^_` + "`" + `|~%-]+|=("([^"\\]|\\["\\])+"|[A-Za-z0-9!#$&'*+.^_` + "`" + `|~-]+)))?$`)

// armed checks the headers of an answer that is a file from outside.
func (c *crawl) armed(w *httptest.ResponseRecorder, name string) {
	if got := w.Header().Get("Content-Security-Policy"); got != page.FilePolicy {
		c.t.Errorf("%s: a file with the policy %q", name, got)
	}
	got := w.Header().Get("Content-Disposition")
	if !plainName.MatchString(got) || strings.Contains(got, "..") && strings.ContainsAny(got, `/\`) || strings.Contains(strings.ToLower(got), "%2f") || strings.Contains(strings.ToLower(got), "%5c") {
		c.t.Errorf("%s: Content-Disposition: %s", name, got)
	}
}
