package standin

import (
	"net/http"
	"time"
)

func (c *control) setTokens(r *http.Request) (any, error) {
	if r.FormValue("revoke") == "true" {
		c.tokens.Revoke()
	}
	if text := r.FormValue("live"); text != "" {
		life, err := time.ParseDuration(text)
		if err != nil {
			return nil, err
		}
		c.tokens.Live(life)
	}
	return map[string]int{"issued": c.tokens.Issued()}, nil
}

func (c *control) announce(r *http.Request) (any, error) {
	var lag time.Duration
	if text := r.FormValue("lag"); text != "" {
		var err error
		if lag, err = time.ParseDuration(text); err != nil {
			return nil, err
		}
	}
	c.health.Announce(r.FormValue("status"), r.FormValue("issue"), lag)
	return nil, nil
}
