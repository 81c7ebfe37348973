package main

import (
	"errors"
	"fmt"
	"net/http"

	"holdover/database"
)

// answerReady answers GET /readyz beside the pages: 200 when everything is open and mail can be
// taken, else 503 with the reason. It is what a start waits for and what a load balancer asks.
func (h *house) answerReady(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			pages.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if err := h.readiness(r); err != nil {
			h.log.Error("not ready", "err", err)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
}

func (h *house) readiness(r *http.Request) error {
	err := h.store.DB().Read(r.Context(), func(tx *database.Tx) error {
		var one int
		return tx.QueryRow("SELECT 1").Scan(&one)
	})
	if err != nil {
		h.log.Error("database", "err", err)
		return errors.New("the database does not answer")
	}
	for _, a := range h.store.Alarms() {
		if a.Code == "flush-failed" || a.Code == "volume-missing" { // no mail can be taken in
			return fmt.Errorf("alarm %s since %s", a.Code, a.Since.UTC().Format("2006-01-02 15:04:05"))
		}
	}
	return nil
}
