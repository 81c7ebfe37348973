package views

import "github.com/a-h/templ"

// Box is a shared mailbox in the folder list.
type Box struct {
	ID, Name, Address string
	Base              string // what its addresses begin with
	Folders           []Folder
	Unread            int  // in its inbox
	Waiting           int  // changes of it that wait for Exchange; counted while it is shown
	Open              bool // unfolded
}

// At is an address of the mailbox shown.
func (p Page) At(path string) string { return p.Base + path }

// boxTitle names the shared mailbox shown, "" in one's own.
func (p Page) boxTitle() string {
	if p.Box == nil {
		return ""
	}
	return p.Box.Name
}

// waitingIn is the line of what waits in a shared mailbox.
func (b Box) waitingIn(p Page) Folder {
	f := p.waitingFolder()
	f.Base, f.URL, f.Count = b.Base, b.Base+"/waiting", b.Waiting
	return f
}

// foldersFolder is the line that leads to the page of folders made by hand.
func (p Page) foldersFolder(base string) Folder {
	return Folder{ID: "folders", Name: p.Words.T("folders.manage"), Base: base, URL: base + "/folders", Icon: "plus"}
}

// here says whether a folder is the one shown.
func (p Page) here(f Folder) bool { return f.ID == p.Here && f.Base == p.Base }

func (p Page) folderAttributes(f Folder) templ.Attributes {
	attributes := Swap(f.URL)
	if p.here(f) {
		attributes["aria-current"] = "page"
	}
	if f.Base == p.Base && f.URL == p.At("/mail/"+f.ID) {
		attributes["data-folder"] = f.ID // rows can be dragged here
	}
	return attributes
}

// searchLabel says where the search field looks.
func (p Page) searchLabel() string {
	if p.Box != nil {
		return p.Words.T("shared.searchin", "Name", p.Box.Name)
	}
	return p.Words.T("search.label")
}
