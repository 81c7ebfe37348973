package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleConfig writes the documented example with every file that it names, changed by edit.
func exampleConfig(t *testing.T, edit func(string) string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/holdover.toml.example")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"people.csv", "fullchain.pem", "privkey.pem", "exchange.secret", "oidc.secret", "admin.token"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "holdover.toml")
	changed := edit(string(text))
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExampleConfigurationIsGood(t *testing.T) {
	file := exampleConfig(t, func(s string) string { return s })
	c, err := readConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(file), "people.csv"); c.Directory.CSV != want {
		t.Errorf("directory.csv is %s, want it beside the configuration", c.Directory.CSV)
	}
}

// commentedOut is a key or a section of the example that is not in use.
var commentedOut = regexp.MustCompile(`(?m)^# (\[[a-z.]+\]|\[\[[a-z.]+\]\]|[a-z_]+ = )`)

// complete is the example with everything in use that is commented out, in a hybrid organisation.
func complete(s string) string {
	s = strings.ReplaceAll(s, "\n# logo = \"logo.svg\"", "\nlogo = \"people.csv\"")
	for _, name := range []string{"relay-ca.pem", "relay.secret", "exchange-ca.pem", "internal.secret", "ews.secret", "online.secret", "archive-ca.pem", "archive.secret", "issuer-ca.pem", "signature.de.txt", "signature.en.txt"} {
		s = strings.ReplaceAll(s, name, "people.csv")
	}
	s = strings.Replace(s, `profile = "on-premises"`, `profile = "hybrid"`, 1)
	return commentedOut.ReplaceAllString(s, "$1")
}

// Every key, those commented out too, is one the program knows.
func TestExampleNamesEveryKey(t *testing.T) {
	c, err := readConfig(exampleConfig(t, complete))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Web.TrustedResults; len(got) != 1 || got[0] != "gateway.example.org" {
		t.Errorf("web.trusted_results: %q", got)
	}
	if got := c.Web.RemoteImages; got == nil || *got {
		t.Errorf("web.remote_images: %v", got)
	}
	if got := c.Web.PDFPreview; got == nil || *got {
		t.Errorf("web.pdf_preview: %v", got)
	}
	if c.Writing.Marks != "de" {
		t.Errorf("writing.marks: %q", c.Writing.Marks)
	}
	if c.Web.Outside != "read" || c.Web.Outlook == "" {
		t.Errorf("outside an event: %q, %q", c.Web.Outside, c.Web.Outlook)
	}
	if n := len(c.Exchange.endpoints()); n != 8 {
		t.Errorf("%d ways are configured, want all 8", n)
	}
}

func TestBrokenConfigurations(t *testing.T) {
	for name, row := range map[string]struct {
		old, new string
		says     []string
	}{
		"unknown key":        {"window_days =", "windw_days =", []string{"storage.windw_days", "no such key", "Did you mean storage.window_days"}},
		"signature missing":  {"# signature_de = ", "signature_de = ", []string{"writing.signature_de", "cannot be read"}},
		"template in one":    {"\n[exchange]\n", "\n[[writing.template]]\nname_de = \"x\"\ntext_de = \"y\"\n\n[exchange]\n", []string{"writing.template 1", "in both languages"}},
		"unknown section":    {"[web]", "[wep]", []string{"wep", "no such key"}},
		"wrong type":         {"window_days = 30 ", "window_days = \"thirty\" ", []string{"line", "window_days"}},
		"no TOML":            {"[storage]", "[storage", []string{"line 16:"}},
		"bad length of time": {`undo = "10s"`, `undo = "ten"`, []string{"line", "undo", "no length of time"}},
		"bad size":           {`reserve = "256MiB"`, `reserve = "256 megabytes"`, []string{"line", "reserve", "no size"}},
		"bad address":        {`smart_host = "relay.example.org:25"`, `smart_host = "relay.example.org"`, []string{"sending.smart_host", "host:port"}},
		"missing value":      {`host = "mail-notfall.example.org"`, `host = ""`, []string{"smtp.host", "missing"}},
		"missing file":       {`csv = "people.csv"`, `csv = "peopel.csv"`, []string{"directory.csv", "no such file"}},
		"key without cert":   {`certificate = "fullchain.pem"         # STARTTLS`, `# `, []string{"smtp.certificate", "belong together"}},
		"bad choice":         {`tls = "implicit" `, `tls = "ssl" `, []string{"exchange.imap.tls", "\"ssl\"", "implicit"}},
		"colour":             {`"#1d6b45"`, `"green"`, []string{"organisation.colour", "#rrggbb"}},
		"imap user":          {`user = "{service}\\{mailbox}"`, `user = "admin"`, []string{"exchange.imap.user", "{mailbox}"}},
		"folder role":        {`# sent = "Ges`, `snet = "Ges`, []string{"exchange.folders.snet"}},
		"scopes":             {`"openid", `, ``, []string{"signin.scopes", "openid"}},
		"database":           {`# database = "postgres://`, `database = "mysql://`, []string{"storage.database", "SQLite"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := exampleConfig(t, func(s string) string {
				if !strings.Contains(s, row.old) {
					t.Fatalf("the example has no %q", row.old)
				}
				return strings.Replace(s, row.old, row.new, 1)
			})
			_, err := readConfig(file)
			if err == nil {
				t.Fatal("it passes")
			}
			for _, part := range append(row.says, file) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the message:\n%s", part, err)
				}
			}
		})
	}
}

func TestMissingConfigurationSaysWhatToDo(t *testing.T) {
	_, err := readConfig(filepath.Join(t.TempDir(), "nothing.toml"))
	if err == nil || !strings.Contains(err.Error(), "holdover.toml.example") {
		t.Errorf("%v", err)
	}
}
