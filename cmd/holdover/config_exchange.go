package main

import (
	"os"
	"strings"

	"holdover/syncback/traffic"
)

// exchangeConfig says where Exchange is and which way carries what. A section whose address (or url)
// is missing is a way that is not configured.
type exchangeConfig struct {
	Profile   string              `toml:"profile"`
	Node      string              `toml:"node"`
	PerBox    float64             `toml:"per_mailbox_per_second"`
	PerAll    float64             `toml:"per_second"`
	LookAgain []span              `toml:"look_again"`
	Workers   int                 `toml:"workers"`
	Paths     map[string][]string `toml:"paths"`
	Folders   map[string]string   `toml:"folders"`
	Limits    map[string]float64  `toml:"limits"`
	Release   releaseConfig       `toml:"release"`

	SMTP     connector      `toml:"smtp"`
	Internal connector      `toml:"internal"`
	IMAP     connector      `toml:"imap"`
	EWS      ewsConnector   `toml:"ews"`
	OAuth    oauthSection   `toml:"oauth"`
	Graph    graphConnector `toml:"graph"`
	Online   onlineSection  `toml:"online"`
}

// oauthSection is the application in the tenant, by which Graph and IMAP Online are entered.
type oauthSection struct {
	Tenant           string `toml:"tenant"`
	ClientID         string `toml:"client_id"`
	ClientSecretFile string `toml:"client_secret_file"`
	TokenURL         string `toml:"token_url"`
	TLS              string `toml:"tls"`
	CA               string `toml:"ca"`
	Pin              string `toml:"pin"`
}

// onlineSection is the ways into Exchange Online beside Graph.
type onlineSection struct {
	SMTP     connector `toml:"smtp"`
	Internal connector `toml:"internal"`
	IMAP     connector `toml:"imap"`
}

// connector is a way by SMTP or IMAP.
type connector struct {
	Address      string `toml:"address"`
	TLS          string `toml:"tls"`
	CA           string `toml:"ca"`
	Pin          string `toml:"pin"`
	Name         string `toml:"name"`
	Certificate  string `toml:"certificate"`
	Key          string `toml:"key"`
	Auth         string `toml:"auth"`
	Service      string `toml:"service"`
	User         string `toml:"user"`
	As           string `toml:"as"`
	Scope        string `toml:"scope"`
	PasswordFile string `toml:"password_file"`
}

// graphConnector is Graph.
type graphConnector struct {
	URL     string `toml:"url"`
	TLS     string `toml:"tls"`
	CA      string `toml:"ca"`
	Pin     string `toml:"pin"`
	Scope   string `toml:"scope"`
	AtOnce  int    `toml:"at_once"`
	Largest size   `toml:"largest"`
}

// ewsConnector is EWS, with its service account.
type ewsConnector struct {
	URL          string `toml:"url"`
	TLS          string `toml:"tls"`
	CA           string `toml:"ca"`
	Pin          string `toml:"pin"`
	Auth         string `toml:"auth"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	Largest      size   `toml:"largest"`
}

// endpoint is one configured way.
type endpoint struct {
	key    string // of its section, e.g. "exchange.online.imap"
	speaks traffic.Protocol
	at     traffic.Location
	socket *connector // of SMTP and IMAP; nil for the web
	url    string
}

// sockets are the sections by SMTP and IMAP, configured or not.
func (x *exchangeConfig) sockets() []endpoint {
	return []endpoint{
		{key: "exchange.smtp", speaks: traffic.SMTP, at: traffic.OnPremises, socket: &x.SMTP},
		{key: "exchange.internal", speaks: traffic.Internal, at: traffic.OnPremises, socket: &x.Internal},
		{key: "exchange.imap", speaks: traffic.IMAP, at: traffic.OnPremises, socket: &x.IMAP},
		{key: "exchange.online.smtp", speaks: traffic.SMTP, at: traffic.Online, socket: &x.Online.SMTP},
		{key: "exchange.online.internal", speaks: traffic.Internal, at: traffic.Online, socket: &x.Online.Internal},
		{key: "exchange.online.imap", speaks: traffic.IMAP, at: traffic.Online, socket: &x.Online.IMAP},
	}
}

// endpoints are the ways that are configured.
func (x *exchangeConfig) endpoints() (list []endpoint) {
	for _, e := range x.sockets() {
		if e.socket.Address != "" {
			list = append(list, e)
		}
	}
	if x.EWS.URL != "" {
		list = append(list, endpoint{key: "exchange.ews", speaks: traffic.EWS, at: traffic.OnPremises, url: x.EWS.URL})
	}
	if x.Graph.URL != "" {
		list = append(list, endpoint{key: "exchange.graph", speaks: traffic.Graph, at: traffic.Online, url: x.Graph.URL})
	}
	return list
}

// entry is the usual entry of mail from outside; an address is asked about there too.
func (x *exchangeConfig) entry() (endpoint, bool) {
	for _, e := range x.endpoints() {
		if e.speaks == traffic.SMTP {
			return e, true
		}
	}
	return endpoint{}, false
}

// needsTokens says whether a way logs in with tokens of the tenant's application.
func (x *exchangeConfig) needsTokens() bool {
	return x.Graph.URL != "" || x.IMAP.Auth == "xoauth2" || x.Online.IMAP.Address != "" && x.Online.IMAP.Auth == "xoauth2"
}

// tokenURL is where tokens are asked for.
func (o *oauthSection) tokenURL() string {
	return strings.ReplaceAll(o.TokenURL, "{tenant}", o.Tenant)
}

// paths are the configured paths, as sync-back takes them.
func (x *exchangeConfig) paths() traffic.Paths {
	own := traffic.Paths{}
	for cargo, order := range x.Paths {
		for _, p := range order {
			own[traffic.Cargo(cargo)] = append(own[traffic.Cargo(cargo)], traffic.Protocol(p))
		}
	}
	return own
}

// node is this node's name among all that share the database. With SQLite there is only one.
func (c *config) node() string {
	if c.Exchange.Node != "" {
		return c.Exchange.Node
	}
	if host, err := os.Hostname(); err == nil && strings.HasPrefix(c.databaseURL(), "postgres:") {
		return host
	}
	return "node"
}

// files are the paths of the Exchange sections.
func (x *exchangeConfig) files() (list []*string) {
	for _, e := range x.sockets() {
		list = append(list, &e.socket.CA, &e.socket.Certificate, &e.socket.Key, &e.socket.PasswordFile)
	}
	return append(list, &x.EWS.CA, &x.EWS.PasswordFile, &x.Graph.CA, &x.OAuth.CA, &x.OAuth.ClientSecretFile)
}

func (x *exchangeConfig) setDefaults() {
	x.Profile = string(traffic.ProfileOnPremises)
	for _, e := range x.sockets() {
		e.socket.TLS = "required"
	}
	x.IMAP.User, x.IMAP.Auth = "{mailbox}", "password"
	x.Online.IMAP.User, x.Online.IMAP.Auth = "{mailbox}", "xoauth2"
	x.EWS.TLS, x.EWS.Auth, x.Graph.TLS, x.OAuth.TLS = "required", "ntlm", "required", "required"
	x.OAuth.TokenURL = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
}
