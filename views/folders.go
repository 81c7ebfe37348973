package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// FolderPage is where folders are made, named and deleted.
type FolderPage struct {
	Made         []MadeFolder
	Parents      []Folder // in which a new one can lie
	Name, Parent string   // as typed for a new one
	Fault        string   // why it cannot be made so
}

// MadeFolder is a folder made by hand.
type MadeFolder struct {
	Folder
	Badge *Badge // how far it is on its way into Exchange; nil: it was always there
	Typed string // in the field for its name
	Fault string // why it cannot be named or deleted so
}

// Target asks where messages shall go.
type Target struct {
	FolderPage
	Act    string   // where to post
	Back   string   // URL of the list
	At     string   // the page to come back to, "" the list
	Picks  []string // what is to be moved
	Single bool     // they are single messages
	Typed  string   // what was looked for
	Found  []Folder // fit it
}

// inset is the class that moves a folder in by its depth.
func (f Folder) inset() string {
	if f.Depth == 0 {
		return ""
	}
	return "in-" + strconv.Itoa(min(f.Depth, 4))
}

// usual says whether a folder stands among those that every mailbox has.
func (f Folder) usual() bool { return f.Role || f.Within }

// faultyName marks a field whose fault stands above it.
func faultyName(id, fault string) templ.Attributes {
	if fault == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": "fault-" + id}
}

// shownName is a folder's name, with that of the folder above where that one is not in the list.
func (m MadeFolder) shownName() string {
	if m.Within && m.Depth == 1 {
		return m.Path
	}
	return m.Name
}
