package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"holdover/syncback/traffic"
)

func (c *config) proveExchange(p *proof) {
	x := &c.Exchange
	p.oneOf("exchange.profile", x.Profile, "on-premises", "hybrid", "online")
	p.that(x.PerBox >= 0, "exchange.per_mailbox_per_second", "it is negative", "Use 1; 0 switches pacing off.")
	p.that(x.PerAll >= 0, "exchange.per_second", "it is negative", "Leave it out, or use the number of items a second that Exchange takes in all.")
	p.that(x.Workers >= 1 && x.Workers <= 64, "exchange.workers", "it is not between 1 and 64", "Use 4.")
	p.that(len(x.LookAgain) > 0, "exchange.look_again", "it is empty", "Leave it out, or write for example [\"1m\", \"5m\", \"30m\", \"60m\"].")
	for role := range x.Folders {
		p.that(slices.Contains([]string{"inbox", "sent", "drafts", "trash", "junk", "archive"}, role), "exchange.folders."+role,
			"there is no such folder role", "Use inbox, sent, drafts, trash, junk or archive.")
	}
	for _, e := range x.endpoints() {
		if e.socket != nil {
			proveSocket(p, e)
		}
	}
	x.proveWeb(p)
	x.provePaths(p)
	c.proveRelease(p)
}

// proveSocket proves one configured way by SMTP or IMAP.
func proveSocket(p *proof, e endpoint) {
	s, key := e.socket, e.key
	p.address(key+".address", s.Address)
	p.file(key+".ca", s.CA, false)
	p.pin(key+".pin", s.Pin)
	p.pair(key, s.Certificate, s.Key)
	if e.speaks == traffic.IMAP {
		p.oneOf(key+".tls", s.TLS, "implicit", "required", "opportunistic", "none")
		p.oneOf(key+".auth", s.Auth, "password", "xoauth2")
		p.file(key+".password_file", s.PasswordFile, s.Auth == "password")
		p.that(strings.Contains(s.User+s.As, "{mailbox}") || strings.Contains(s.User+s.As, "{local}"), key+".user", "it does not hold {mailbox}",
			"Write the service account's login for one mailbox, for example \"{mailbox}\".")
		return
	}
	p.oneOf(key+".tls", s.TLS, "required", "opportunistic", "none")
	p.file(key+".password_file", s.PasswordFile, s.User != "")
	p.that(e.speaks != traffic.Internal || s.User != "" || s.Certificate != "", key+".user", "the connector for internal mail needs an account or a certificate",
		"Create an authenticated Receive connector used for nothing else and write its account here; without authentication Exchange marks the mail as external.")
}

func (x *exchangeConfig) proveWeb(p *proof) {
	if x.EWS.URL != "" {
		p.web("exchange.ews", x.EWS.URL, x.EWS.TLS)
		p.file("exchange.ews.ca", x.EWS.CA, false)
		p.pin("exchange.ews.pin", x.EWS.Pin)
		p.oneOf("exchange.ews.auth", x.EWS.Auth, "ntlm", "basic")
		p.need("exchange.ews.user", x.EWS.User, "Write the service account that has the role ApplicationImpersonation, for example \"FIRMA\\\\holdover\".")
		p.file("exchange.ews.password_file", x.EWS.PasswordFile, true)
	}
	if x.Graph.URL != "" {
		p.web("exchange.graph", x.Graph.URL, x.Graph.TLS)
		p.file("exchange.graph.ca", x.Graph.CA, false)
		p.pin("exchange.graph.pin", x.Graph.Pin)
		p.that(x.Graph.AtOnce >= 0 && x.Graph.AtOnce <= 16, "exchange.graph.at_once", "it is not between 1 and 16", "Leave it out: Exchange Online takes 4.")
	}
	if !x.needsTokens() {
		return
	}
	o := x.OAuth
	p.that(o.Tenant != "" || !strings.Contains(o.TokenURL, "{tenant}"), "exchange.oauth.tenant", "it is missing", "Write the tenant's id or its first domain; Graph and XOAUTH2 log in with tokens of an application in it.")
	p.web("exchange.oauth", o.tokenURL(), o.TLS)
	p.need("exchange.oauth.client_id", o.ClientID, "Register an application in the tenant and write its client id here.")
	p.file("exchange.oauth.client_secret_file", o.ClientSecretFile, true)
	p.file("exchange.oauth.ca", o.CA, false)
	p.pin("exchange.oauth.pin", o.Pin)
}

