package views

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// spoken are the rooms whose English sentences reach the pages, and which of their fields and arguments
// hold them.
var spoken = []string{"exchange", "syncback", "archive", "mailstore", "web/desk"}

// sentence is what a remedy looks like, and nothing else in those rooms: logs and errors begin small.
var sentence = regexp.MustCompile(`^[A-Z].* .*[.:] ?$`)

// utterance is one text as the code puts it together; each part known at run time only is a §.
type utterance struct{ text, at string }

// TestEverySentenceHasWords holds the catalogue against the sources: what Holdover says of itself is
// there in every language, and the catalogue has nothing that nobody says any more.
func TestEverySentenceHasWords(t *testing.T) {
	de := words(t, "de")
	used := map[string]bool{}
	all := utterances(t)
	if len(all) < 120 {
		t.Fatalf("only %d sentences found: the test reads the wrong files", len(all))
	}
	for _, u := range all {
		for _, piece := range de.said(u.text, func(key string) { used[key] = true }) {
			if piece.English && strings.Trim(piece.Text, "§ ") != "" {
				t.Errorf("%s says %q, which words/remedy.*.toml lack", u.at, u.text)
				break
			}
		}
	}
	for key := range keys(t, "en") {
		if table, _, _ := strings.Cut(key, "."); slices.Contains(spokenTables, table) && !used[key] {
			t.Errorf("%s: no source says it any more", key)
		}
	}
}

// utterances reads the sources of the rooms that speak.
func utterances(t *testing.T) (all []utterance) {
	t.Helper()
	for _, room := range spoken {
		named := constants(t, room)
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || room == "web/desk" && !slices.Contains([]string{"desk.go", "release.go"}, filepath.Base(path)) {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			l := listener{room: room, base: filepath.Base(path), files: files, named: named, before: map[string]string{}, seen: map[ast.Expr]bool{}}
			ast.Inspect(file, l.hear)
			all = append(all, l.all...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

type listener struct {
	room, base string
	files      *token.FileSet
	named      map[string]string // constants of the room
	before     map[string]string // what variables hold so far
	in         string            // the function
	seen       map[ast.Expr]bool
	all        []utterance
}

// hear collects what is given to a field, variable or argument that pages show, and whatever else is a
// sentence.
func (l *listener) hear(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		l.in, l.before = n.Name.Name, map[string]string{}
	case *ast.KeyValueExpr:
		l.given(last(n.Key), n.Value, "")
	case *ast.ValueSpec:
		if call, ok := first(n.Values).(*ast.CallExpr); ok && last(call.Fun) == "New" && (l.room == "exchange" && l.base == "errors.go" || n.Names[0].Name == "ErrCut" || n.Names[0].Name == "errShut") {
			l.say(call.Args[0], "")
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if len(n.Lhs) == len(n.Rhs) {
				before := ""
				if n.Tok == token.ADD_ASSIGN {
					before = l.before[last(left)]
				}
				l.before[last(left)] = before + l.spell(n.Rhs[i])
				l.given(last(left), n.Rhs[i], before)
			}
		}
	case *ast.ReturnStmt:
		if l.room == "syncback" && slices.Contains([]string{"trouble", "askLocation", "Error"}, l.in) {
			for _, e := range n.Results {
				l.say(e, "")
			}
		}
	case *ast.CallExpr:
		l.called(last(n.Fun), n.Args)
	case ast.Expr:
		if text := l.spell(n); sentence.MatchString(text) && l.room != "mailstore" && l.in != "canaryOctets" {
			l.say(n, "")
		}
		if found := inSQL.FindStringSubmatch(l.spell(n)); found != nil {
			l.all = append(l.all, utterance{found[1], l.files.Position(n.Pos()).String()})
		}
	}
	return true
}

var inSQL = regexp.MustCompile(`words='([^']+)'`)

func (l *listener) called(name string, args []ast.Expr) {
	switch {
	case l.room == "syncback" && (name == "enter" || name == "park") && len(args) > 3:
		l.say(args[len(args)-2], "")
		l.say(args[len(args)-1], "")
	case l.room == "mailstore" && name == "alarm", l.room == "syncback" && (name == "pass" || name == "open" && len(args) == 3), name == "unsuited", l.room == "web/desk" && name == "Note":
		l.say(args[len(args)-1], "")
	}
}

// given notes what a field or variable is set to, if pages show it.
func (l *listener) given(name string, value ast.Expr, before string) {
	switch strings.ToLower(name) {
	case "words", "remedy", "why":
	case "source":
		if l.base != "limits.go" {
			return
		}
	case "text":
		if l.base != "health.go" && l.room != "web/desk" {
			return
		}
	default:
		return
	}
	if l.room != "mailstore" {
		l.say(value, before)
	}
}

// say notes an expression, unless it is a part of one that was noted.
func (l *listener) say(e ast.Expr, before string) {
	if text := before + l.spell(e); strings.Trim(text, "§ .") != "" && !l.seen[e] {
		l.all = append(l.all, utterance{text, l.files.Position(e.Pos()).String()})
	}
	ast.Inspect(e, func(n ast.Node) bool {
		if part, ok := n.(ast.Expr); ok {
			l.seen[part] = true
		}
		return true
	})
}

func first(list []ast.Expr) ast.Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// last is the name at the end of an expression: "f.Remedy" is Remedy.
func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

var verb = strings.NewReplacer("%d", "7", "%s", "§", "%q", "§", "%v", "§")

// spell puts a text together as far as the sources say it.
func (l *listener) spell(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _, _ := literal(e)
		return text
	case *ast.Ident:
		if text, ok := l.named[e.Name]; ok {
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return l.spell(e.X) + l.spell(e.Y)
		}
	case *ast.CallExpr:
		switch last(e.Fun) {
		case "Sprintf":
			return verb.Replace(l.spell(e.Args[0]))
		case "TrimSpace":
			return l.spell(e.Args[0])
		}
	}
	return "§"
}

// constants are the texts that a room gives names to.
func constants(t *testing.T, room string) map[string]string {
	named := map[string]string{}
	packages, err := parser.ParseDir(token.NewFileSet(), filepath.Join("..", room), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							if text, open, ok := literal(v.Values[i]); ok && !open {
								named[name.Name] = text
							}
						}
					}
				}
			}
			return true
		})
	}
	return named
}

// TestEveryAlarmHasWords: each code that a room gives an alarm has its text in the catalogue.
func TestEveryAlarmHasWords(t *testing.T) {
	codes := map[string]bool{}
	for name, code := range constants(t, "mailstore") {
		if strings.HasPrefix(name, "Alarm") {
			codes[code] = true
		}
	}
	for _, path := range []string{"../syncback/report.go", "../web/desk/desk.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok && last(pair.Key) == "Code" {
				if code, open, ok := literal(pair.Value); ok && !open {
					codes[code] = true
				}
			}
			return true
		})
	}
	if len(codes) < 8 {
		t.Fatalf("only %d codes of alarms found: the test reads the wrong files", len(codes))
	}
	en := keys(t, "en")
	for code := range codes {
		if en["alarm."+code] == "" {
			t.Errorf("the alarm %s has no words", code)
		}
	}
}
