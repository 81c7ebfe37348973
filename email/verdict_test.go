package email

import "testing"

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want string
	}{
		"trusted":               {"Authentication-Results: mx.corp.example; spf=pass smtp.mailfrom=x.example; dkim=fail; dkim=pass header.d=x.example; dmarc=pass (p=none; x) header.from=x.example\r\n", "pass pass pass"},
		"folded, with version":  {"Authentication-Results: mx.corp.example 1;\r\n dmarc/1=fail\r\n header.from=x.example\r\n", "fail  "},
		"a stranger's":          {"Authentication-Results: mx.evil.example; dmarc=pass header.from=x.example\r\n", "none"},
		"a stranger's above":    {"Authentication-Results: mx.evil.example; dmarc=pass\r\nAuthentication-Results: MX.corp.example; dmarc=fail header.from=x.example\r\n", "fail  "},
		"the topmost counts":    {"Authentication-Results: mx.corp.example; dmarc=fail\r\nAuthentication-Results: mx.corp.example; dmarc=pass\r\n", "fail  "},
		"about another address": {"Authentication-Results: mx.corp.example; dmarc=pass header.from=evil.example\r\n", "  "},
		"Exchange Online":       {"Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none; dmarc=bestguesspass action=none header.from=x.example;compauth=pass\r\n", "bestguesspass pass none"},
		"in a comment":          {"Authentication-Results: mx.evil.example (; mx.corp.example; dmarc=pass); dmarc=pass\r\n", "none"},
		"none":                  {"", "none"},
		"empty":                 {"Authentication-Results: ;\r\nAuthentication-Results:\r\n", "  "},
	} {
		v := Parse([]byte("From: Otto <otto@x.example>\r\n" + c.head + "\r\n")).Verdict([]string{"mx.corp.example", NamelessResults})
		got := "none"
		if v != nil {
			got = v.DMARC + " " + v.SPF + " " + v.DKIM
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if v := Parse([]byte("From: otto@x.example\r\n" + c.head + "\r\n")).Verdict(nil); v != nil {
			t.Errorf("%s: believed without trust: %+v", name, v)
		}
	}
	two := Parse([]byte("From: a@x.example, b@y.example\r\nAuthentication-Results: mx.corp.example; dmarc=pass\r\n\r\n")).Verdict([]string{"mx.corp.example"})
	if two == nil || two.DMARC != "" {
		t.Errorf("two writers: %+v", two)
	}
}

func TestNearName(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"Katrin Wessel", "Wessel, Katrin"}: true, {"Katrin Wessel", "Кatrin Wеssel"}: true, {"Katrin Wessel", "Katrin Wesel"}: true, {"Katrin Wessel", "Dr. Katrin Wessel (extern)"}: true,
		{"Jörg Müller", "Joerg Mueller"}: true, {"Jens Petersen", "Jens Peterson"}: true, {"Katrin Wessel", "KATRIN  WESSEL"}: true,
		{"Katrin Wessel", "Katrin Wegener"}: false, {"Katrin Wessel", "Katrin"}: false, {"Info", "Info"}: false, {"Jo Li", "Jo Lu"}: false, {"", ""}: false, {"Katrin Wessel", "Stadtwerke Ahrenfeld"}: false,
	} {
		if got := NearName(NameKey(pair[0]), NameKey(pair[1])); got != want {
			t.Errorf("%q: %v", pair, got)
		}
	}
}

func TestNearDomain(t *testing.T) {
	own := "ahrenfeld.example"
	for domain, want := range map[string]bool{
		"ahrenfeld.com": true, "ahrenfe1d.example": true, "ahrenfelt.example": true, "ahrenfled.example": true, "аhrenfeld.example": true, "xn--hrenfeld-06g.example": true,
		"ahrenfeld.example.evil.com": true, "ahrenfeld-mail.example": true, "mail-ahrenfeld.com": true, "ahrenfeid.example": true, "arhenfeld.example": true,
		"ahrenfeld.example": false, "mail.ahrenfeld.example": false, "AHRENFELD.example": false, "northgate.example": false, "gmail.com": false, "feld.example": false, "": false, "ahrenburg.example": false,
	} {
		if got := NearDomain(domain, own); got != want {
			t.Errorf("%s: %v", domain, got)
		}
	}
	for _, pair := range [][2]string{{"sap.com", "sab.de"}, {"ab.de", "ac.de"}, {"co.uk", "cu.uk"}, {"bild.de", "wild.de"}} {
		if NearDomain(pair[0], pair[1]) {
			t.Errorf("%v are near", pair)
		}
	}
}

func FuzzLookalike(f *testing.F) {
	f.Add("Katrin Wessel", "xn--hrenfeld-06g.example", "mx; dmarc=pass (")
	f.Fuzz(func(t *testing.T, name, domain, field string) {
		NearName(NameKey(name), NameKey(domain))
		NearDomain(domain, "ahrenfeld.example")
		NearDomain("ahrenfeld.example", domain)
		readResults(field)
		if NearDomain(domain, domain) {
			t.Errorf("%q is near itself", domain)
		}
	})
}
