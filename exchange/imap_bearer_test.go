package exchange

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// bearerScript is Exchange Online's IMAP as far as the login: it takes one token and refuses others
// with a challenge; without SASL-IR the response comes after an empty continuation.
func bearerScript(t *testing.T, take string, caps string) (IMAPOptions, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	var tag string
	login := func(response string) []byte {
		raw, _ := base64.StdEncoding.DecodeString(response)
		if string(raw) == "user="+anna+"\x01auth=Bearer "+take+"\x01\x01" {
			return []byte(tag + " OK AUTHENTICATE completed.\r\n")
		}
		return []byte("+ " + base64.StdEncoding.EncodeToString([]byte(`{"status":"400","schemes":"Bearer"}`)) + "\r\n")
	}
	address := scripted(t, "* OK The Microsoft Exchange IMAP4 service is ready. [cgBhAG4A]\r\n", func(line string) []byte {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
		first, rest, found := strings.Cut(line, " ")
		switch {
		case !found && line == "":
			return []byte(tag + " NO AUTHENTICATE failed.\r\n")
		case !found && line == "=":
			return []byte(tag + " BAD Command received in Invalid state.\r\n")
		case !found:
			return login(line)
		}
		verb, response, _ := strings.Cut(rest, " ")
		switch verb {
		case "CAPABILITY":
			if tag != "" { // after the login
				caps += " MOVE"
			}
			return []byte("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 UIDPLUS" + caps + "\r\n" + first + " OK CAPABILITY completed.\r\n")
		case "AUTHENTICATE":
			tag = first
			if _, initial, ok := strings.Cut(response, " "); ok {
				return login(initial)
			}
			return []byte("+ \r\n")
		case "LIST":
			return []byte("* LIST () \"/\" INBOX\r\n" + first + " OK LIST completed.\r\n")
		case "EXAMINE":
			return []byte("* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n" + first + " OK EXAMINE completed.\r\n")
		}
		return []byte(first + " OK done\r\n")
	})
	return IMAPOptions{Address: address, Security: Security{Policy: None}, Auth: LoginXOAUTH2}, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return lines
	}
}

func TestXOAUTH2(t *testing.T) {
	for name, caps := range map[string]string{"initial response": " SASL-IR", "continuation": ""} {
		i := newIssuer(t)
		o, lines := bearerScript(t, "token-2", caps) // the first token is refused: revoked meanwhile
		o.Tokens = newTokens(t, TokenOptions{URL: i.URL})
		a, err := newIMAP(t, o).enter(contextOf(t), anna)
		if err != nil {
			t.Errorf("%s: %v; %q", name, err, lines())
			continue
		}
		if !a.client.Caps().Has(imap.CapMove) {
			t.Errorf("%s: capabilities were not asked for again after the login", name)
		}
		a.close()
		if n := i.asked.Load(); n != 2 {
			t.Errorf("%s: %d tokens were asked for", name, n)
		}
	}
	i := newIssuer(t)
	o, lines := bearerScript(t, "another", " SASL-IR")
	o.Tokens = newTokens(t, TokenOptions{URL: i.URL})
	_, err := newIMAP(t, o).Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
	var f *Failure
	if !errors.As(err, &f) || f.Kind != ErrLogin || !strings.Contains(f.Words, `"status":"400"`) || !strings.Contains(f.Words, "AUTHENTICATE failed") {
		t.Errorf("refused twice: %v; %q", err, lines())
	}
	if n := i.asked.Load(); n != 2 {
		t.Errorf("refused for good: %d tokens were asked for, want 2", n)
	}
	if strings.Contains(err.Error(), "token-") {
		t.Errorf("a token stands in the error: %v", err)
	}
}
