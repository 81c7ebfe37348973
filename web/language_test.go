package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"holdover/views"
)

// catalogueOf makes a further language out of the English one: a single file with all that English says, in longer words,
// but for one text.
func catalogueOf(t *testing.T, code, name, lacks string) fs.FS {
	t.Helper()
	names, err := filepath.Glob("../views/words/*.toml")
	must(t, err)
	all := map[string]any{}
	for _, file := range names {
		if base := filepath.Base(file); base != "en.toml" && !strings.HasSuffix(base, ".en.toml") {
			continue
		}
		var tree map[string]any
		_, err := toml.DecodeFile(file, &tree)
		must(t, err)
		widen(all, tree, "", lacks)
	}
	all["language"].(map[string]any)["name"] = name
	var text bytes.Buffer
	must(t, toml.NewEncoder(&text).Encode(all))
	return fstest.MapFS{"words/" + code + ".toml": &fstest.MapFile{Data: text.Bytes()}}
}

func widen(into, from map[string]any, path, lacks string) {
	for key, value := range from {
		switch v := value.(type) {
		case string:
			if path != "format" && path != "date" {
				v = views.Widened(v)
			}
			if path+"."+key != lacks {
				into[key] = v
			}
		case map[string]any:
			below, ok := into[key].(map[string]any)
			if !ok {
				below = map[string]any{}
				into[key] = below
			}
			widen(below, v, strings.TrimPrefix(path+"."+key, "."), lacks)
		}
	}
}

// TestCheck18_ThirdLanguage: a further language is one file of words. The choice names it, the browser's wish and the
// person's find it, and a text that it lacks stops the start.
func TestCheck18_ThirdLanguage(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Catalogues = []fs.FS{catalogueOf(t, "nl", "Nederlands", "")} })
	title := func(v *visitor) string {
		page := v.page("/")
		return page.Find("html").AttrOr("lang", "") + " " + said(page.Find(".btn-main"))
	}
	nobody := h.as("")
	for wish, want := range map[string]string{"nl-BE,nl;q=0.9": "nl " + views.Widened("Sign in with your work account"), "en": "en Sign in with your work account", "de-AT": "de Mit Firmenkonto anmelden", "fr": "de Mit Firmenkonto anmelden"} {
		if got := title(nobody.with("Accept-Language", wish)); got != want {
			t.Errorf("who wants %s gets %q, want %q", wish, got, want)
		}
	}
	if got := title(nobody.with("Accept-Language", "en").with("Cookie", "speaks=nl")); !strings.HasPrefix(got, "nl ") {
		t.Errorf("chosen, but %q", got)
	}
	choice := nobody.page("/").Find("form.lang")
	if got := said(choice); !strings.Contains(got, "Deutsch") || !strings.Contains(got, "English") || !strings.Contains(got, "Nederlands") {
		t.Errorf("the choice offers %q", got)
	}
	if to := nobody.post("/language", "language", "nl", "back", "/"); to != "/" {
		t.Errorf("choosing it leads to %q", to)
	}
	if w := nobody.do(http.MethodPost, "/language", map[string][]string{"language": {"xx"}}); w.Code != http.StatusBadRequest {
		t.Errorf("a language that there is not: %d", w.Code)
	}
	for _, path := range []string{"/mail/inbox", "/desk", "/desk/events/new", "/keys", "/agenda", "/compose", "/search"} {
		page := h.as(jens).with("Cookie", "speaks=nl").page(path)
		if page.Find("html").AttrOr("lang", "") != "nl" {
			t.Errorf("%s is not in the third language", path)
		}
	}
	lacking := catalogueOf(t, "nl", "Nederlands", "band.outageshort")
	if _, err := views.LoadWords("", lacking); err == nil || !strings.Contains(err.Error(), "band.outageshort") {
		t.Errorf("a missing text is not missed: %v", err)
	}
}

// TestCheck18_Choice: the organisation's language where nobody says otherwise.
func TestCheck18_Choice(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Language = "en" })
	for wish, want := range map[string]string{"": "en", "fr": "en", "de": "de", "de;q=0.3, en;q=0.8": "en"} {
		if got := h.as("").with("Accept-Language", wish).page("/").Find("html").AttrOr("lang", ""); got != want {
			t.Errorf("who wants %q gets %s, want %s", wish, got, want)
		}
	}
	if got := h.as(katrin).with("Accept-Language", "en").page("/mail/inbox").Find("html").AttrOr("lang", ""); got != "de" {
		t.Errorf("the directory says de, the page is in %s", got)
	}
}
