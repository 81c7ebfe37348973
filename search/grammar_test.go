package search

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestGrammar: a query, and how it was understood.
func TestGrammar(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"", ""},
		{"   ", ""},
		{"a b", "a b"},
		{"a AND b", "a b"},
		{"a UND b ODER c", "(a b) OR c"},
		{"a OR b c", "a OR (b c)"},
		{"a and b", "a b"},
		{"a und b oder c", "(a b) OR c"},
		{"a oder b OR c", "a OR b OR c"},
		{"und", "und"},
		{"und a", "und a"},
		{"a or", "a or"},
		{"a and AND b", "a and b"},
		{`a "and" b`, `a "and" b`},
		{"a nicht b", "a nicht b"},
		{"AW: Re: a b", "a b"},
		{"AW:", "AW:"},
		{"030 901820 417 a", "030 901820 417 a"},
		{"2025 2026", "2025 2026"},
		{"1 a 2", "1 a 2"},
		{"mailto:a.b@c.example", "mailto:a.b@c.example"},
		{"(a OR b) c", "(a OR b) c"},
		{"NOT a", "-a"},
		{"NICHT (a OR b)", "-(a OR b)"},
		{"NOT NOT a", "a"},
		{"- a", "a"},
		{"--a", "a"},
		{"a-b", "a-b"},
		{`"a b" c`, `"a b" c`},
		{`"a b`, `"a b"`},
		{`„a b“`, `"a b"`},
		{`""`, ""},
		{"von:a", "from:a"},
		{"VON:a", "from:a"},
		{"from: a", "a"},
		{"from:(a OR b)", "from:a OR from:b"},
		{"from:(a subject:b)", "from:a subject:b"},
		{`betreff:"x y"`, `subject:"x y"`},
		{"unknown:a", "unknown:a"},
		{"http://x.example/y", "http://x.example/y"},
		{"hat:anhang", "has:attachment"},
		{"hasattachment:nein", "has:none"},
		{"has:foo", "has:foo"},
		{"is:nonsense", "is:nonsense"},
		{"ist:ungelesen", "is:unread"},
		{"in:Papierkorb", "folder:trash"},
		{`kategorie:"Rote  Kategorie"`, `category:"Rote Kategorie"`},
		{"category:Über*", "category:Über*"},
		{"category:", "category:"},
		{"in:Kunden", "folder:Kunden"},
		{`in:"A B"`, `folder:"A B"`},
		{"received:heute", "received:2026-11-21"},
		{"received:today", "received:2026-11-21"},
		{"received:gestern", "received:2026-11-20"},
		{"received:last week", "received:2026-11-09..2026-11-15"},
		{"received:this week a", "received:2026-11-16..2026-11-22 a"},
		{"received:letzten Monat", "received:2026-10-01..2026-10-31"},
		{"received:2026", "received:2026-01-01..2026-12-31"},
		{"received:2026-11", "received:2026-11-01..2026-11-30"},
		{"received:1.11.26", "received:2026-11-01"},
		{"received:21.11.", "received:2026-11-21"},
		{"received:2026-11-01..2026-11-07", "received:2026-11-01..2026-11-07"},
		{"received:..2026-11-07", "received:<2026-11-08"},
		{"received:2026-11-07..", "received:>=2026-11-07"},
		{"received>=2026-11-07", "received:>=2026-11-07"},
		{"received:>2026-11-07", "received:>=2026-11-08"},
		{"received:≤2026-11-07", "received:<2026-11-08"},
		{"sent:tuesday", "sent:2026-11-17"},
		{"sent:2026-13-01", "sent:2026-13-01"},
		{"sent:..", "sent:.."},
		{"sent:last", "sent:last"},
		{"before:yesterday", "received:<2026-11-20"},
		{"seit:1.11.2026", "received:>=2026-11-01"},
		{"size:>5MB", "size:>5MB"},
		{"size>5MB", "size:>5MB"},
		{"Größe:1,5mb..2mb", "size:1,5mb..2mb"},
		{"larger:5M", "size:>5M"},
		{"size:big", "size:big"},
		{"rech*", "rech*"},
		{"*", ""},
		{"a*", "a*"},
		{"AND", "AND"},
		{"AND AND OR", "AND OR"},
		{"a a (b OR b) a", "a b"},
		{"a OR", "a"},
		{"OR a", "a"},
		{"a NOT", "a"},
		{"a NOT OR b", "a OR b"},
		{"()", ""},
		{"(a", "a"},
		{"a)", "a"},
		{")a(b", "a b"},
		{"((((a))))", "a"},
		{strings.Repeat("(", 5000) + "a", ""},
		{strings.Repeat("(", 500) + "a", "a"},
		{strings.Repeat("-", 500) + "a", "a"},
		{strings.Repeat("NOT ", 200) + "a", "a"},
		{"a b c d e f g h i j", "a b c d e f g h"},
		{"a\x00b \xff\xfe c", "a b c"},
	} {
		got := ""
		if n := parse(c.query, today()); n != nil {
			got = n.String()
		}
		if got != c.want {
			t.Errorf("%.60q is understood as %s, want %s", c.query, got, c.want)
		}
	}
}

