package views

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed words/*.toml
var catalogues embed.FS

// spoken are the languages of the pages; the first is used when nothing else is known.
var spoken = []language.Tag{language.German, language.English}

// Words speaks one language. Look up fixed texts by T, texts with a number by N. A key that no
// catalogue has is shown as it is; TestEveryKeyIsThere keeps that from ever happening.
type Words struct {
	Lang  string            // "de" or "en", for html lang
	fixed map[string]string // texts without a number
	local *i18n.Localizer
}

// Dictionary holds all languages. It does not change after Load.
type Dictionary struct{ words map[string]*Words }

// LoadWords reads the catalogues that are part of the program.
func LoadWords() (*Dictionary, error) {
	bundle := i18n.NewBundle(spoken[0])
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	d := &Dictionary{words: map[string]*Words{}}
	names, err := fs.Glob(catalogues, "words/*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(catalogues, name)
		if err != nil {
			return nil, fmt.Errorf("words: %s: %w", name, err)
		}
		d.add(bundle, file)
	}
	return d, nil
}

func (d *Dictionary) add(bundle *i18n.Bundle, file *i18n.MessageFile) {
	lang := file.Tag.String()
	w := d.words[lang]
	if w == nil {
		w = &Words{Lang: lang, fixed: map[string]string{}, local: i18n.NewLocalizer(bundle, lang)}
		d.words[lang] = w
	}
	for _, m := range file.Messages {
		if m.One == "" { // no plural: needs no template engine
			w.fixed[m.ID] = m.Other
		}
	}
}

// In answers the words of a language; an unknown one is German.
func (d *Dictionary) In(lang string) *Words {
	if w, ok := d.words[lang]; ok {
		return w
	}
	return d.words[spoken[0].String()]
}

// Accept answers the words that fit an Accept-Language header best (RFC 9110, 12.5.4).
func (d *Dictionary) Accept(header string) *Words {
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return d.In("")
	}
	_, at, _ := language.NewMatcher(spoken).Match(wanted...)
	return d.In(spoken[at].String())
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
	return text
}
