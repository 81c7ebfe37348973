package views

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed words/*.toml
var catalogues embed.FS

// ErrWords tells that a language lacks texts which another one has. No page is shown then.
var ErrWords = errors.New("the catalogues of words are not complete")

// Language is one that the pages speak, named in itself.
type Language struct{ Code, Name string }

// Words speaks one language. Look up fixed texts by T, texts with a number by N. A key that no
// catalogue has is shown as it is; TestEveryKeyIsThere keeps that from ever happening.
type Words struct {
	Lang   string            // "de", "en", ... for html lang
	fixed  map[string]string // texts without a number
	forms  map[string]bool   // texts with a number
	local  *i18n.Localizer
	all    []Language // that there are, this one among them
	wide   bool       // for the storybook
	spoken *phrases   // what rooms say in English
}

// Dictionary holds all languages. It does not change after Load.
type Dictionary struct {
	words   map[string]*Words
	tags    []language.Tag // the first is used when nothing else is known
	matcher language.Matcher
}

// LoadWords reads the catalogues that are part of the program. first is the language where neither person nor
// browser says otherwise, "" German. more are further catalogues, named like ours. Errors: ErrWords.
func LoadWords(first string, more ...fs.FS) (*Dictionary, error) {
	if first == "" {
		first = "de"
	}
	bundle := i18n.NewBundle(language.Make(first))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	d := &Dictionary{words: map[string]*Words{}}
	for _, files := range append([]fs.FS{catalogues}, more...) {
		names, err := fs.Glob(files, "words/*.toml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			file, err := bundle.LoadMessageFileFS(files, name)
			if err != nil {
				return nil, fmt.Errorf("words: %s: %w", name, err)
			}
			d.add(bundle, file)
		}
	}
	return d, d.finish(first)
}

func (d *Dictionary) add(bundle *i18n.Bundle, file *i18n.MessageFile) {
	lang := file.Tag.String()
	w := d.words[lang]
	if w == nil {
		w = &Words{Lang: lang, fixed: map[string]string{}, forms: map[string]bool{}, local: i18n.NewLocalizer(bundle, lang)}
		d.words[lang] = w
	}
	for _, m := range file.Messages {
		if m.One+m.Few+m.Many == "" { // no plural: needs no template engine
			w.fixed[m.ID] = m.Other
		} else {
			w.forms[m.ID] = true
		}
	}
}

// finish compares the languages and puts them into their order: the first, then by name.
func (d *Dictionary) finish(first string) error {
	if d.words[first] == nil {
		return fmt.Errorf("%w: there is no language %q", ErrWords, first)
	}
	var all []Language
	for code, w := range d.words {
		for other, o := range d.words {
			if missing := w.missing(o); len(missing) > 0 {
				return fmt.Errorf("%w: %s lacks %s, which %s has", ErrWords, code, strings.Join(missing, ", "), other)
			}
		}
		all = append(all, Language{code, w.T("language.name")})
	}
	var spoken *phrases
	if english := d.words["en"]; english != nil {
		spoken = phrasesOf(english.fixed)
	}
	slices.SortFunc(all, func(a, b Language) int { return strings.Compare(a.Name, b.Name) })
	d.tags = []language.Tag{language.Make(first)}
	for _, l := range all {
		d.words[l.Code].all, d.words[l.Code].spoken = all, spoken
		if l.Code != first {
			d.tags = append(d.tags, language.Make(l.Code))
		}
	}
	d.matcher = language.NewMatcher(d.tags)
	return nil
}

// missing lists up to five texts that another language has and this one lacks.
func (w *Words) missing(o *Words) (keys []string) {
	for key := range o.fixed {
		if _, ok := w.fixed[key]; !ok && !w.forms[key] {
			keys = append(keys, key)
		}
	}
	for key := range o.forms {
		if _, ok := w.fixed[key]; !ok && !w.forms[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys[:min(5, len(keys))]
}

// Languages are those that the pages speak.
func (d *Dictionary) Languages() []Language { return d.In("").all }

// LanguageCodes are the languages of the program's own catalogues.
func LanguageCodes() (codes []string) {
	if d, err := LoadWords(""); err == nil {
		for _, l := range d.Languages() {
			codes = append(codes, l.Code)
		}
	}
	return codes
}

// Speaks says whether the pages have a language.
func (d *Dictionary) Speaks(lang string) bool { return d.words[lang] != nil }

// In answers the words of a language; for an unknown one those used when nothing else is known.
func (d *Dictionary) In(lang string) *Words {
	if w, ok := d.words[lang]; ok {
		return w
	}
	return d.words[d.tags[0].String()]
}

// Accept answers the words that fit an Accept-Language header best (RFC 9110, 12.5.4).
func (d *Dictionary) Accept(header string) *Words {
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return d.In("")
	}
	_, at, _ := d.matcher.Match(wanted...)
	return d.In(d.tags[at].String())
}

// T answers a fixed text. Pairs of name and value fill its places: T("list.range", "To", "50")
// fills {To}.
func (w *Words) T(key string, pairs ...string) string {
	text, ok := w.fixed[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	places := make([]string, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		places[i], places[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	return strings.NewReplacer(places...).Replace(text)
}

// N answers a text with a number in the form that the number asks for; {{.N}} is the number.
func (w *Words) N(key string, n int) string {
	text, err := w.local.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: map[string]string{"N": w.Number(n)}})
	if err != nil {
		return key
	}
	if w.wide {
		return Widened(text)
	}
	return text
}
