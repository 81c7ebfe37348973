package views

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// filler makes data of a mood for any struct of this package.
type filler struct {
	mood string
	page Page
	made int // ids given so far: they differ on a page
}

// storyTexts are a name and a sentence in each mood.
var storyTexts = map[string][2]string{
	"usual": {"Katrin Wessel", "Der Tieflader ist bestellt, die Genehmigung fehlt noch."},
	"long": {"Dr.-Ing. Maximilian Freiherr von Hohenlohe-Schillingsfürst-Waldenburg zu Bartenstein", "Gutachten zur Standsicherheit: " +
		"Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesänderungsentwurfsbegründung, https://karte.ahrenfeld.example/sued/umspannwerk/transformator/genehmigung/entwurf?x=1"},
	"rtl":     {"بشرى عبد الرحمن الشامي", "موعد التسليم يوم الاثنين في السابعة صباحًا, שלום עולם 07:00"},
	"hostile": {"\"><script>alert(1)</script> <img src=x onerror=alert(1)>", "</textarea></title><script>alert(1)</script>{{.}}${1} ' onmouseover=alert(1) gnp\u202eexe."},
	"empty":   {"", ""},
}

// known are what certain fields may hold: words and pictures are looked up by them.
var known = map[string]string{
	"Banner.Kind": "outage", "Compose.Heading": "new", "SignIn.Trouble": "failed", "answer.mode": "reply", "answer.class": "btn", "answer.picture": "reply",
	"deskFrame.here": "situation", "deskLink.here": "situation", "deskLink.name": "start", "deskLink.picture": "bridge", "Failure.words": "other",
	"nothing.picture": "search", "nothing.title": "search.none", "nothing.text": "search.nonetext", "can.class": "yes", "can.picture": "check",
	"icon.name": "bridge", "smallIcon.name": "bridge", "largeIcon.name": "bridge", "Panes.only": "only-list", "legalHint.missing": "imprint", "heading.class": "", "StartForm.Scope": "groups",
	"RefillForm.From": "2026-11-22T08:00", "RefillForm.Until": "2026-11-23T08:00", "RefillForm.Backup": "2026-11-22T07:00", "ManyWriters": "", "Images.Sender": "olivia@northgate.example", "BarPiece.X": "250", "BarPiece.Width": "250",
	"BarPiece.Class":  "c-waiting",
	"Preview.Problem": "busy", "Preview.Frame": "", "Sheet.Path": "/lost", "Sheet.Previous": "/lost", "Preview.Again": "/lost", "Sheet.Picture": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
	"CountLink.Class": "yes", "Organisation.Tel": "tel:+4930", "Organisation.Address": "https://mail-notfall.ahrenfeld.example", "refillTime.name": "from", "refillTime.value": "2026-11-22T08:00",
	"Tile.Figure": "1.234", "Badge.Icon": "clock", "radio.name": "kind", "checks.name": "groups", "toOutlook.class": "btn", "folderLinks.where": "a", "moveMenu.where": "a", "sharedBoxes.where": "a",
}

// labels are short words that come out of the catalogues.
var labels = map[string]string{"Badge.Text": "state.waiting", "Tile.Title": "desk.waits", "Tile.Unit": "desk.queue_wait", "RecipientLine.Label": "compose.to"}

// text is a string for a field or parameter, by its name.
func (f *filler) text(name string) string {
	mood := f.mood
	if mood == "wide" || mood == "error" {
		mood = "usual"
	}
	t := storyTexts[mood]
	switch {
	case strings.HasSuffix(name, "Name"), name == "Who", name == "By", name == "From", name == "To", name == "name", name == "People":
		return t[0]
	}
	return t[1]
}

