package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"holdover/syncback/traffic"

	"github.com/coreos/go-oidc/v3/oidc"
)

const reachWait = 5 * time.Second

func inspectNetwork(ctx context.Context, c *config) []finding {
	return append(inspectWays(ctx, c), reach(ctx, "sending.smart_host", c.Sending.SmartHost, bad), inspectProvider(ctx, c))
}

// reach says whether a server takes connections. Exchange may be down when this runs, so it is
// graded by the caller.
func reach(ctx context.Context, about, address string, failing grade) finding {
	d := net.Dialer{Timeout: reachWait}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return finding{failing, about, address + " does not answer: " + err.Error(), "If it is not meant to be down: check name, port and firewall between it and this machine."}
	}
	conn.Close()
	return finding{good, about, address + " takes connections", ""}
}

func inspectProvider(ctx context.Context, c *config) finding {
	const about = "signin.issuer"
	client, err := providerClient(c)
	if err != nil {
		return finding{bad, about, err.Error(), "Correct signin.ca."}
	}
	client.Timeout = reachWait
	if _, err := oidc.NewProvider(oidc.ClientContext(ctx, client), c.Signin.Issuer); err != nil {
		return finding{bad, about, "the identity provider cannot be used: " + err.Error(), "Check the address; it must equal the issuer in the provider's discovery document."}
	}
	return finding{good, about, c.Signin.Issuer + " answers", ""}
}

func providerClient(c *config) (*http.Client, error) {
	roots, err := clientTLS(c.Signin.CA)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = roots
	return &http.Client{Transport: transport}, nil
}

// inspectShared finds what would fail together with Exchange: the machine, name service, identity.
func inspectShared(ctx context.Context, c *config) []finding {
	var exchange []net.IP
	for _, e := range c.Exchange.endpoints() {
		exchange = append(exchange, resolve(ctx, hostOf(e.address()))...)
	}
	return []finding{
		sharedMachine(exchange), sharedNameService(exchange), sharedIdentity(ctx, c, exchange),
	}
}

func sharedMachine(exchange []net.IP) finding {
	const about = "shared with Exchange: machine"
	own, err := net.InterfaceAddrs()
	if err != nil {
		return finding{warn, about, "own addresses cannot be read: " + err.Error(), "Run the check as the service's user."}
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && contains(exchange, n.IP) {
			return finding{warn, about, "Exchange answers on this machine (" + n.IP.String() + ")", "Run Holdover on a machine of its own, or it goes down together with Exchange."}
		}
	}
	return finding{good, about, "Exchange is another machine", ""}
}

func sharedNameService(exchange []net.IP) finding {
	const about = "shared with Exchange: DNS"
	servers := nameServers("/etc/resolv.conf")
	for _, s := range servers {
		if contains(exchange, s) {
			return finding{warn, about, "this machine asks Exchange's own machine for names (" + s.String() + ")", "Add a second name server that lives elsewhere to /etc/resolv.conf."}
		}
	}
	if len(servers) == 1 && !servers[0].IsLoopback() {
		return finding{warn, about, "there is only one name server (" + servers[0].String() + ")", "Add a second one that does not stand or fall with Exchange's Active Directory."}
	}
	return finding{good, about, fmt.Sprintf("%d name servers, none on Exchange's machine", len(servers)), ""}
}

func sharedIdentity(ctx context.Context, c *config, exchange []net.IP) finding {
	const about = "shared with Exchange: identity"
	const remedy = "People who are signed in stay so; plan another way in for the others (a second provider outside of it)."
	u, err := url.Parse(c.Signin.Issuer)
	if err != nil {
		return finding{bad, about, err.Error(), "Correct signin.issuer."}
	}
	microsoft := u.Hostname() == "login.microsoftonline.com" || u.Hostname() == "sts.windows.net"
	online := slices.ContainsFunc(c.Exchange.endpoints(), func(e endpoint) bool { return e.at == traffic.Online })
	if microsoft && online {
		return finding{warn, about, "sign-in and Exchange Online are both Microsoft's cloud and have failed together before", remedy}
	}
	if slices.ContainsFunc(resolve(ctx, u.Hostname()), func(ip net.IP) bool { return contains(exchange, ip) }) {
		return finding{warn, about, "the identity provider answers on Exchange's machine", remedy}
	}
	return finding{good, about, "the identity provider does not stand on Exchange's machine", ""}
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func resolve(ctx context.Context, host string) []net.IP {
	ctx, cancel := context.WithTimeout(ctx, reachWait)
	defer cancel()
	ips, _ := net.DefaultResolver.LookupIP(ctx, "ip", host) // unreachable names are findings of inspectNetwork
	return ips
}

func contains(list []net.IP, ip net.IP) bool {
	return slices.ContainsFunc(list, ip.Equal)
}

func nameServers(file string) (list []net.IP) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "nameserver" {
			if ip := net.ParseIP(words[1]); ip != nil {
				list = append(list, ip)
			}
		}
	}
	return list
}
