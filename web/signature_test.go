package web

import (
	"strings"
	"testing"
)

// TestFillSignature: fields of the directory in their places; a line without any of them is left out.
func TestFillSignature(t *testing.T) {
	text := "-- \n{name}\n{title}, {department}\nTelefon {phone}\n\nStadtwerke Ahrenfeld GmbH, Sitz Ahrenfeld\r\nHRB 4711\n"
	all := map[string]string{"name": "Katrin {title} Wessel", "title": "Leiterin", "department": "Netz", "phone": "030 1"}
	for name, c := range map[string]struct {
		fields map[string]string
		want   string
	}{
		"all":      {all, "--\nKatrin {title} Wessel\nLeiterin, Netz\nTelefon 030 1\n\nStadtwerke Ahrenfeld GmbH, Sitz Ahrenfeld\nHRB 4711"},
		"no phone": {map[string]string{"name": "K"}, "--\nK\n\nStadtwerke Ahrenfeld GmbH, Sitz Ahrenfeld\nHRB 4711"},
	} {
		if got := fillSignature(text, c.fields); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestSignature: on by default, in the language of the pages; exchanged and switched off by a click, and that is
// remembered. A signature alone promises no file.
func TestSignature(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Signatures = map[string]string{"de": "{name}\n{organisation}, Anhang A", "en": "{name}\nCompany details"}
		o.Templates = []Template{{Name: map[string]string{"de": "Störung", "en": "Outage"}, Text: map[string]string{"de": "Unser Mailsystem ist gestört.", "en": "Our mail is down."}}}
	})
	text := func(path string) string {
		return strings.TrimSpace(h.as(katrin).page(path).Find("#text").Text())
	}
	const german = "Katrin Wessel\nStadtwerke Ahrenfeld, Anhang A"
	if got := text("/compose"); got != german {
		t.Errorf("a new message begins with %q", got)
	}
	original := h.deliver(katrin, letter{subject: "Frage", text: "Wann?"})
	if got := text("/compose?mode=reply&of=" + string(original)); got != german {
		t.Errorf("an answer begins with %q", got)
	}
	at := h.as(katrin).post("/compose", "button", "template:0", "token", "t1", "text", "Hallo\n\n"+german)
	if got := text(at); got != "Unser Mailsystem ist gestört.\n\nHallo\n\n"+german {
		t.Errorf("with a template: %q", got)
	}
	at = h.as(katrin).post("/compose", "button", "signature:en", "token", "t2", "text", "Hallo\n\n"+german)
	if got := text(at); got != "Hallo\n\nKatrin Wessel\nCompany details" {
		t.Errorf("exchanged: %q", got)
	}
	if got := text("/compose"); got != "Katrin Wessel\nCompany details" {
		t.Errorf("the choice is forgotten: %q", got)
	}
	at = h.as(katrin).post("/compose", "button", "signature:off", "token", "t3", "text", "Hallo\n\nKatrin Wessel\nCompany details")
	if got := text(at); got != "Hallo" || text("/compose") != "" {
		t.Errorf("off: %q, then %q", got, text("/compose"))
	}
	if code := h.as(katrin).do("POST", "/compose", map[string][]string{"button": {"signature:fr"}, "text": {"x"}}).Code; code != 400 {
		t.Errorf("an unknown language: %d", code)
	}
	to := h.as(katrin).post("/compose", "button", "send", "token", "t4", "to", "olivia@northgate.example", "text", "Bis morgen.\n\n"+german)
	if !strings.Contains(to, "done=sent") {
		t.Errorf("the signature's words are taken for a promise: %s", to)
	}
	if english := h.as(martha).page("/compose").Find("#inserts button"); english.Length() != 4 || !strings.Contains(said(english), "Outage") {
		t.Errorf("%s", said(english))
	}
}
