package web

import (
	"net/url"
	"strings"
	"testing"
)

// TestExpandGroup: who is in a group is shown on demand, by suggestion and by a button, and nobody stands there twice.
func TestExpandGroup(t *testing.T) {
	h := openHouse(t, people3+"netz@ahrenfeld.example,Netzbetrieb,group,,,k.wessel@ahrenfeld.example j.petersen@ahrenfeld.example m.bell@ahrenfeld.example leitstelle@northgate.example,,\n", false)
	k := h.as(katrin)
	page := k.page("/addresses?q=netzb")
	if got := said(page.Find("ul")); !strings.Contains(got, "Netzbetrieb <netz@ahrenfeld.example>") || !strings.Contains(got, "Jens Petersen <j.petersen@ahrenfeld.example>, Martha Bell") {
		t.Errorf("suggested: %q", got)
	}
	form := k.page("/compose?to=" + url.QueryEscape("m.bell@ahrenfeld.example, netz@ahrenfeld.example")).Find("#compose")
	if !strings.Contains(said(form), "4 Mitglieder") {
		t.Fatalf("the form: %s", said(form))
	}
	button := form.Find("button[value^='expand:to:']").AttrOr("value", "")
	to := k.post("/compose", "button", button, "token", "t", "to", "m.bell@ahrenfeld.example, netz@ahrenfeld.example", "subject", "x", "text", "x")
	line := k.page(to).Find("#to").AttrOr("value", "")
	if strings.Contains(line, "netz@") || strings.Count(line, "m.bell@") != 1 || !strings.Contains(line, "leitstelle@northgate.example") || !strings.Contains(line, "Katrin Wessel") {
		t.Errorf("expanded: %q", line)
	}
	to = k.post("/compose", "button", "expand:to:j.petersen@ahrenfeld.example", "token", "t2", "to", jens, "subject", "x", "text", "x")
	if line := k.page(to).Find("#to").AttrOr("value", ""); !strings.Contains(line, jens) {
		t.Errorf("no group: %q", line)
	}
}
