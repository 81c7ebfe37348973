package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// GraphLimits are what the Graph face refuses; zero values take the defaults named.
type GraphLimits struct {
	AtOnce  int // requests under way for one mailbox, default 4
	Request int // octets of a request, default 4 MiB; above it 413
	Lie     int // octets of a message posted as MIME, default 3,000,000; above it 200 and nothing stored
}

// graphFace is Graph over the store. Fault points: request (each), list, get, attachments, create,
// patch, move, delete, folders before they are done; created, patched, moved, deleted after. A
// reply's Delay becomes Retry-After.
type graphFace struct {
	*Exchange
	limits GraphLimits

	mu    sync.Mutex
	under map[string]int // requests under way by mailbox
}

func (e *Exchange) graphHandler() http.Handler {
	g := &graphFace{Exchange: e, limits: e.options.Graph, under: map[string]int{}}
	for value, standard := range map[*int]int{&g.limits.AtOnce: 4, &g.limits.Request: 4 << 20, &g.limits.Lie: 3_000_000} {
		if *value <= 0 {
			*value = standard
		}
	}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(http.ResponseWriter, *graphRequest){
		"GET /mailFolders":                              g.listFolders,
		"POST /mailFolders":                             g.makeFolder,
		"GET /mailFolders/{folder}":                     g.getFolder,
		"GET /mailFolders/{folder}/childFolders":        g.listBelow,
		"POST /mailFolders/{folder}/childFolders":       g.makeFolder,
		"PATCH /mailFolders/{folder}":                   g.renameFolder,
		"POST /mailFolders/{folder}/move":               g.moveFolder,
		"GET /messages":                                 g.listMessages,
		"GET /mailFolders/{folder}/messages":            g.listMessages,
		"POST /messages":                                g.create,
		"POST /mailFolders/{folder}/messages":           g.create,
		"GET /messages/{id}":                            g.getMessage,
		"GET /messages/{id}/attachments":                g.listAttachments,
		"GET /messages/{id}/$value":                     g.getMIME,
		"PATCH /messages/{id}":                          g.patch,
		"DELETE /messages/{id}":                         g.delete,
		"POST /messages/{id}/move":                      g.move,
		"GET /mailFolders/{folder}/messages/{id}":       g.getMessage,
		"PATCH /mailFolders/{folder}/messages/{id}":     g.patch,
		"DELETE /mailFolders/{folder}/messages/{id}":    g.delete,
		"POST /mailFolders/{folder}/messages/{id}/move": g.move,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /v1.0/users/{user}"+path, func(w http.ResponseWriter, r *http.Request) { g.enter(w, r, serve) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		graphError(w, http.StatusBadRequest, "BadRequest", "Resource not found for the segment.")
	})
	return mux
}

// graphRequest is a request that may be served.
type graphRequest struct {
	*http.Request
	mailbox   string
	body      []byte
	immutable bool
	options   map[string]string
}

// enter does what comes before every operation: token, mailbox, limits, faults.
func (g *graphFace) enter(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *graphRequest)) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !g.tokens.good(token, forGraph) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
		return
	}
	mailbox, ok := g.store.Resolve(r.PathValue("user"))
	if !ok {
		graphError(w, http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+r.PathValue("user")+"' is invalid.")
		return
	}
	leave, ok := g.begin(mailbox)
	defer leave()
	if !ok {
		w.Header().Set("Retry-After", "1")
		graphError(w, http.StatusTooManyRequests, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(g.limits.Request)))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		graphError(w, http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", "The maximum request length supported is 4MB.")
		return
	} else if err != nil {
		return
	}
	request := &graphRequest{Request: r, mailbox: mailbox, body: body, immutable: prefers(r, `IdType="ImmutableId"`)}
	if request.options, err = odata(r.URL.RawQuery); err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	if g.unwell(w, r.Method, mailbox) || g.fails(w, request, "request") {
		return
	}
	serve(w, request)
}

// begin counts the requests under way for a mailbox.
func (g *graphFace) begin(mailbox string) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.under[mailbox] >= g.limits.AtOnce {
		return func() {}, false
	}
	g.under[mailbox]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.under[mailbox]--
	}, true
}

func prefers(r *http.Request, what string) bool {
	return strings.Contains(strings.Join(r.Header.Values("Prefer"), ","), what)
}

// unwell says in Graph's words what has become of a mailbox.
func (g *graphFace) unwell(w http.ResponseWriter, method, mailbox string) bool {
	switch g.store.Fate(mailbox, Online) {
	case Unknown:
		graphError(w, http.StatusNotFound, "ErrorInvalidUser", "The requested user is invalid.")
	case Elsewhere:
		graphError(w, http.StatusNotFound, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
	case Moving:
		graphError(w, http.StatusServiceUnavailable, "ErrorMailboxMoveInProgress", "Mailbox move in progress. Try again later.")
	case Unavailable:
		graphError(w, http.StatusServiceUnavailable, "ErrorMailboxStoreUnavailable", "The mailbox database is temporarily unavailable.")
	case Full:
		if method == http.MethodPost {
			graphError(w, http.StatusInsufficientStorage, "ErrorQuotaExceeded", "The mailbox has exceeded its quota.")
			return true
		}
		return false
	default:
		return false
	}
	return true
}

// fails plays a rule at a point; true means that the answer is given.
func (g *graphFace) fails(w http.ResponseWriter, r *graphRequest, point string) bool {
	rule, ok := g.meet(r.Request, "graph", point, r.mailbox)
	if ok {
		graphFault(w, rule)
	}
	return ok
}

// graphFault answers a rule's words: Code and Text, "ErrorCode: message" where it begins with a code.
func graphFault(w http.ResponseWriter, rule Fault) {
	if rule.Delay > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(rule.Delay.Seconds()))))
	}
	status := rule.Code
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	code, words, ok := strings.Cut(rule.Text, ": ")
	if !ok || strings.Contains(code, " ") {
		code, words = "UnknownError", rule.Text
	}
	graphError(w, status, code, words)
}

func graphError(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": words,
		"innerError": map[string]any{"date": time.Now().UTC().Format("2006-01-02T15:04:05"), "request-id": "00000000-0000-0000-0000-000000000000"}}})
}

func graphJSON(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(what)
}

// noSuch answers what the store does not have.
func noSuch(w http.ResponseWriter, err error) {
	var refused *imap.Error
	switch {
	case errors.Is(err, ErrNoItem):
		graphError(w, http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
	case errors.Is(err, ErrNoPlace):
		graphError(w, http.StatusNotFound, "ErrorFolderNotFound", "The specified folder could not be found in the store.")
	case errors.As(err, &refused) && refused.Code == imap.ResponseCodeAlreadyExists:
		graphError(w, http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
	default:
		graphError(w, http.StatusBadRequest, "ErrorInvalidRequest", fmt.Sprint(err))
	}
}