func TestChips(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []Chip
	}{
		{"von:anna rechnung", []Chip{{"from", "anna", "rechnung"}, {"", "rechnung", "from:anna"}}},
		{`"a b" -ist:ungelesen`, []Chip{{"", `"a b"`, "-is:unread"}, {"is", "-unread", `"a b"`}}},
		{"(a OR b) received:heute", []Chip{{"", "a", "b received:2026-11-21"}, {"", "b", "a received:2026-11-21"}, {"received", "2026-11-21", "a OR b"}}},
		{"-(a b)", []Chip{{"", "-a", "-b"}, {"", "-b", "-a"}}},
		{"-(a -b)", []Chip{{"", "-a", "b"}, {"", "b", "-a"}}},
		{"solo", []Chip{{"", "solo", ""}}},
		{"in:Papierkorb", []Chip{{"folder", "trash", ""}}},
		{`-kategorie:"Rote Kategorie" a`, []Chip{{"category", "-Rote Kategorie", "a"}, {"", "a", `-category:"Rote Kategorie"`}}},
	} {
		if got := chips(parse(c.query, today())); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: chips %q, want %q", c.query, got, c.want)
		}
	}
}

// TestNamesAreFolded: typed names are looked up folded, so the tables must be.
func TestNamesAreFolded(t *testing.T) {
	var names []string
	for _, table := range []any{fieldNames, states, yes, attachmentWords, folderNames, weekdays} {
		for _, k := range reflect.ValueOf(table).MapKeys() {
			names = append(names, k.String())
		}
	}
	for _, n := range names {
		if fold(n) != n {
			t.Errorf("%q can never be typed: it is folded to %q", n, fold(n))
		}
	}
}

func TestFolding(t *testing.T) {
	for _, same := range [][]string{
		{"müll", "muell", "mull"}, {"straße", "strasse"}, {"Äpfel", "aepfel", "APFEL"}, {"böse", "boese"},
		{"café", "cafe", "cafe\u0301"}, {"ﬁle", "file"}, {"façade", "facade"}, {"auf\u00adgabe", "aufgabe"},
	} {
		for _, s := range same {
			if got, want := wordsOf(s)[0].folded, wordsOf(same[0])[0].folded; got != want {
				t.Errorf("%s is folded to %s, %s to %s", s, got, same[0], want)
			}
		}
	}
	for _, differ := range [][2]string{{"neue", "neu"}, {"steuer", "stur"}, {"queue", "qu"}, {"mauer", "maur"}} {
		if wordsOf(differ[0])[0].folded == wordsOf(differ[1])[0].folded {
			t.Errorf("%s and %s are the same", differ[0], differ[1])
		}
	}
}

