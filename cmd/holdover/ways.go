package main

import (
	"fmt"
	"time"

	"holdover/exchange"
	"holdover/syncback"
)

// openWays makes a connector for each way that is configured; none connects yet.
func (h *house) openWays() (ways []syncback.Way, err error) {
	x := &h.conf.Exchange
	entry, _ := x.entry()
	if err := h.openTokens(); err != nil {
		return nil, err
	}
	for _, e := range x.endpoints() {
		w := syncback.Way{Speaks: e.speaks, At: e.at}
		switch e.speaks {
		case syncback.SMTP, syncback.Internal:
			deliver, err := h.smtpWay(*e.socket)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.key, err)
			}
			w.SMTP = deliver
			if e.key == entry.key {
				h.exchange = deliver
			}
		case syncback.IMAP:
			w.Mail, err = h.imapWay(*e.socket)
		case syncback.EWS:
			w.Mail, err = h.ewsWay(x.EWS)
		case syncback.Graph:
			w.Mail, err = h.graphWay(x.Graph)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.key, err)
		}
		ways = append(ways, w)
	}
	return ways, nil
}

// openTokens prepares the tenant's application, where a way needs it.
func (h *house) openTokens() (err error) {
	x := &h.conf.Exchange
	if !x.needsTokens() {
		return nil
	}
	h.tokens, err = exchange.NewTokens(exchange.TokenOptions{URL: x.OAuth.tokenURL(), ClientID: x.OAuth.ClientID, SecretFile: x.OAuth.ClientSecretFile,
		Security: x.OAuth.security(), Now: time.Now})
	if err != nil {
		return fmt.Errorf("exchange.oauth: %w", err)
	}
	return nil
}

func (h *house) smtpWay(c connector) (*exchange.SMTP, error) {
	o := exchange.SMTPOptions{Address: c.Address, Hello: h.conf.SMTP.Host, Security: security(c), User: c.User}
	if c.User != "" {
		var err error
		if o.Password, err = secret(c.PasswordFile); err != nil {
			return nil, err
		}
	}
	deliver, err := exchange.NewSMTP(o)
	if err == nil {
		h.onClose(deliver.Close)
	}
	return deliver, err
}

func (h *house) imapWay(c connector) (*exchange.IMAP, error) {
	o := exchange.IMAPOptions{Address: c.Address, Implicit: c.TLS == "implicit", Security: security(c), Service: c.Service, User: c.User, As: c.As,
		Auth: exchange.LoginPassword, Folders: h.roles()}
	if c.Auth == "xoauth2" {
		o.Auth, o.Tokens, o.Scope = exchange.LoginXOAUTH2, h.tokens, c.Scope
	} else {
		var err error
		if o.Password, err = secret(c.PasswordFile); err != nil {
			return nil, err
		}
	}
	boxes, err := exchange.NewIMAP(o)
	if err == nil {
		h.onClose(boxes.Close)
	}
	return boxes, err
}

func (h *house) ewsWay(c ewsConnector) (*exchange.EWS, error) {
	password, err := secret(c.PasswordFile)
	if err != nil {
		return nil, err
	}
	way, err := exchange.NewEWS(exchange.EWSOptions{URL: c.URL, Security: c.security(), User: c.User, Password: password, Auth: c.Auth, Folders: h.roles(),
		Hybrid: h.conf.Exchange.Profile == string(syncback.ProfileHybrid), Largest: int64(c.Largest), Now: time.Now})
	if err == nil {
		h.onClose(way.Close)
	}
	return way, err
}

func (h *house) graphWay(c graphConnector) (*exchange.Graph, error) {
	return exchange.NewGraph(exchange.GraphOptions{URL: c.URL, Security: c.security(), Tokens: h.tokens, Scope: c.Scope, Folders: h.roles(),
		AtOnce: c.AtOnce, Largest: int(c.Largest), Now: time.Now})
}

// roles are the folders whose names the administrator wrote down.
func (h *house) roles() map[exchange.Role]string {
	roles := map[exchange.Role]string{}
	for role, name := range h.conf.Exchange.Folders {
		roles[exchange.Role(role)] = name
	}
	return roles
}

func security(c connector) exchange.Security {
	policy := exchange.Policy(c.TLS)
	if c.TLS == "implicit" {
		policy = exchange.Required
	}
	return exchange.Security{Policy: policy, CAFile: c.CA, Pin: c.Pin, Name: c.Name, Certificate: c.Certificate, Key: c.Key}
}

func (o oauthSection) security() exchange.Security {
	return exchange.Security{Policy: exchange.Policy(o.TLS), CAFile: o.CA, Pin: o.Pin}
}

func (g graphConnector) security() exchange.Security {
	return exchange.Security{Policy: exchange.Policy(g.TLS), CAFile: g.CA, Pin: g.Pin}
}

func (w ewsConnector) security() exchange.Security {
	return exchange.Security{Policy: exchange.Policy(w.TLS), CAFile: w.CA, Pin: w.Pin}
}
