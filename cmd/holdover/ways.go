package main

import (
	"cmp"
	"fmt"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// openWays makes a connector for each way that is configured; none connects yet.
func (h *house) openWays() (ways []traffic.Way, err error) {
	x := &h.conf.Exchange
	entry, _ := x.entry()
	if err := h.openTokens(); err != nil {
		return nil, err
	}
	for _, e := range x.endpoints() {
		w := traffic.Way{Speaks: e.speaks, At: e.at}
		switch e.speaks {
		case traffic.SMTP, traffic.Internal:
			deliver, err := h.smtpWay(w.Name(), *e.socket)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.key, err)
			}
			w.SMTP = deliver
			if e.key == entry.key {
				h.exchange = deliver
			}
		case traffic.IMAP:
			w.Mail, err = h.imapWay(w.Name(), *e.socket)
		case traffic.EWS:
			w.Largest = int64(cmp.Or(x.EWS.Largest, 45<<20))
			w.Mail, err = h.ewsWay(w.Name(), x.EWS)
		case traffic.Graph:
			w.Largest = int64(cmp.Or(x.Graph.Largest, 3_000_000))
			w.Mail, err = h.graphWay(w.Name(), x.Graph)
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
		Security: h.watched("oauth", x.OAuth.security()), Dial: h.line.Dial, Withdrawn: h.line.IsCut, Now: time.Now})
	if err != nil {
		return fmt.Errorf("exchange.oauth: %w", err)
	}
	return nil
}

func (h *house) smtpWay(name string, c connector) (*exchange.SMTP, error) {
	deliver, err := exchange.NewSMTP(exchange.SMTPOptions{Address: c.Address, Hello: h.conf.SMTP.Host, Security: h.watched(name, security(c)),
		User: c.User, Secret: h.lent(c.PasswordFile), Dial: h.line.Dial})
	if err == nil {
		h.onClose(deliver.Close)
	}
	return deliver, err
}

func (h *house) imapWay(name string, c connector) (*exchange.IMAP, error) {
	o := exchange.IMAPOptions{Address: c.Address, Implicit: c.TLS == "implicit", Security: h.watched(name, security(c)), Service: c.Service, User: c.User, As: c.As,
		Auth: exchange.LoginPassword, Secret: h.lent(c.PasswordFile), Folders: h.roles(), Dial: h.line.Dial}
	if c.Auth == "xoauth2" {
		o.Auth, o.Tokens, o.Scope = exchange.LoginXOAUTH2, h.tokens, c.Scope
	}
	boxes, err := exchange.NewIMAP(o)
	if err == nil {
		h.onClose(boxes.Close)
	}
	return boxes, err
}

func (h *house) ewsWay(name string, c ewsConnector) (*exchange.EWS, error) {
	way, err := exchange.NewEWS(exchange.EWSOptions{URL: c.URL, Security: h.watched(name, c.security()), User: c.User, Secret: h.lent(c.PasswordFile),
		Auth: c.Auth, Folders: h.roles(), Dial: h.line.Dial, Hybrid: h.conf.Exchange.Profile == string(traffic.ProfileHybrid), Largest: int64(c.Largest), Now: time.Now})
	if err == nil {
		h.onClose(way.Close)
	}
	return way, err
}

func (h *house) graphWay(name string, c graphConnector) (*exchange.Graph, error) {
	return exchange.NewGraph(exchange.GraphOptions{URL: c.URL, Security: h.watched(name, c.security()), Dial: h.line.Dial, Tokens: h.tokens, Scope: c.Scope, Folders: h.roles(),
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

// locationOf is where the directory says that a mailbox lies.
func (h *house) locationOf(m email.MailboxID) traffic.Location {
	box, _ := h.people.Mailbox(m)
	return traffic.Location(box.Location)
}
