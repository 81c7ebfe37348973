package mailstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdover/database/databasetest"
	"holdover/email"
)

func put(names ...string) email.CategoryChange { return email.CategoryChange{Add: names} }
func off(names ...string) email.CategoryChange { return email.CategoryChange{Remove: names} }

func (h *house) named(m email.MailboxID, id email.MessageID) string {
	h.t.Helper()
	one, err := h.Message(h.t.Context(), m, id)
	must(h.t, err)
	return strings.Join(one.Categories, "|")
}

// kept is what stands on disk beside the mail.
func (h *house) kept(m email.MailboxID) (all []string) {
	h.t.Helper()
	files, _ := filepath.Glob(filepath.Join(h.dir, mailboxDir(m), "categories", "*"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(h.t, err)
		all = append(all, strings.Join(strings.Fields(strings.ReplaceAll(strings.ReplaceAll(string(text), " ", "_"), "\n", " ")), "|"))
	}
	return all
}

func TestCategories(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		set := func(ch email.CategoryChange, ids ...email.MessageID) error {
			return h.SetCategories(ctx, FromPortal, anna, ids, ch)
		}
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		b := h.deliver(mail("b@b.example", "Re: Angebot", "a@b.example"), anna)
		must(t, set(put(" Rote  Kategorie", "Übergabe"), a, b, "nonesuch"))
		must(t, set(put("ROTE KATEGORIE"), a)) // is so: no entry
		must(t, set(email.CategoryChange{Add: email.Categories{"Kunde"}, Remove: email.Categories{"rote kategorie"}}, b))
		same(t, "a", h.named(anna, a), "Rote Kategorie|Übergabe")
		same(t, "b", h.named(anna, b), "Übergabe|Kunde")
		same(t, "row", strings.Join(h.threads(anna, Inbox)[0].Categories, "|"), "Übergabe|Kunde|Rote Kategorie")
		same(t, "log", h.log(anna), "arrived/outside arrived/outside categories/portal categories/portal categories/portal")
		all, err := h.Categories(ctx, anna)
		must(t, err)
		same(t, "in use", strings.Join(all, "|"), "Übergabe|Rote Kategorie|Kunde")
		entries, err := h.Entries(ctx, anna, 4, 10)
		must(t, err)
		same(t, "entry", fmt.Sprint(entries[0].Detail.Categories, entries[0].Detail.Had), "[Übergabe Kunde] [Rote Kategorie Übergabe]")

		for _, wrong := range []struct {
			name string
			is   error
		}{{"a,b", email.ErrCategoryLetters}, {"a;b", email.ErrCategoryLetters}, {"a\r\nb", email.ErrCategoryLetters}, {"\u202egnp", email.ErrCategoryLetters},
			{"  ", email.ErrCategoryEmpty}, {strings.Repeat("ä", email.LongestCategory+1), email.ErrCategoryLong}} {
			if err := set(put("gut", wrong.name), a); !errors.Is(err, wrong.is) {
				t.Errorf("%q: %v", wrong.name, err)
			}
		}
		var many []string
		for i := range email.MostCategories {
			many = append(many, fmt.Sprint("K", i))
		}
		if err := set(put(many...), b, a); !errors.Is(err, email.ErrCategoriesMany) {
			t.Errorf("too many: %v", err)
		}
		same(t, "a after what was refused", h.named(anna, a), "Rote Kategorie|Übergabe")
		must(t, set(off("Kunde", "Übergabe"), b))
		same(t, "on disk", fmt.Sprint(h.kept(anna)), "[Rote_Kategorie|Übergabe]")

		draft, _, err := h.SaveDraft(ctx, anna, "", 0, mail("d@b.example", "Entwurf"))
		must(t, err)
		must(t, set(put("Kunde"), draft))
		same(t, "a draft", h.named(anna, draft), "")
	})
}

// TestCategoriesFollow: the file that did not follow the commit is brought in line by the next Open.
func TestCategoriesFollow(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		b := h.deliver(mail("b@b.example", "anderes"), anna)
		must(t, h.SetCategories(t.Context(), FromPortal, anna, []email.MessageID{a}, put("Eins")))
		file := filepath.Join(h.dir, categoryDir(anna))
		before, err := os.ReadDir(file)
		must(t, err)
		must(t, h.SetCategories(t.Context(), FromPortal, anna, []email.MessageID{a, b}, put("Zwei")))
		must(t, os.WriteFile(filepath.Join(file, before[0].Name()), []byte("Eins\n"), 0o600)) // as before
		must(t, os.WriteFile(filepath.Join(file, "1700000000.nobody.holdover"), []byte("Drei\n"), 0o600))
		stale, err := os.ReadDir(file)
		must(t, err)
		for _, e := range stale {
			if strings.Contains(e.Name(), string(b)) {
				must(t, os.Remove(filepath.Join(file, e.Name())))
			}
		}
		h.crash()
		same(t, "a", h.named(anna, a), "Eins|Zwei")
		same(t, "on disk", fmt.Sprint(h.kept(anna)), "[Eins|Zwei Zwei]")
		must(t, h.Delete(t.Context(), FromPortal, anna, []email.MessageID{a, b}))
		same(t, "in use", len(must2(h.Categories(t.Context(), anna))), 0)
	})
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestCategoriesOfHistory: a Maildir from elsewhere brings its keywords with it; what strangers write
// into mail to us they write in vain.
func TestCategoriesOfHistory(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		second := fresh(t)
		h := newHouse(t, fresh(t))
		put := func(name, text string) {
			name = filepath.Join(h.dir, mailboxDir(anna), name)
			must(t, os.MkdirAll(filepath.Dir(name), 0o700))
			must(t, os.WriteFile(name, []byte(text), 0o600))
		}
		put("dovecot-keywords", "0 $Forwarded\n1 Projekt_Nord\n2 NonJunk\n3 Kunde\n")
		put("cur/1700000000.M1P2.mail.example:2,RSabc", "Keywords: =?utf-8?q?=C3=9Cbergabe?=, Rote Kategorie;\r\n \"blau\"\r\nSubject: eins\r\n\r\nText")
		put("cur/1700000001.M2P2.mail.example:2,S", "X-Keywords: Kunde $Junk Nord   \r\nSubject: zwei\r\n\r\nText")
		_, err := h.Rebuild(t.Context(), nil)
		must(t, err)
		stranger := h.deliver([]byte("Message-ID: <s@x>\r\nKeywords: Wichtig\r\nSubject: drei\r\n\r\nText"), anna)
		same(t, "a stranger's", h.named(anna, stranger), "")
		got := map[string]string{}
		for _, r := range h.threads(anna, Inbox) {
			got[r.Latest.Subject] = strings.Join(r.Categories, "|")
		}
		same(t, "name and header", got["eins"], "Projekt_Nord|Übergabe|Rote Kategorie|blau")
		same(t, "X-Keywords", got["zwei"], "Kunde|Nord")
		same(t, "kept beside the mail", len(h.kept(anna)), 2)
		h.forget(second)
		_, err = h.Rebuild(t.Context(), nil)
		must(t, err)
		same(t, "a stranger's after a rebuild", h.named(anna, stranger), "")
		for _, r := range h.threads(anna, Inbox) {
			same(t, r.Latest.Subject+" after a rebuild", strings.Join(r.Categories, "|"), got[r.Latest.Subject])
		}
		same(t, "told", h.log(anna), "found/rebuild found/rebuild found/rebuild")
	})
}