func TestHighlights(t *testing.T) {
	show := func(list []Piece) string {
		var b strings.Builder
		for _, p := range list {
			if p.Mark {
				fmt.Fprintf(&b, "[%s]", p.Text)
			} else {
				b.WriteString(p.Text)
			}
		}
		return b.String()
	}
	long := strings.Repeat("Lorem ipsum dolor. ", 500)
	for _, c := range []struct{ query, text, subject, snippet string }{
		{"Rechnungen", "Die RECHNUNG, bitte", "Die [RECHNUNG], bitte", "Die [RECHNUNG], bitte"},
		{"muell", "Der Müll.", "Der [Müll].", "Der [Müll]."},
		{"<b>", "<b>fett</b>", "<[b]>fett</[b]>", "<[b]>fett</[b]>"},
		{`"die rechnung"`, "die Rechnung die alte Rechnung", "[die Rechnung] die alte Rechnung", "[die Rechnung] die alte Rechnung"},
		{"rech*", "Rechen rechne Pech", "[Rechen] [rechne] Pech", "[Rechen] [rechne] Pech"},
		{"-rechnung lorem", "Rechnung Lorem", "Rechnung [Lorem]", "Rechnung [Lorem]"},
		{"subject:a", "a b", "[a] b", ""},
		{"body:a", "a b", "a b", "[a] b"},
		{"from:a", "a b", "a b", ""},
		{"nichts", "a b", "a b", ""},
		{"mit", "Ja.\n> > Kommst du\n>> mit? 5 > 3", "Ja.\n> > Kommst du\n>> [mit]? 5 > 3", "Ja. Kommst du [mit]? 5 > 3"},
		{"ziel", long + "Ziel erreicht. " + long, long + "[Ziel] erreicht. " + long, "… ipsum dolor. Lorem ipsum dolor. [Ziel] erreicht. " + strings.TrimSpace(strings.Repeat("Lorem ipsum dolor. ", 6))[:101] + " …"},
	} {
		m := markerOf(parse(c.query, today()))
		if got := show(m.markSubject(c.text)); got != c.subject {
			t.Errorf("%s: subject %s, want %s", c.query, got, c.subject)
		}
		if got := show(m.snippet(c.text)); got != c.snippet && !strings.HasPrefix(c.snippet, "…") {
			t.Errorf("%s: snippet %s, want %s", c.query, got, c.snippet)
		} else if strings.HasPrefix(c.snippet, "…") && (!strings.Contains(got, "[Ziel]") || !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || len(got) > snippetLen+20) {
			t.Errorf("%s: snippet %q", c.query, got)
		}
	}
}

// FuzzParseQuery: every text is a query, within the bounds, and what it was understood as is
// understood the same again, as is what its chips leave.
func FuzzParseQuery(f *testing.F) {
	for _, q := range queries(f) {
		f.Add(q[0])
	}
	f.Add(strings.Repeat("a* ", 200))
	f.Add("-(a OR -(b c)) NOT \"x AND")
	f.Fuzz(func(t *testing.T, query string) {
		n := parse(query, today())
		if n == nil {
			return
		}
		if count := len(leaves(n)); count == 0 || count > maxTerms {
			t.Fatalf("%q has %d terms", query, count)
		}
		text := n.String()
		if len(text) > maxQuery {
			return // it would be cut
		}
		again := parse(text, today())
		if again == nil || again.String() != text {
			t.Fatalf("%q is understood as %q, that as %v", query, text, again)
		}
		for _, c := range chips(n) {
			if c.Without != "" && parse(c.Without, today()) == nil {
				t.Fatalf("%q: chip %+v leaves nothing", query, c)
			}
		}
		p := planOf(n)
		if len(p.cases) > 1<<len(p.states) {
			t.Fatalf("%q has %d cases", query, len(p.cases))
		}
		words := strings.Repeat(query+" ", 2)
		m := markerOf(n)
		m.snippet(words)
		m.markSubject(words)
	})
}
