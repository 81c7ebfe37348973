package search

import (
	"slices"
	"strings"
	"testing"

	"holdover/email"
	"holdover/mailstore"
)

// TestCategories: names are found as the store has them at this moment, in German and English, by whole
// words, and putting one on re-indexes nothing.
func TestCategories(t *testing.T) {
	s := fixed(t)
	x := openIn(t, t.TempDir(), s)
	all := find(t, x, "in:inbox")
	raws := s.raws.Load()
	name := func(id email.MessageID, names ...string) {
		s.change(box, id, mailstore.Categorised, func(m *mailstore.Message) { m.Categories = names })
	}
	name("m01", "Rote Kategorie", "Übergabe")
	name("m02", "Kunde Müller & Söhne")
	name("m03", "rote kategorie")
	for query, want := range map[string]string{
		`category:"Rote Kategorie"`:            "m01 m03",
		`KATEGORIE:rote`:                       "m01 m03",
		`category:rot`:                         "",
		`category:rot*`:                        "m01 m03",
		`kategorie:uebergabe`:                  "m01",
		`categories:"mueller & soehne"`:        "m02",
		`category:(kunde OR uebergabe)`:        "m01 m02",
		`category:rote -category:Übergabe`:     "m03",
		`category:nirgends`:                    "",
		`-category:"Rote Kategorie" in:inbox`:  leaving(all, "m01", "m03"),
		`category:rote is:flagged`:             "m03",
		`category:"Rote Kategorie" in:nowhere`: "",
	} {
		if got := sorted(find(t, x, query)); got != sorted(want) {
			t.Errorf("%s => %s, want %s", query, got, want)
		}
	}
	name("m01", "Übergabe")
	if got := find(t, x, "category:rote"); got != "m03" {
		t.Errorf("after one was taken off: %s", got)
	}
	if n := s.raws.Load() - raws; n != 0 {
		t.Errorf("%d messages were read again", n)
	}
}

func sorted(ids string) string {
	all := strings.Fields(ids)
	slices.Sort(all)
	return strings.Join(all, " ")
}

func leaving(ids string, out ...string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(ids), func(id string) bool { return slices.Contains(out, id) }), " ")
}
