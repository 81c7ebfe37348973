package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"holdover/views"
)

// prove lists what is wrong with the values; files are only looked at, not loaded.
func (c *config) prove() []problem {
	var p proof
	p.need("organisation.name", c.Organisation.Name, "Write the organisation's name as people know it; it stands on every page.")
	p.that(colourPattern.MatchString(c.Organisation.Colour), "organisation.colour", "it is no colour", "Write it as #rrggbb, for example \"#1d6b45\".")
	p.oneOf("organisation.language", c.Organisation.Language, views.LanguageCodes()...)
	p.file("organisation.logo", c.Organisation.Logo, false)
	for key, address := range map[string]string{"imprint": c.Organisation.Imprint, "privacy": c.Organisation.Privacy, "accessibility": c.Organisation.Accessibility} {
		p.that(address == "" || goodURL(address), "organisation."+key, "it is no web address", "Write a whole address, for example \"https://example.org/"+key+"\".")
	}
	p.need("storage.dir", c.Storage.Dir, "Name a directory on a disk of its own; it is made when it is missing.")
	p.database("storage.database", c.Storage.Database)
	p.database("storage.desk_database", c.Storage.DeskDatabase)
	p.that(c.Storage.WindowDays >= 1, "storage.window_days", "it is less than one day", "Use 30 unless the organisation agreed on another window.")
	p.file("directory.csv", c.Directory.CSV, true)
	c.proveSMTP(&p)
	c.proveExchange(&p)
	c.proveArchive(&p)
	c.proveSigninAndWeb(&p)
	return p.found
}

func (c *config) proveSMTP(p *proof) {
	p.need("smtp.host", c.SMTP.Host, "Write the name by which the world reaches this server, as in its certificate.")
	p.addresses("smtp.listen", c.SMTP.Listen, true)
	p.pair("smtp", c.SMTP.Certificate, c.SMTP.Key)
	p.that(c.SMTP.MaxSize >= 1<<16, "smtp.max_size", "it is under 64 KiB", "RFC 5321, 4.5.3.1.7 asks for at least 64 KiB; use \"50MiB\".")
	p.that(c.SMTP.MaxRecipients >= 100, "smtp.max_recipients", "it is under 100", "RFC 5321, 4.5.3.1.8 asks for at least 100.")
	p.that(c.SMTP.MaxSessions >= 1, "smtp.max_sessions", "it is under 1", "Use 300.")
	p.that(c.SMTP.MaxSessionsPerIP >= 1, "smtp.max_sessions_per_ip", "it is under 1", "Use 50.")
	p.address("sending.smart_host", c.Sending.SmartHost)
	p.oneOf("sending.tls", c.Sending.TLS, "required", "none")
	p.file("sending.ca", c.Sending.CA, false)
	p.file("sending.password_file", c.Sending.PasswordFile, c.Sending.User != "")
	p.that(goodMailAddress(c.Sending.Postmaster), "sending.postmaster", "it is no mail address", "Write the address that reports of failed deliveries come from, for example \"postmaster@example.org\".")
}

func (c *config) proveSigninAndWeb(p *proof) {
	p.that(goodURL(c.Signin.Issuer), "signin.issuer", "it is no web address", "Write the issuer of your identity provider, as in its discovery document.")
	p.need("signin.client_id", c.Signin.ClientID, "Register Holdover at the identity provider and write its client id here.")
	p.file("signin.client_secret_file", c.Signin.ClientSecretFile, true)
	p.file("signin.ca", c.Signin.CA, false)
	p.that(slices.Contains(c.Signin.Scopes, "openid"), "signin.scopes", "\"openid\" is not among them", "Add it; without it there is no sign-in.")
	p.that(goodURL(c.Web.URL), "web.url", "it is no web address", "Write the address that people type, for example \"https://mail-notfall.example.org\".")
	if c.Web.Outside != "" {
		p.oneOf("web.outside_event", c.Web.Outside, "write", "read")
	}
	p.that(c.Web.Outlook == "" || goodURL(c.Web.Outlook), "web.outlook", "it is no web address", "Write the address where people open Outlook on the web, or leave it out.")
	for _, u := range c.Web.Also {
		p.that(goodURL(u), "web.also", fmt.Sprintf("%q is no web address", u), "Write further addresses of the portal, for example \"https://10.0.0.5\".")
	}
	p.addresses("web.listen", c.Web.Listen, len(c.Web.ListenTLS) == 0)
	p.addresses("web.listen_tls", c.Web.ListenTLS, false)
	p.pair("web", c.Web.Certificate, c.Web.Key)
	p.that(len(c.Web.ListenTLS) == 0 || c.Web.Certificate != "", "web.certificate", "web.listen_tls needs it", "Name the PEM file with the certificate and its chain.")
	p.file("web.admin_token_file", c.Web.AdminTokenFile, false)
	c.proveWriting(p)
	p.that(c.Web.MaxUpload >= 1<<20, "web.max_upload", "it is under 1 MiB", "Use \"25MiB\".")
}

// proof collects problems.
type proof struct{ found []problem }

func (p *proof) that(ok bool, key, reason, remedy string) {
	if !ok {
		p.found = append(p.found, problem{key, reason, remedy})
	}
}

func (p *proof) need(key, value, remedy string) {
	p.that(strings.TrimSpace(value) != "", key, "it is missing", remedy)
}

func (p *proof) oneOf(key, value string, allowed ...string) {
	p.that(slices.Contains(allowed, value), key, fmt.Sprintf("%q is not known", value), "Use one of: "+strings.Join(allowed, ", ")+".")
}

func (p *proof) file(key, path string, needed bool) {
	const remedy = "Name a file that the service can read."
	if path == "" {
		p.that(!needed, key, "it is missing", remedy)
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		p.that(false, key, path+" cannot be read: "+cause(err), remedy)
		return
	}
	p.that(!info.IsDir(), key, path+" is a directory", remedy)
}

func (p *proof) database(key, url string) {
	p.that(url == "" || strings.HasPrefix(url, "sqlite:") || strings.HasPrefix(url, "postgres://"), key,
		"it is no database", "Leave it out for SQLite in storage.dir, or write \"postgres://user@host/name\".")
}

func (p *proof) address(key, a string) {
	p.that(goodAddress(a), key, fmt.Sprintf("%q is not host:port", a), "Write for example \"exchange.example.org:25\".")
}

func (p *proof) addresses(key string, list []string, needed bool) {
	p.that(len(list) > 0 || !needed, key, "it is missing", "Write for example [\"0.0.0.0:25\", \"[::]:25\"].")
	for _, a := range list {
		p.address(key, a)
	}
}

func (p *proof) pair(section, certificate, key string) {
	p.that((certificate == "") == (key == ""), section+".certificate", "certificate and key belong together", "Give both, or neither.")
	p.file(section+".certificate", certificate, false)
	p.file(section+".key", key, false)
}

// nearest suggests the known key with the least difference to a mistyped one.
func nearest(key string) string {
	best, at := "", len(key)/2+1
	for _, k := range knownKeys(reflect.TypeFor[config](), "") {
		if d := distance(key, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return "Remove it; " + example
	}
	return "Did you mean " + best + "? If not, remove it; " + example
}

func knownKeys(t reflect.Type, prefix string) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if name := prefix + f.Tag.Get("toml"); f.Type.Kind() == reflect.Struct {
			keys = append(keys, knownKeys(f.Type, name+".")...)
		} else {
			keys = append(keys, name)
		}
	}
	return keys
}

// distance is Levenshtein's: single letters added, removed or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
