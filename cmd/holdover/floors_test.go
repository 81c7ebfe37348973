package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors is the plan of the house from the ground up; nothing imports upwards.
var floors = [][]string{
	{"email", "database", "internet"},
	{"directory", "mailstore"},
	{"search", "calendar", "push", "exchange", "mta", "signin", "pictures", "paper"},
	{"syncback", "continuity", "archive"},
	{"static", "views"},
	{"web"},
	{"cmd/holdover"},
}

// ignorance is what a room, or a room within one, must not know, beyond the floors (docs/architecture.md).
var ignorance = map[string][]string{
	"email":            {"net", "net/http", "database/sql", "holdover/"},
	"database":         {"net/http", "holdover/"},
	"mailstore":        {"net/http", "net/smtp", "github.com/emersion/go-smtp", "holdover/directory"},
	"search":           {"database/sql", "net/http", "holdover/database"},
	"calendar":         {"net/http", "holdover/directory", "html/template"},
	"directory":        {"holdover/mailstore", "net/http"},
	"mta":              {"net/http", "holdover/exchange", "holdover/search"},
	"exchange":         {"holdover/mailstore", "holdover/continuity", "holdover/database"},
	"syncback":         {"net/http", "github.com/emersion/", "holdover/search", "holdover/mta"},
	"archive":          {"net/http", "holdover/syncback", "github.com/emersion/"},
	"continuity":       {"net/http", "holdover/mailstore", "html/template"},
	"signin":           {"holdover/mailstore", "holdover/search"},
	"pictures":         {"holdover/email", "holdover/mailstore", "database/sql"},
	"paper":            {"net", "net/http", "os", "database/sql", "holdover/"},
	"internet":         {"net/http", "holdover/"},
	"views":            {"holdover/mailstore", "holdover/directory", "holdover/search", "holdover/syncback", "holdover/continuity", "holdover/signin", "holdover/database", "database/sql"},
	"web":              {"database/sql", "holdover/mta", "holdover/exchange", "holdover/pictures", "github.com/tetratelabs/"},
	"syncback/traffic": {"holdover/mailstore", "holdover/database", "holdover/directory", "holdover/continuity"},
	"web/page":         {"holdover/mailstore", "holdover/directory", "holdover/continuity", "holdover/syncback", "holdover/web/ledger"},
	"web/ledger":       {"holdover/mailstore", "holdover/directory", "holdover/continuity"},
	"web/desk":         {"holdover/search", "holdover/calendar", "holdover/push", "holdover/signin"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) (list []listed) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "holdover/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// room of a package: its top-level folder; helpers for tests stand beside the room they test.
func room(path string) string {
	rest := strings.TrimPrefix(path, "holdover/")
	if strings.HasPrefix(rest, "cmd/") {
		return rest
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

func floorOf(room string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, room) })
}

// mustNotKnow are the rules of a package's room, and its own.
func mustNotKnow(path string) []string {
	outer, own := room(path), strings.TrimPrefix(path, "holdover/")
	if own == outer {
		return ignorance[outer]
	}
	return slices.Concat(ignorance[outer], ignorance[own])
}

func TestNothingImportsUpwards(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		if floorOf(from) < 0 {
			t.Errorf("%s stands on no floor: give it a place in the plan", p.ImportPath)
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "holdover/") && room(i) != from && floorOf(room(i)) > floorOf(from) {
				t.Errorf("%s imports %s, which stands above it", p.ImportPath, i)
			}
		}
	}
}

func TestRoomsKnowNoMoreThanTheyShould(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue // helpers for tests start real servers
		}
		for _, i := range p.Imports {
			for _, no := range mustNotKnow(p.ImportPath) {
				if i == no || strings.HasSuffix(no, "/") && strings.HasPrefix(i, no) && room(i) != room(p.ImportPath) {
					t.Errorf("%s must not know %s", p.ImportPath, i)
				}
			}
		}
	}
}

func TestProductLinksNothingOfTheDemo(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "holdover/cmd/holdover").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		if strings.Contains(dep, "/dex") || strings.Contains(dep, "chromedp") || strings.Contains(dep, "holdover/demo") || strings.Contains(dep, "databasetest") {
			t.Errorf("the product links %s", strings.TrimSpace(dep))
		}
	}
}
