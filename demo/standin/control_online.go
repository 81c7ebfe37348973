package standin

import (
	"fmt"
	"net/http"
	"slices"
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

// oddities are what a real Exchange may do and nobody has proven yet: a self test must see both ways.
func oddities() []string {
	return []string{
		"dates-ignored", // a received date given to EWS or Graph is not kept
		"drafts-only",   // Graph makes drafts of everything, whatever 0x0E07 says
		"no-attributes", // LIST shows no \\Sent, \\Drafts, \\Trash, \\Junk
		"no-categories", // they are taken with a yes and not kept
		"bare-headers",  // names of headers that the mailbox does not know are dropped by every face
	}
}

// strange says whether an oddity is switched on.
func (e *Exchange) strange(name string) bool {
	on, _ := e.oddity.Load(name)
	return on == true
}

// SetOddity switches an oddity on or off.
func (e *Exchange) SetOddity(name string, on bool) error {
	if !slices.Contains(oddities(), name) {
		return fmt.Errorf("no oddity %q", name)
	}
	e.oddity.Store(name, on)
	return nil
}

func (c *control) setOddity(r *http.Request) (any, error) {
	return nil, c.SetOddity(r.FormValue("name"), r.FormValue("on") == "true")
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
