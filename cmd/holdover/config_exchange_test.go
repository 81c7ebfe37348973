package main

import (
	"strings"
	"testing"

	"holdover/syncback/traffic"
)

// without takes a section out of the example, so that its way is not configured.
func without(s, section string) string {
	before, rest, found := strings.Cut(s, "\n["+section+"]")
	if !found {
		return s
	}
	if _, after, more := strings.Cut(rest, "\n["); more {
		return before + "\n[" + after
	}
	return before
}

// TestBrokenWays: a way or path that cannot work stops the start and says what to do.
func TestBrokenWays(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for name, row := range map[string]struct {
		edit func(string) string
		says []string
	}{
		"unknown profile":     {replace(`profile = "hybrid"`, `profile = "cloud"`), []string{"exchange.profile", "\"cloud\"", "hybrid"}},
		"unknown kind":        {replace("\nsent = [", "\nsnet = ["), []string{"exchange.paths.snet", "no such kind", "inbound"}},
		"unknown way":         {replace(`inbound = ["smtp"]`, `inbound = ["pop3"]`), []string{"exchange.paths.inbound", "no way \"pop3\"", "imap"}},
		"way not configured":  {func(s string) string { return without(s, "exchange.ews") }, []string{"exchange.paths.sent", "\"ews\" is not configured", "Fill in its section"}},
		"way of another kind": {replace(`state = ["ews"`, `state = ["smtp"`), []string{"exchange.paths.state", "\"smtp\" cannot carry"}},
		"empty path":          {replace(`inbound = ["smtp"]`, `inbound = []`), []string{"exchange.paths.inbound", "names no way"}},
		"no way at all": {func(s string) string {
			return without(without(without(s, "exchange.paths"), "exchange.online.imap"), "exchange.online.internal")
		},
			[]string{"exchange.paths.internal", "no way", "online"}},
		"ews address":      {replace(`url = "https://exchange.example.org/EWS/Exchange.asmx"`, `url = "exchange.example.org"`), []string{"exchange.ews.url", "no web address"}},
		"ews in the clear": {replace(`url = "https://exchange.example.org/EWS`, `url = "http://exchange.example.org/EWS`), []string{"exchange.ews.url", "does not fit", "https"}},
		"ews login":        {replace(`auth = "ntlm"`, `auth = "kerberos"`), []string{"exchange.ews.auth", "ntlm, basic"}},
		"no tenant":        {replace("\ntoken_url", "\n# token_url"), nil},
		"tenant missing": {func(s string) string {
			return strings.NewReplacer("\ntoken_url", "\n# token_url", "\ntenant =", "\n# tenant =").Replace(s)
		}, []string{"exchange.oauth.tenant", "missing"}},
		"application":         {replace("\nclient_id = \"0000", "\n# client_id = \"0000"), []string{"exchange.oauth.client_id", "missing", "Register"}},
		"internal, anonymous": {replace("\nuser = \"holdover-internal\"", ""), []string{"exchange.internal.user", "account or a certificate"}},
		"pin":                 {replace("[exchange.imap]\n", "[exchange.imap]\npin = \"abc\"\n"), []string{"exchange.imap.pin", "64 hex digits"}},
		"half a certificate":  {replace("\nkey = \"privkey.pem\"\n\n[exchange.online.internal]", "\n\n[exchange.online.internal]"), []string{"exchange.online.smtp.certificate", "belong together"}},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after string
			file := exampleConfig(t, func(s string) string {
				before = complete(s)
				after = row.edit(before)
				return after
			})
			if before == after {
				t.Fatal("the edit changes nothing")
			}
			_, err := readConfig(file)
			if row.says == nil {
				if err != nil {
					t.Errorf("it is refused: %v", err)
				}
				return
			}
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

// TestProfiles: what the smallest configuration of each profile makes of its ways.
func TestProfiles(t *testing.T) {
	first := func(c *config, cargo traffic.Cargo, at traffic.Location) string {
		list := c.Exchange.carriers(cargo, at)
		if len(list) == 0 {
			return ""
		}
		return list[0].key
	}
	c, err := readConfig(exampleConfig(t, func(s string) string { return s }))
	if err != nil {
		t.Fatal(err)
	}
	for _, cargo := range traffic.Cargos() {
		want := "exchange.imap"
		if cargo == traffic.InboundCargo {
			want = "exchange.smtp"
		}
		if got := first(c, cargo, traffic.OnPremises); got != want {
			t.Errorf("on-premises, %s: %s goes first, want %s", cargo, got, want)
		}
	}
	c, err = readConfig(exampleConfig(t, func(s string) string { return without(complete(s), "exchange.paths") }))
	if err != nil {
		t.Fatal(err)
	}
	for at, wants := range map[traffic.Location]map[traffic.Cargo]string{
		traffic.OnPremises: {"inbound": "exchange.smtp", "internal": "exchange.internal", "sent": "exchange.ews", "drafts": "exchange.ews", "state": "exchange.ews", "moves": "exchange.ews"},
		traffic.Online: {"inbound": "exchange.online.smtp", "internal": "exchange.online.internal", "sent": "exchange.online.imap",
			"drafts": "exchange.graph", "state": "exchange.graph", "moves": "exchange.graph"},
	} {
		for cargo, want := range wants {
			if got := first(c, cargo, at); got != want {
				t.Errorf("hybrid, %s of mailboxes %s: %s goes first, want %s", cargo, at, got, want)
			}
		}
	}
}
