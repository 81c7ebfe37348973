package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"holdover/exchange"
	"holdover/syncback/traffic"
)

// certificateSoon is how long before its end a certificate is worth a warning.
const certificateSoon = 21 * 24 * time.Hour

// inspectWays looks at each way into Exchange: whether it answers, what certificate it shows, and
// what the paths make of the ways. No credential is sent. Exchange may be down when this runs, so
// silence is a warning.
func inspectWays(ctx context.Context, c *config) (list []finding) {
	x := &c.Exchange
	for _, e := range x.endpoints() {
		list = append(list, inspectWay(ctx, x, e))
	}
	if x.needsTokens() {
		list = append(list, inspectDoor(ctx, "exchange.oauth", exchange.Door{Protocol: "https", Address: hostPort(x.OAuth.tokenURL()), Security: x.OAuth.security()}))
	}
	list = append(list, inspectPaths(x)...)
	return append(list, inspectProbe(c))
}

func inspectWay(ctx context.Context, x *exchangeConfig, e endpoint) finding {
	return inspectDoor(ctx, e.key, e.door(x))
}

// door is where a way shows its certificate.
func (e endpoint) door(x *exchangeConfig) exchange.Door {
	door := exchange.Door{Address: e.address()}
	switch {
	case e.speaks == traffic.EWS:
		door.Protocol, door.Security = "https", x.EWS.security()
	case e.speaks == traffic.Graph:
		door.Protocol, door.Security = "https", x.Graph.security()
	case e.speaks == traffic.IMAP && e.socket.TLS == "implicit":
		door.Protocol, door.Security = "imaps", security(*e.socket)
	case e.speaks == traffic.IMAP:
		door.Protocol, door.Security = "imap", security(*e.socket)
	default:
		door.Protocol, door.Security = "smtp", security(*e.socket)
	}
	return door
}

// inspectDoor knocks, and reads the certificate where there is one.
func inspectDoor(ctx context.Context, about string, door exchange.Door) finding {
	ctx, cancel := context.WithTimeout(ctx, reachWait)
	defer cancel()
	answers := reach(ctx, about, door.Address, warn)
	if answers.grade != good || door.Security.Policy == exchange.None {
		return answers
	}
	shown, err := door.Look(ctx)
	switch {
	case err != nil && door.Security.Policy == exchange.Opportunistic:
		return finding{warn, about, door.Address + " offers no TLS: " + err.Error(), "Switch STARTTLS on there; until then mail goes to Exchange unprotected."}
	case err != nil:
		return finding{warn, about, door.Address + " shows no certificate: " + err.Error(), "Check port and tls of this section: implicit is TLS from the start, required is STARTTLS."}
	case shown.Trouble != "":
		return finding{bad, about, "its certificate does not fit: " + shown.Trouble + " (pin " + shown.Pin + ")",
			"If this is the right Exchange: name its authority in " + about + ".ca, its name in " + about + ".name, or its key in " + about + ".pin."}
	case time.Until(shown.Expires) < certificateSoon:
		return finding{warn, about, "its certificate ends on " + shown.Expires.Format(time.DateOnly), "Renew it at Exchange."}
	}
	return finding{good, about, fmt.Sprintf("%s answers; certificate of %s, pin %s", door.Address, shown.Subject, shown.Pin), ""}
}

// inspectPaths says which way carries what, and names the ways that nothing uses.
func inspectPaths(x *exchangeConfig) (list []finding) {
	used := map[string]bool{}
	for _, at := range traffic.Profile(x.Profile).Locations() {
		for _, cargo := range traffic.Cargos() {
			first := ""
			for _, e := range x.carriers(cargo, at) {
				used[e.key] = true
				if first == "" {
					first = e.key
				}
			}
			list = append(list, finding{good, "path of " + string(cargo) + ", " + string(at), first + " goes first", ""})
		}
	}
	for _, e := range x.endpoints() {
		if !used[e.key] && (e.at == traffic.OnPremises || x.Profile != string(traffic.ProfileOnPremises)) {
			list = append(list, finding{warn, e.key, "no kind of item uses this way", "Name it in [exchange.paths], or take the section out."})
		} else if !used[e.key] {
			list = append(list, finding{warn, e.key, "it leads to Exchange Online, and the profile is on-premises", "Set exchange.profile to hybrid or online."})
		}
	}
	return list
}

// carriers are the configured ways of a kind of item to a location, in order.
func (x *exchangeConfig) carriers(cargo traffic.Cargo, at traffic.Location) (list []endpoint) {
	order := x.paths()[cargo]
	if len(order) == 0 {
		order = traffic.DefaultPaths(at)[cargo]
	}
	ways := x.endpoints()
	for _, speaks := range order {
		i := slices.IndexFunc(ways, func(e endpoint) bool { return e.speaks == speaks && e.at == at })
		if i < 0 && speaks == traffic.SMTP {
			i = slices.IndexFunc(ways, func(e endpoint) bool { return e.speaks == speaks })
		}
		if i >= 0 {
			list = append(list, ways[i])
		}
	}
	return list
}

// address is host:port of a way.
func (e endpoint) address() string {
	if e.socket != nil {
		return e.socket.Address
	}
	return hostPort(e.url)
}

func hostPort(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}
