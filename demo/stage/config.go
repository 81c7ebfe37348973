package stage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"holdover/demo/identity"
	"holdover/demo/sample"
)

// serviceAccount may open every mailbox of the stand-in.
const serviceAccount = "holdover-service"

// probeMailbox is where the product's canary goes after an event; it is in Exchange only.
const probeMailbox = "holdover-probe@" + sample.Domain

// The product's configuration as in real life, only with loopback addresses and without limits of
// rate: the documentation of each key is docs/holdover.toml.example.
var configuration = template.Must(template.New("holdover.toml").Parse(`# Written by holdover-demo at each start.
[organisation]
name = "{{.Name}}"
phone = "{{.Phone}}"
colour = "#1d6b45"
language = "de"
imprint = "https://www.{{.Domain}}/impressum"
privacy = "https://www.{{.Domain}}/datenschutz"

[storage]
dir = "data"
window_days = 30
reserve = "64MiB"

[directory]
csv = "people.csv"
complete = true

[smtp]
host = "mail.{{.Domain}}"
listen = ["127.0.0.1:{{.SMTP}}"]
certificate = "tls/localhost.pem"
key = "tls/localhost.key"
max_sessions = 1000
max_sessions_per_ip = 1000

[sending]
smart_host = "{{.Outside}}"
tls = "none"
postmaster = "jonas.kessler@{{.Domain}}"
undo = "{{.Undo}}"

[writing]
signature_de = "signature.de.txt"
signature_en = "signature.en.txt"

[[writing.template]]
name_de = "Exchange gestört"
name_en = "Exchange is down"
text_de = "Unser Mailsystem ist zurzeit gestört. Ihre Nachricht ist angekommen; Antworten können länger dauern."
text_en = "Our mail system is down at present. Your message has arrived; answers may take longer."

[exchange]
per_mailbox_per_second = 0.0
look_again = [{{range $i, $w := .LookAgain}}{{if $i}}, {{end}}"{{$w}}"{{end}}]
workers = 4

[exchange.smtp]
address = "{{.ExchangeSMTP}}"
tls = "required"
ca = "tls/ca.pem"

[exchange.imap]
address = "{{.ExchangeIMAP}}"
tls = "none"
user = "{mailbox}"
password_file = "exchange.secret"

[exchange.ews]
url = "https://{{.ExchangeEWS}}/EWS/Exchange.asmx"
user = "EX01\\{{.Service}}"
password_file = "exchange.secret"
ca = "tls/ca.pem"

[exchange.release]
probe_mailbox = "{{.Probe}}"

{{with .Archive}}[archive]
address = "{{.}}"

[archive.smtp]
address = "{{$.Outside}}"
tls = "none"

{{end}}[signin]
issuer = "{{.Issuer}}"
client_id = "{{.ClientID}}"
client_secret_file = "oidc.secret"
scopes = ["openid", "profile", "email", "groups"]
admin_claim = "groups"
admin_values = ["{{.AdminGroup}}"]

[web]
url = "http://localhost:{{.Web}}"
listen = ["127.0.0.1:{{.Web}}"]
listen_tls = ["127.0.0.1:{{.WebTLS}}"]
certificate = "tls/localhost.pem"
key = "tls/localhost.key"
admin_token_file = "admin.token"
`))

type settings struct {
	Name, Phone, Domain, AdminGroup     string
	Web, WebTLS, SMTP                   int
	Outside, ExchangeSMTP, ExchangeIMAP string
	ExchangeEWS, Service                string
	Issuer, ClientID, Probe             string
	Undo, Archive                       string
	LookAgain                           []string
}

// writeConfiguration writes the file that `holdover serve --config` reads, and the files it names.
func (s *Stage) writeConfiguration(o Options) error {
	var people, text bytes.Buffer
	if err := sample.WriteDirectory(&people); err != nil {
		return err
	}
	err := configuration.Execute(&text, settings{
		Name: sample.Name, Phone: sample.Phone, Domain: sample.Domain, AdminGroup: sample.AdminGroup,
		Web: s.ports.web, WebTLS: s.ports.webTLS, SMTP: s.ports.smtp,
		Outside: s.Outside.Addr(), ExchangeSMTP: s.Exchange.SMTPAddr(), ExchangeIMAP: s.Exchange.IMAPAddr(),
		ExchangeEWS: s.Exchange.Addr("ews"), Service: serviceAccount,
		Issuer: s.Identity.Issuer(), Probe: probeMailbox, ClientID: identity.ClientID, Undo: o.Undo, Archive: o.Archive, LookAgain: o.LookAgain,
	})
	if err != nil {
		return err
	}
	write := func(name string, octets []byte) error { return os.WriteFile(filepath.Join(s.Dir, name), octets, 0o600) }
	err = errors.Join(
		write("signature.de.txt", []byte(sample.Signature("de"))), write("signature.en.txt", []byte(sample.Signature("en"))),
		write("people.csv", people.Bytes()),
		write("exchange.secret", []byte(s.exchangeSecret+"\n")),
		write("oidc.secret", []byte(identity.ClientSecret+"\n")),
		write("admin.token", []byte(s.AdminToken+"\n")),
		write("holdover.toml", text.Bytes()),
	)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}