// provePaths proves that what the configuration wants of each kind of item can be had, and that
// each kind has a way to each place where mailboxes lie.
func (x *exchangeConfig) provePaths(p *proof) {
	ways := x.endpoints()
	has := func(speaks traffic.Protocol, at traffic.Location) bool {
		return slices.ContainsFunc(ways, func(e endpoint) bool { return e.speaks == speaks && (e.at == at || speaks == traffic.SMTP) })
	}
	locations := traffic.Profile(x.Profile).Locations()
	for cargo, order := range x.Paths {
		key := "exchange.paths." + cargo
		p.that(slices.Contains(traffic.Cargos(), traffic.Cargo(cargo)), key, "there is no such kind of item", "Use one of: "+join(traffic.Cargos())+".")
		p.that(len(order) > 0, key, "it names no way", "Leave it out for the default.")
		for _, name := range order {
			speaks := traffic.Protocol(name)
			known := slices.Contains(traffic.Protocols(), speaks)
			p.that(known, key, fmt.Sprintf("there is no way %q", name), "Use ways out of: "+join(traffic.Protocols())+".")
			if !known {
				continue
			}
			p.that(traffic.CanCarry(speaks, traffic.Cargo(cargo)), key, fmt.Sprintf("%q cannot carry that kind of item", name), "Use imap, ews or graph for it; smtp carries inbound, internal carries internal mail.")
			p.that(slices.ContainsFunc(locations, func(at traffic.Location) bool { return has(speaks, at) }), key, fmt.Sprintf("way %q is not configured for profile %q", name, x.Profile),
				"Fill in its section, or take it out of the list.")
		}
	}
	own := x.paths()
	for _, at := range locations {
		for _, cargo := range traffic.Cargos() {
			if len(x.carriers(cargo, at)) > 0 {
				continue
			}
			order := own[cargo]
			if len(order) == 0 {
				order = traffic.DefaultPaths(at)[cargo]
			}
			var sections []string
			for _, speaks := range order {
				sections = append(sections, "["+sectionOf(speaks, at)+"]")
			}
			p.that(false, "exchange.paths."+string(cargo), fmt.Sprintf("no way is configured that brings it into mailboxes %s", at),
				"Fill in "+strings.Join(sections, " or ")+", or name another way here.")
		}
	}
}

// sectionOf names the section that configures a way.
func sectionOf(speaks traffic.Protocol, at traffic.Location) string {
	if at == traffic.Online && speaks != traffic.Graph {
		return "exchange.online." + string(speaks)
	}
	return "exchange." + string(speaks)
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// web proves a way by HTTPS; plain HTTP only with TLS none, and then only on this machine.
func (p *proof) web(section, address, tls string) {
	p.oneOf(section+".tls", tls, "required", "none")
	u, err := url.Parse(address)
	key := section + ".url"
	if strings.HasSuffix(section, ".oauth") {
		key = section + ".token_url"
	}
	p.that(err == nil && u.Host != "" && u.User == nil, key, fmt.Sprintf("%q is no web address", address), "Write it in full, for example \"https://exchange.example.org/EWS/Exchange.asmx\".")
	if err != nil || u.Host == "" {
		return
	}
	want := map[string]string{"required": "https", "none": "http"}[tls]
	p.that(want == "" || u.Scheme == want, key, fmt.Sprintf("%s:// does not fit tls = %q", u.Scheme, tls), "Use https.")
}

func (p *proof) pin(key, pin string) {
	plain := strings.ReplaceAll(pin, ":", "")
	p.that(plain == "" || len(plain) == 64 && strings.Trim(plain, "0123456789abcdefABCDEF") == "", key, "it is no pin",
		"Write the SHA-256 of the certificate's public key as 64 hex digits; holdover check prints it.")
}
