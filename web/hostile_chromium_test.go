package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	batch = 12 // hostile messages in one conversation: their frames load side by side
	alone = 6  // one in so many body documents is opened by itself too
)

// siege is a mailbox full of hostile mail with a browser in front of it.
type siege struct {
	*watch
	h       *house
	tracker *tracker
	attacks []payload // aimed at the tracker
	ids     []string  // message of each attack
	threads []string  // paths of the conversations
	product http.Handler

	connected int // to the sender without a request. No policy stops <link rel=preconnect> and the like: that is the sanitiser's part

	mu    sync.Mutex
	naked map[string]string // message id to raw HTML; nil: the product's own answer
	asked []string          // what the browser asked of the product
}

func newSiege(t *testing.T, attacks []payload) *siege {
	t.Helper()
	s := &siege{h: newHouse(t), tracker: newTracker(t)}
	for i, a := range attacks {
		s.attacks = append(s.attacks, payload{ID: a.ID, Payload: s.tracker.aim(i, a.Payload)})
	}
	first := ""
	for i, a := range s.attacks {
		id := fmt.Sprintf("attack-%d@northgate.example", i)
		if i%batch == 0 {
			first = ""
		}
		octets := base64.StdEncoding.EncodeToString([]byte(a.Payload))
		given := s.h.deliver(katrin, letter{id: id, answers: first, subject: fmt.Sprintf("Attack %d", i/batch), seen: true,
			head: "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", text: regexp.MustCompile(`.{1,76}`).ReplaceAllString(octets, "$0\n")})
		if first == "" {
			first = id
			s.threads = append(s.threads, "/mail/inbox/"+string(s.h.message(katrin, given).Thread))
		}
		s.ids = append(s.ids, string(given))
	}
	s.product, s.h.pages = s.h.pages, http.HandlerFunc(s.serve)
	s.watch = newWatch(newBrowser(t, s.h, katrin, chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")))
	return s
}

// serve answers as the product does. For a message laid bare it is the product's answer, status and
// headers, with the attack as it came instead of what the sanitiser made of it.
func (s *siege) serve(w http.ResponseWriter, r *http.Request) {
	id, isBody := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/m/"), "/body")
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	naked, bare := s.naked[id]
	s.mu.Unlock()
	if !isBody || !bare {
		s.product.ServeHTTP(w, r)
		return
	}
	r.Header.Del("Accept-Encoding") // what is written instead is not packed
	answer := httptest.NewRecorder()
	s.product.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	fmt.Fprint(w, naked)
}

// bare takes the sanitiser away.
func (s *siege) bare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.naked = map[string]string{}
	for i, id := range s.ids {
		s.naked[id] = s.attacks[i].Payload
	}
}

const framesLoaded = `[...document.querySelectorAll("iframe.paper-frame")].every(f => f.contentDocument && f.contentDocument.URL === f.src && f.contentDocument.readyState === "complete")`

// conversation opens a conversation with all its messages unfolded and handles each body as its reader might.
func (s *siege) conversation(path string, frames int) {
	b := s.b
	b.open(path)
	if got := js[int](b, `(() => { for (const d of document.querySelectorAll("details.msg")) d.open = true;
	  const all = document.querySelectorAll("iframe.paper-frame"); for (const f of all) f.loading = "eager"; return all.length })()`); got != frames {
		b.t.Fatalf("%s has %d frames of %d", path, got, frames)
	}
	if err := b.becomes(framesLoaded, 20*time.Second); err != nil {
		b.t.Errorf("%s: a message has left its frame, or does not end: %v", path, err)
	}
	s.evaluate("{" + pokeFrames + "}" + settle)
	if got := js[string](b, `location.pathname + " " + document.querySelectorAll("iframe.paper-frame").length`); got != fmt.Sprintf("%s %d", path, frames) {
		b.t.Errorf("%s: the page has become %s", path, got)
	}
}

// document opens a body document by itself.
func (s *siege) document(id string) {
	s.b.open("/m/" + id + "/body")
	s.evaluate("{" + poke + "poke(document); }")
	time.Sleep(20 * time.Millisecond) // no timer runs in a document without scripts, see settle
	if got := js[string](s.b, `location.pathname`); got != "/m/"+id+"/body" {
		s.b.t.Errorf("the body document of %s has become %s", id, got)
	}
}

func (s *siege) evaluate(expression string) {
	s.b.t.Helper()
	_, err := chromedp.Run(s.b.ctx, chromedp.Evaluate[chromedp.Void](expression, chromedp.EvalAwaitPromise, func(p *runtime.EvaluateParams) { yes := true; p.UserGesture = &yes }))
	must(s.b.t, err)
}

// quiet fails when anything got through since the last time.
func (s *siege) quiet(where string, asks *regexp.Regexp) {
	t := s.b.t
	t.Helper()
	ran, scripts, left := s.taken()
	hits, connected := s.tracker.taken()
	for number, requests := range hits {
		name := "?"
		if number >= 0 && number < len(s.attacks) {
			name = s.attacks[number].ID
		}
		t.Errorf("%s: %s reached its sender: %q", where, name, requests)
	}
	if s.connected += connected; connected > 0 && asks == pageAsks {
		t.Errorf("%s: %d connections to the sender", where, connected)
	}
	for _, what := range ran {
		t.Errorf("%s: a script ran: %s", where, what)
	}
	for _, what := range scripts {
		t.Errorf("%s: a script was compiled: %s", where, what)
	}
	for _, what := range left {
		t.Errorf("%s: request to another host: %s", where, what)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, request := range s.asked {
		if !asks.MatchString(request) {
			t.Errorf("%s: the message made the browser ask for %s", where, request)
		}
	}
	s.asked = nil
}

var (
	// pageAsks is what our own pages ask for.
	pageAsks = regexp.MustCompile(`^GET (/mail/inbox/[^/]+|/m/[^/]+/(body|part/[0-9]+)|/static/.*|/live|/favicon\.ico|/manifest\.webmanifest|/sw\.js|/offline)$`)
	// anyAsks is any reading: without the sanitiser a message may name pictures of our own host.
	anyAsks = regexp.MustCompile(`^GET /`)
)

// everywhere opens all conversations, and some of the body documents by themselves too.
func (s *siege) everywhere(stage string, asks *regexp.Regexp) {
	for i, path := range s.threads {
		last := min(i*batch+batch, len(s.ids))
		s.conversation(path, last-i*batch)
		s.quiet(fmt.Sprintf("%s, %s to %s", stage, s.attacks[i*batch].ID, s.attacks[last-1].ID), asks)
	}
	for i := 0; i < len(s.ids); i += alone {
		s.document(s.ids[i])
		s.quiet(stage+", document of "+s.attacks[i].ID, asks)
	}
}

// control opens every attack in a frame without any protection and answers which reached the sender
// and which ran a script.
func (s *siege) control() (reached, ran map[int]bool) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/attack/")); err == nil && i < len(s.attacks) {
			fmt.Fprint(w, s.attacks[i].Payload)
			return
		}
		first, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/from/"))
		for i := first; err == nil && i < min(first+batch, len(s.attacks)); i++ {
			fmt.Fprintf(w, `<iframe class="paper-frame" src="/attack/%d"></iframe>`, i)
		}
	}))
	s.b.t.Cleanup(site.Close)
	s.b.t.Cleanup(site.CloseClientConnections)
	reached, ran = map[int]bool{}, map[int]bool{}
	for first := 0; first < len(s.attacks); first += batch {
		s.suffer(fmt.Sprintf("%s/from/%d", site.URL, first))
		noted, _, _ := s.taken()
		for _, what := range noted {
			_, number, _ := strings.Cut(what, "/attack/")
			if i, err := strconv.Atoi(number); err == nil {
				ran[i] = true
			}
		}
		hits, _ := s.tracker.taken()
		for i := range hits {
			reached[i] = true
		}
	}
	return reached, ran
}

