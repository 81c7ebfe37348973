package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/continuity"
	"holdover/exchange"
	"holdover/syncback"
	"holdover/syncback/traffic"
)

// openLine makes the line over which every connector dials. When the credentials are withdrawn it is
// cut before anything could use it, and no password file is read.
func (h *house) openLine(ctx context.Context) error {
	h.line = exchange.NewLine()
	return h.heedSwitch(ctx)
}

// heedSwitch cuts or mends the line as the switch stands.
func (h *house) heedSwitch(ctx context.Context) error {
	s, err := h.events.Switch(ctx, continuity.Withdrawn)
	switch {
	case err != nil:
		return err
	case s.On && !h.line.IsCut():
		n := h.line.Cut()
		if h.tokens != nil {
			h.tokens.Forget()
		}
		h.log.Warn("the credentials for Exchange are withdrawn", "by", s.By, "connections ended", n)
	case !s.On && h.line.IsCut():
		h.line.Mend()
		h.log.Info("the credentials for Exchange may be used again")
	}
	return nil
}

// heedEvery is how soon a node hears what was switched on another one.
const heedEvery = 5 * time.Second

// guardCredentials follows the switch until ctx ends.
func (h *house) guardCredentials(ctx context.Context) error {
	told, stop := h.events.Watch()
	defer stop()
	tick := time.NewTicker(heedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-told:
		case <-tick.C:
		}
		if err := h.heedSwitch(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("the switch of the credentials cannot be read", "err", err)
		}
	}
}

// lent gives a password for one login: nobody keeps it, and a withdrawn one is not read.
func (h *house) lent(file string) exchange.Secret {
	if file == "" {
		return nil
	}
	return func() (string, error) {
		if h.line.IsCut() {
			return "", exchange.ErrCut
		}
		return secret(file)
	}
}

// watched lets each handshake of a way be checked against what a person confirmed, and remembers in
// calm times what it shows.
func (h *house) watched(way string, s exchange.Security) exchange.Security {
	if h.events == nil { // the self test has no house around it, and nobody has confirmed anything there
		return s
	}
	s.Witness = func(shown exchange.Presented) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := h.events.Admit(ctx, continuity.Identity{Way: way, Pin: shown.Pin, Subject: shown.Subject, Issuer: shown.Issuer, Expires: shown.Expires})
		if errors.Is(err, continuity.ErrStranger) {
			h.log.Error("Exchange shows a certificate that nobody has confirmed; nothing was sent", "way", way, "pin", shown.Pin)
			return fmt.Errorf("%w: %w", exchange.ErrPin, err)
		}
		return err
	}
	return s
}

// doors are where Exchange shows who it is: each way's certificate, and the tenant behind the ways
// Online, whose certificates change too often to be held to.
func (x *exchangeConfig) doors() (list []syncback.Door) {
	for _, e := range x.endpoints() {
		w, door := traffic.Way{Speaks: e.speaks, At: e.at}, e.door(x)
		if door.Security.Policy != exchange.None {
			list = append(list, syncback.Door{Way: w.Name(), Title: w.Title(), Pinned: e.at == traffic.OnPremises, Look: door.Look})
		}
	}
	if x.needsTokens() && x.OAuth.Tenant != "" {
		list = append(list, syncback.Door{Way: "tenant", Title: "Tenant", Pinned: true, Look: func(ctx context.Context) (exchange.Presented, error) {
			return exchange.Tenant(ctx, x.OAuth.tokenURL(), x.OAuth.security(), nil)
		}})
	}
	return list
}

// wary asks Exchange about strangers' recipients, unless its answers are not to be trusted.
type wary struct {
	exchange *exchange.SMTP
	events   *continuity.Continuity
}

func (w wary) Known(ctx context.Context, address string) (bool, error) {
	if suspects, err := w.events.Suspects(ctx); err != nil || suspects {
		return false, errors.Join(err, errors.New("a lockdown is on: Exchange is not asked"))
	}
	return w.exchange.Known(ctx, address)
}
