package views

import "strings"

// Found is a page of search results.
type Found struct {
	Query     string
	Chips     []Chip
	Total     int
	Count     string // its words
	Rows      []Row
	Partial   bool
	Failed    bool
	Asked     bool   // there was a query
	More      string // URL of the next page, "" at the end
	Tools     List   // what can be done to hits
	At        string // address of this page, for coming back
	All       string // words of the tick for all hits, "" when they are all on the page
	InFolder  bool   // the query names a folder
	Narrow    []Chip // what could be added
	Elsewhere []Chip // the same search in other mailboxes
}

// Chip is one condition as understood, or one that could be added; URL is the search that leads there.
type Chip struct{ Text, URL string }

// asking says that this is the search page before anything was asked: its field waits for the words.
func (p Page) asking() bool { return p.Query == "" && strings.HasSuffix(p.Path, "/search") }

// where says how far was searched: in all folders unless the query names one.
func (f Found) where() string {
	if f.InFolder {
		return "search.order"
	}
	return "search.where"
}
