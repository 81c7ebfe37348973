package standin

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Health is what the vendor's service health tells. It lags: an incident that is announced shows
// only when its lag is over, so that the service is "serviceOperational" for hours into an outage.
type Health struct {
	exchange *Exchange

	mu     sync.Mutex
	status string
	issue  string
	from   time.Time
}

// Health is the service health as the health face tells it.
func (e *Exchange) Health() *Health { return e.health }

// Announce makes the health show status, e.g. "serviceDegradation", once lag is over on the
// stand-in's clock; until then, and after Announce("serviceOperational", ...), all is well.
func (h *Health) Announce(status, issue string, lag time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status, h.issue, h.from = status, issue, h.exchange.clock.Now().Add(lag)
}

func (h *Health) now() (status, issue string, from time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.status == "" || h.exchange.clock.Now().Before(h.from) {
		return "serviceOperational", "", time.Time{}
	}
	return h.status, h.issue, h.from
}

// healthHandler is the health face: one service of Graph's serviceAnnouncement. Fault point: before.
func (e *Exchange) healthHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1.0/admin/serviceAnnouncement/healthOverviews/{service}", func(w http.ResponseWriter, r *http.Request) {
		if rule, ok := e.meet(r, "health", "before", ""); ok {
			graphFault(w, rule)
			return
		}
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !e.tokens.good(token, forGraph) {
			graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
			return
		}
		if !strings.EqualFold(r.PathValue("service"), "Exchange Online") {
			graphError(w, http.StatusNotFound, "NotFound", "No such service.")
			return
		}
		status, issue, from := e.health.now()
		issues := []any{}
		if issue != "" {
			issues = append(issues, map[string]any{"id": "EX1", "title": issue, "startDateTime": from.UTC().Format(time.RFC3339), "isResolved": false, "status": status})
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"id": "Exchange", "service": "Exchange Online", "status": status, "issues": issues})
	})
	return mux
}
