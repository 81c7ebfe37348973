package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"holdover/demo/plug"
	"holdover/demo/sample"
)

// Description is demo.json: how to reach everything.
type Description struct {
	Web          string        `json:"web"`
	WebTLS       string        `json:"web_tls"`
	CA           string        `json:"ca"` // file with the authority of web_tls
	SMTP         string        `json:"smtp"`
	ExchangeSMTP string        `json:"exchange_smtp"`
	ExchangeIMAP string        `json:"exchange_imap"`
	ExchangeEWS  string        `json:"exchange_ews"`
	OutsideSMTP  string        `json:"outside_smtp"`
	OIDC         string        `json:"oidc"`
	Plug         string        `json:"plug"`
	AdminToken   string        `json:"admin_token"`
	People       []plug.Person `json:"people"`

	// ExchangeSecret opens every mailbox of the stand-in over IMAP: LOGIN <address> <secret>.
	ExchangeSecret string `json:"exchange_secret"`
}

// Describe says how to reach everything.
func (s *Stage) Describe() Description {
	return Description{
		Web: s.Web(), WebTLS: s.WebTLS(), CA: s.path("tls/ca.pem"), SMTP: s.SMTP(),
		ExchangeSMTP: s.Exchange.SMTPAddr(), ExchangeIMAP: s.Exchange.IMAPAddr(), ExchangeEWS: s.Exchange.Addr("ews"), OutsideSMTP: s.Outside.Addr(),
		OIDC: s.Identity.Issuer(), Plug: s.Plug(), AdminToken: s.AdminToken, People: s.people(), ExchangeSecret: s.exchangeSecret,
	}
}

// Announce writes demo.json, whole or not at all: whoever waits for it may read it at once.
func (s *Stage) Announce() error {
	text, err := json.MarshalIndent(s.Describe(), "", "  ")
	if err != nil {
		return err
	}
	half := s.path("demo.json.new")
	if err := os.WriteFile(half, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(half, s.path("demo.json"))
}

// Welcome tells a person where to begin.
func (s *Stage) Welcome(w io.Writer) {
	d := s.Describe()
	fmt.Fprintf(w, "\nHoldover runs for %s, with a stand-in for Exchange.\n\n", sample.Name)
	table := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"the portal", d.Web}, {"the same with TLS", d.WebTLS + "  (authority: " + d.CA + ")"},
		{"Exchange's plug", d.Plug}, {"the outside world", d.Plug + "/outside"},
		{"mail in (SMTP)", d.SMTP}, {"identity provider", d.OIDC}, {"log of Holdover", s.path("holdover.log")},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", line[0], line[1])
	}
	fmt.Fprintf(table, "\n  people\tpassword\n")
	for _, p := range d.People {
		role := ""
		if p.Role == "admin" {
			role = "administrator"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", p.Address, p.Password, p.Language, role)
	}
	table.Flush()
	fmt.Fprintf(w, `
Try this: sign in, pull the plug, start an event as an administrator, and send a message:

  swaks --server %s --from you@elsewhere.example --to %s \
        --header "Subject: Ist jemand da?" --body "Kommt diese Nachricht an?"

Everything lies under %s. Ctrl-C ends it; the next start goes on where this one ended.
`, d.SMTP, d.People[0].Address, s.Dir)
}
