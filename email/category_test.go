package email

import (
	"fmt"
	"testing"
)

func TestCategoriesAsSets(t *testing.T) {
	base := Categories{"Rot", "Kunde Müller"}
	if now := base.With("ROT", "Blau"); fmt.Sprint(now) != "[Rot Kunde Müller Blau]" || len(base) != 2 {
		t.Errorf("with: %v", now)
	}
	if !base.Same(Categories{"KUNDE MÜLLER", "rot"}) || base.Same(Categories{"rot", "Kunde"}) || base.Same(nil) {
		t.Error("same")
	}
	ours, theirs := Categories{"Kunde Müller", "Neu"}, Categories{"Blau", "rot", "Kunde Müller"}
	if got := theirs.After(ours.Since(base)); fmt.Sprint(got) != "[Blau Kunde Müller Neu]" {
		t.Errorf("merged: %v", got)
	}
	if !ours.Since(Categories{"NEU", "Kunde müller"}).None() {
		t.Error("case is a change")
	}
}

func TestKeywords(t *testing.T) {
	for header, want := range map[string]string{
		"Keywords: Rot, Kunde\r\n Nord,,rot\r\n":                     "[Rot Kunde Nord]",
		"Keywords: =?iso-8859-1?q?Gr=FCn?=\r\nKeywords: \"a b\"\r\n": "[Grün a b]",
		"X-Keywords: $Label1 NonJunk Akte   \r\n":                    "[Akte]",
		"Subject: none\r\n":                                          "[]",
	} {
		if got := fmt.Sprint(Keywords([]byte(header + "\r\nKeywords: body\r\n"))); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