// suffer opens an unprotected page. An attack may take the page away or keep it from ending.
func (s *siege) suffer(address string) {
	ctx, cancel := context.WithTimeout(s.b.ctx, 2*time.Second)
	defer cancel()
	chromedp.Do(ctx, chromedp.Navigate(address))
	chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void]("{"+pokeFrames+"}"+settle, chromedp.EvalAwaitPromise))
}

// every returns the first of each so many.
func every(step int, list []payload) (some []payload) {
	for i := 0; i < len(list); i += step {
		some = append(some, list[i])
	}
	return some
}

// TestHostileHTML: mail that attacks its reader runs no script and tells its sender nothing, once as
// the product shows it, and once more without the sanitiser, by policy and sandbox alone. The same
// attacks in a bare frame show that they are none of paper.
func TestHostileHTML(t *testing.T) {
	attacks := payloads(t, "mail-html-cases.json", 25)
	attacks = append(attacks, every(3, payloads(t, "dompurify-vectors.json", 200)[1:])...)
	attacks = append(attacks, every(3, realBodies(t, 30))...)
	for i, markup := range strings.Split(strings.TrimSpace(calls), "\n") {
		attacks = append(attacks, payload{ID: fmt.Sprintf("call %d, %.20s", i+1, markup), Payload: markup})
	}
	s := newSiege(t, attacks)
	s.everywhere("as the product shows it", pageAsks)
	s.bare()
	s.everywhere("without the sanitiser", anyAsks)
	reached, ran := s.control()
	if len(reached) < 40 || len(ran) < 18 {
		t.Errorf("the control is void: of %d attacks %d reached their sender and %d ran a script", len(attacks), len(reached), len(ran))
	}
	t.Logf("%d attacks; without protection %d reach their sender and %d run a script; %d times, without the sanitiser, one made Chromium connect without asking for anything",
		len(attacks), len(reached), len(ran), s.connected)
}