// named is what a field holds that is no text.
func (f *filler) named(owner, name string) (value string, ok bool) {
	if value, ok = known[owner+"."+name]; ok {
		return value, true
	}
	if key, ok := labels[owner+"."+name]; ok && f.mood != "long" {
		return f.page.Words.T(key), true
	}
	id := func() string { f.made++; return fmt.Sprintf("s%d", f.made) }
	switch {
	case owner == "AgendaDay" && name == "ISO":
		f.made++
		return fmt.Sprintf("2026-11-%02d", 1+f.made%28), true
	case owner == "SwitchView" && name == "Name":
		f.made++
		return []string{"stopped", "withdrawn"}[f.made%2], true
	case owner == "RecipientLine" && name == "Name", owner == "Fault" && name == "Field":
		return id(), true
	}
	switch name {
	case "ID", "Thread", "Folder", "Draft", "Box", "BoxID", "Seq", "Event", "Token", "event", "box", "seq", "id", "of", "picks", "Reply", "Single", "Key", "ISO", "folder", "where":
		if name == "ISO" {
			return "2026-11-23T14:07:00+01:00", true
		}
		if f.mood == "empty" && (name == "Single" || name == "Reply" || name == "Draft") {
			return "", true
		}
		return id(), true
	case "Icon":
		return "clock", true
	case "Class":
		return map[bool]string{true: "is-bad", false: "is-hold"}[f.mood == "error"], true
	case "HTML", "safe":
		return "<p>" + map[bool]string{true: "", false: "x"}[f.mood == "empty"] + "</p>", true
	case "URL", "Undo", "Post", "Link", "Save", "Print", "Body", "OpenURL", "Earlier", "Later", "More", "Back", "CSV", "Report", "NoteURL", "EarlierURL", "WholeURL", "Next", "First", "Older", "Newest", "UndoURL",
		"Action", "Look", "url", "first", "next", "source", "Editor", "Discarding", "Sheet", "Script", "Accessible", "Imprint", "Privacy", "Logo":
		if f.mood == "empty" {
			return "", true
		}
		return "/lost", true
	}
	return "", false
}

// fill puts data of the mood into a value. owner and name say what it is.
func (f *filler) fill(v reflect.Value, owner, name string, depth int) {
	switch t := v.Type(); {
	case t == reflect.TypeFor[Page]():
		v.Set(reflect.ValueOf(f.page))
	case t == reflect.TypeFor[*Words]():
		v.Set(reflect.ValueOf(f.page.Words))
	case t == reflect.TypeFor[Organisation]():
		v.Set(reflect.ValueOf(f.page.Org))
	case t == reflect.TypeFor[Stamp]():
		at := time.Date(2026, 11, 20, 13, 7, 0, 0, time.UTC)
		v.Set(reflect.ValueOf(f.page.Words.At(at, at.AddDate(0, 0, 3))))
	case t == reflect.TypeFor[legal]():
		v.Set(reflect.ValueOf(legal{"public.privacy", "https://www.ahrenfeld.example/datenschutz", "lock"}))
	case t == reflect.TypeFor[tool]():
		v.Set(reflect.ValueOf(tool{"archive", "archive", "list.archive"}))
	case t.Kind() == reflect.String:
		text, ok := f.named(owner, name)
		if !ok {
			text = f.text(name)
		}
		v.SetString(text)
	case t.Kind() == reflect.Bool:
		v.SetBool(f.mood == "usual" || f.mood == "error" || f.mood == "hostile" || name == "Seen") // what is unread asks to be marked
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		v.SetInt(map[string]int64{"usual": 3, "empty": 0, "long": 1234567}[f.mood] + map[bool]int64{true: 2}[f.mood == "wide" || f.mood == "error"])
		if name == "level" || name == "Level" {
			v.SetInt(1)
		}
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		if f.mood != "empty" && depth < 4 && (t.Elem().Name() != "Conflict" || f.mood == "error") {
			v.Set(reflect.New(t.Elem()))
			f.fill(v.Elem(), t.Elem().Name(), "", depth+1)
		}
	case t.Kind() == reflect.Struct:
		for n := range t.NumField() {
			if v.Field(n).CanSet() {
				f.fill(v.Field(n), t.Name(), t.Field(n).Name, depth+1)
			}
		}
	case t.Kind() == reflect.Slice:
		f.several(v, owner, name, depth)
	}
}

// several fills a list with two.
func (f *filler) several(v reflect.Value, owner, name string, depth int) {
	if f.mood == "empty" || depth > 5 || v.Type().Elem() == reflect.TypeFor[Fault]() && f.mood != "error" {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 2, 2))
	for n := range 2 {
		inner := owner
		if v.Type().Elem().Kind() == reflect.Struct {
			inner = v.Type().Elem().Name()
		}
		f.fill(v.Index(n), inner, name, depth+1)
	}
}

// Wider are the same words with four tenths more letters, as another language may need them.
func (w *Words) Wider() *Words {
	wide := *w
	wide.fixed, wide.wide = map[string]string{}, true
	for key, text := range w.fixed {
		if !strings.HasPrefix(key, "format.") && !strings.HasPrefix(key, "date.") {
			text = Widened(text)
		}
		wide.fixed[key] = text
	}
	return &wide
}

// Widened repeats letters until a text has four tenths more of them. Places like {Name} stay as they are.
func Widened(text string) string {
	var b strings.Builder
	place, owed := 0, 0
	for _, r := range text {
		b.WriteRune(r)
		switch {
		case r == '{':
			place++
		case r == '}':
			place--
		case place == 0 && r > ' ':
			if owed += 4; owed >= 10 {
				owed -= 10
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
