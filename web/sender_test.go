package web

import (
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// TestSenderCheck is the table of what is said of a sender, in the order in which it is said.
func TestSenderCheck(t *testing.T) {
	trusted := func(o *Options) { o.Trusted = []string{"gw.ahrenfeld.example", email.NamelessResults} }
	h := newHouse(t, trusted)
	h.deliver(katrin, letter{from: "Olivia Hartley <olivia@northgate.example>", ago: time.Hour, seen: true})
	h.deliver(katrin, letter{from: katrin, to: "ida@kunde.example", folder: mailstore.Sent, origin: mailstore.FromPortal, ago: time.Hour, seen: true})
	const gateway = "Authentication-Results: gw.ahrenfeld.example; dmarc="
	for name, c := range map[string]struct {
		letter letter
		want   string
	}{
		"known, unchecked":               {letter{from: "Olivia <olivia@northgate.example>"}, "Absender nicht geprüft."},
		"new":                            {letter{from: "Uwe <uwe@neu.example>"}, "Erste Nachricht von dieser Adresse.|Absender nicht geprüft."},
		"written to before":              {letter{from: "Ida <ida@kunde.example>"}, "Absender nicht geprüft."},
		"confirmed":                      {letter{from: "olivia@northgate.example", head: gateway + "pass header.from=northgate.example\r\n"}, "Absender bestätigt (northgate.example)."},
		"forged":                         {letter{from: "olivia@northgate.example", head: gateway + "fail header.from=northgate.example\r\n"}, "Vermutlich gefälscht: northgate.example bestätigt diesen Absender nicht."},
		"a stranger's word":              {letter{from: "olivia@northgate.example", head: "Authentication-Results: mx.evil.example; dmarc=pass header.from=northgate.example\r\n"}, "Absender nicht geprüft."},
		"nameless, from outside":         {letter{from: "olivia@northgate.example", head: "Authentication-Results: dmarc=pass header.from=northgate.example\r\n"}, "Absender nicht geprüft."},
		"nameless, out of Exchange":      {letter{from: "olivia@northgate.example", origin: mailstore.FromExchange, head: "Authentication-Results: spf=pass (x) smtp.mailfrom=a.b; dmarc=pass header.from=northgate.example\r\n"}, "Absender bestätigt (northgate.example)."},
		"a colleague's name":             {letter{from: "\"Petersen, Jens\" <chef@northgate.example>"}, "Der Name gleicht dem von " + jens + ", die Adresse ist eine andere.|Erste Nachricht von dieser Adresse.|Absender nicht geprüft."},
		"nearly a colleague's name":      {letter{from: "Jens Peterson <olivia@northgate.example>"}, "Der Name gleicht dem von " + jens + ", die Adresse ist eine andere.|Absender nicht geprüft."},
		"an address for a name":          {letter{from: "\"hilfe@ahrenfeld.example\" <olivia@northgate.example>"}, "Im Namen steht eine andere Adresse: hilfe@ahrenfeld.example.|Absender nicht geprüft."},
		"its own address for a name":     {letter{from: "\"olivia@northgate.example\" <olivia@northgate.example>"}, "Absender nicht geprüft."},
		"a domain like ours":             {letter{from: "IT <it@ahrenfe1d.example>"}, "ahrenfe1d.example sieht aus wie ahrenfeld.example, ist es aber nicht.|Erste Nachricht von dieser Adresse.|Absender nicht geprüft."},
		"a colleague through the portal": {letter{from: "Jens Petersen <" + jens + ">", origin: mailstore.FromPortal}, ""},
		"our address, from outside":      {letter{from: "Jens Petersen <" + jens + ">", head: gateway + "fail header.from=ahrenfeld.example\r\n"}, "Vermutlich gefälscht: ahrenfeld.example bestätigt diesen Absender nicht."},
		"markup in a name":               {letter{from: "\"<b>a@b.example</b>\" <olivia@northgate.example>"}, "Im Namen steht eine andere Adresse: a@b.example.|Absender nicht geprüft."},
	} {
		c.letter.subject = name
		page := h.as(katrin).page(h.open(katrin, h.deliver(katrin, c.letter)))
		var said1 []string
		for _, li := range page.Find(".by-check li").EachIter() {
			said1 = append(said1, said(li))
		}
		if got := strings.Join(said1, "|"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if external := page.Find(".msg .badge").First().Text(); strings.Contains(external, "extern") == strings.Contains(c.letter.from, "ahrenfeld.example>") {
			t.Errorf("%s: external: %q", name, external)
		}
	}
	for _, origin := range []mailstore.Origin{mailstore.FromOutside, mailstore.FromExchange} { // nothing is believed unless the administrator says so
		plain := newHouse(t)
		id := plain.deliver(katrin, letter{from: "olivia@northgate.example", origin: origin, head: gateway + "pass header.from=northgate.example\r\n"})
		if got := said(plain.as(katrin).page(plain.open(katrin, id)).Find(".by-check")); !strings.Contains(got, "nicht geprüft") {
			t.Errorf("%s: %q", origin, got)
		}
	}
}
