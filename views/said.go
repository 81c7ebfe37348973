package views

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// spokenTables are the tables of the catalogues that hold what the rooms below say, in English, in logs,
// over the API and in the ledger. Pages find their words by the English text.
var spokenTables = []string{"remedy", "alarm", "source", "said"}

// Said is a stretch of what was said. English: no catalogue has it, so it is the words of a server, or
// of another version of Holdover.
type Said struct {
	Text    string
	English bool
}

// phrase is an English text of the catalogue. With places, "{Words} (another way is taken)", shape finds
// what stands at each.
type phrase struct {
	key, text string
	shape     *regexp.Regexp
}

// phrases is what the rooms say: texts without places, and those with, the longest first.
type phrases struct {
	fixed  map[string]phrase
	shaped []phrase
}

var (
	aPlace  = regexp.MustCompile(`\{[A-Z][a-z]*\}`)
	aQuoted = regexp.MustCompile(`\\\{([A-Z][a-z]*)\\\}`)
	aCode   = regexp.MustCompile(`^(HTTP )?[1-5]\d\d `)
)

// placeShapes are narrower than anything, where what stands at a place is.
var placeShapes = map[string]string{"N": `\d+`, "M": `\d+`, "Way": `[^:]+?`, "Span": `\S+`, "Path": `\S+`}

func phrasesOf(english map[string]string) *phrases {
	p := &phrases{fixed: map[string]phrase{}}
	for _, key := range slices.Sorted(maps.Keys(english)) {
		one := phrase{key: key, text: english[key]}
		if table, _, _ := strings.Cut(key, "."); !slices.Contains(spokenTables, table) {
			continue
		}
		if !aPlace.MatchString(one.text) {
			p.fixed[one.text] = one
			continue
		}
		shape := aQuoted.ReplaceAllStringFunc(regexp.QuoteMeta(one.text), func(place string) string {
			name := strings.Trim(place, `\{}`)
			return "(?P<" + name + ">" + cmp.Or(placeShapes[name], ".*?") + ")"
		})
		one.shape = regexp.MustCompile(`(?s)^` + shape + `$`)
		p.shaped = append(p.shaped, one)
	}
	slices.SortStableFunc(p.shaped, func(a, b phrase) int {
		return cmp.Compare(len(aPlace.ReplaceAllString(b.text, "")), len(aPlace.ReplaceAllString(a.text, "")))
	})
	return p
}

// Said puts into the page's language what a room below says in English: a remedy, an alarm, the words
// about an entry. What it does not know stays as it is and is marked.
func (w *Words) Said(english string) []Said { return w.said(english, func(string) {}) }

// Say is Said in one piece, for where no language can be marked.
func (w *Words) Say(english string) string {
	var b strings.Builder
	for _, s := range w.Said(english) {
		b.WriteString(s.Text)
	}
	return b.String()
}

// said tells use each key that it finds words by.
func (w *Words) said(english string, use func(key string)) []Said {
	if strings.TrimSpace(english) == "" || w.spoken == nil {
		return []Said{{english, false}}
	}
	if known := w.known(english, use); known != nil {
		return known
	}
	for at := 0; ; { // a sentence of ours before or behind somebody else's
		n := strings.Index(english[at:], ". ")
		if n < 0 {
			break
		}
		at += n + 1
		head, tail := english[:at], english[at+1:]
		if known := w.known(head, use); known != nil {
			return append(append(known, Said{" ", false}), w.said(tail, use)...)
		}
		if known := w.known(tail, use); known != nil {
			return append([]Said{{head, w.Lang != "en"}, {" ", false}}, known...)
		}
	}
	if code := aCode.FindString(english); code != "" {
		if known := w.known(english[len(code):], use); known != nil {
			return append([]Said{{code, false}}, known...)
		}
	}
	return []Said{{english, w.Lang != "en"}}
}

// known is nil for a text that is not in the catalogue as a whole.
func (w *Words) known(english string, use func(key string)) []Said {
	if p, ok := w.spoken.fixed[strings.TrimSpace(english)]; ok {
		use(p.key)
		return []Said{{w.fixed[p.key], false}}
	}
	for _, p := range w.spoken.shaped {
		if at := p.shape.FindStringSubmatch(english); at != nil {
			use(p.key)
			return w.filled(p, at, use)
		}
	}
	return nil
}

// filled puts what was found at the places into the text; what was said there is put into words too.
func (w *Words) filled(p phrase, found []string, use func(key string)) (all []Said) {
	text, from := w.fixed[p.key], 0
	for _, at := range aPlace.FindAllStringIndex(text, -1) {
		all = append(all, Said{text[from:at[0]], false})
		name := text[at[0]+1 : at[1]-1]
		value := found[max(p.shape.SubexpIndex(name), 0)]
		if name == "Words" || name == "Remedy" {
			all = append(all, w.said(value, use)...)
		} else {
			all = append(all, Said{value, false})
		}
		from = at[1]
	}
	return append(all, Said{text[from:], false})
}
