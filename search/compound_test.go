package search

import (
	"fmt"
	"strings"
	"testing"

	"holdover/mailstore"
)

// marked shows what a query marks in a text.
func marked(query, text string) string {
	var b strings.Builder
	for _, p := range markerOf(parse(query, today())).markSubject(text) {
		if p.Mark {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// TestMarksParts: of a longer word the part is marked that was meant, however its letters are written.
func TestMarksParts(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"Urlaub", "Der [Urlaub]santrag und der [Urlaub]"},
		{"muell", "[Müll]abfuhr und [Müllers]"},
		{"Mull", "[Mu\u0308ll]abfuhr"},
		{"Vertrag", "Miet[vertrag], Rahmen[verträge] und Vor­vertrag"},
		{"Verträge", "Rahmen[vertraege]"},
		{"fläche", "Gewerbe[fla\u0308che]"},
		{"flaeche", "GEWERBE[FLÄCHE]"},
		{"grösse", "Lager[größen]"},
		{`"Vertrag"`, "Mietvertrag, [Vertrag]"},
		{"Vertr*", "[Vertrag] Mietvertrag"},
		{"Rat", "Apparat, Rathaus, [Rat]"},
		{"Gang", "Ausgang Eingang Lehr[gang]"},
		{"-Urlaub Antrag", "Urlaubs[antrag]"},
		{"DE89370400440532013000", "IBAN [DE89 3704 0044 0532 0130 00]."},
		{"030 901820417", "Tel. ([030) 901820-417]"},
		{"+49 30 901820417", "Tel. +[49 (0)30 901820-417], [30] Uhr"},
	} {
		text := strings.NewReplacer("[", "", "]", "").Replace(c.want)
		if got := marked(c.query, text); got != c.want {
			t.Errorf("%s marks %q, want %q", c.query, got, c.want)
		}
	}
}

// TestCompoundsOfTheMailbox: which compounds there are the mailbox says itself, at this moment: written once with
// a capital they are found however they are written, and no longer when the message that had them is gone.
func TestCompoundsOfTheMailbox(t *testing.T) {
	s := newMemory()
	x := openIn(t, t.TempDir(), s)
	add := func(message mailstore.Message, body string) { s.put(box, message, text("x", body)) }
	add(mailstore.Message{ID: "a", Folder: "inbox", Received: today()}, "der mietvertrag ist da")
	if got := find(t, x, "vertrag"); got != "" {
		t.Errorf("written small only: %q", got)
	}
	add(mailstore.Message{ID: "b", Folder: "inbox", Received: today().AddDate(0, 0, -1)}, "Der Mietvertrag ist da")
	if got := find(t, x, "verträge"); got != "a b" {
		t.Errorf("found %q, want both", got)
	}
	s.remove(box, "b")
	add(mailstore.Message{ID: "c", Folder: "inbox", Received: today()}, "Der Sondervertrag ist da")
	if got := find(t, x, "vertrag"); got != "c" && got != "c a" {
		t.Errorf("found %q", got)
	}
}
