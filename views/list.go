package views

import "github.com/a-h/templ"

// List is the middle pane: a folder's threads, newest first, or what a search found.
type List struct {
	Folder   string // id, for the form's address
	Name     string
	Unread   Chip   // how many are unread, and where only they are listed; empty: none
	Fresh    string // when the last one came
	Rows     []Row
	Older    string // URL, "" at the end
	Newest   string // URL back to the first page, "" when it is shown
	Level    int    // of the list's heading: 1 when no message is open
	ForGood  bool   // deleting here is for good
	Targets  []Folder
	Archived bool     // this is the archive
	Single   bool     // rows are single messages, their ids those of messages
	Known    []string // categories in use in the mailbox
}

// Row is one line of a list.
type Row struct {
	ID, URL                    string // thread id for the checkbox; where the link leads
	Day                        string // heading above this row, "" within the same stretch
	Since                      string // line above this row where the event began, or ""
	Lead                       string // "An: " and "Entwurf: " stand before the name
	Who                        string
	Count                      int
	When                       Stamp
	Subject, Snippet           []Piece
	Folder                     string // search: where it lies
	Categories                 []string
	Unread, Flagged            bool
	Answered, Attached, Opened bool // Opened: it is the one in the reading pane
}

// Piece is a stretch of text; marked ones matched the search.
type Piece struct {
	Text string
	Mark bool
}

// Plain is unmarked text.
func Plain(text string) []Piece { return []Piece{{Text: text}} }

func joined(pieces []Piece) string {
	all := ""
	for _, p := range pieces {
		all += p.Text
	}
	return all
}

// pictures are the icons of the folders that every mailbox has.
var pictures = map[string]string{"inbox": "inbox", "drafts": "draft", "sent": "sent", "archive": "archive", "trash": "trash", "junk": "junk"}

// picture is the folder's icon.
func (l List) picture() string {
	if name, ok := pictures[l.Folder]; ok {
		return name
	}
	return "folder"
}

// kind names the words for the folder while it is empty; folders made by hand share theirs.
func (l List) kind() string {
	if _, ok := pictures[l.Folder]; ok {
		return l.Folder
	}
	return "own"
}

func (l List) act() string {
	if l.Folder == "" {
		return "/search/act"
	}
	return "/mail/" + l.Folder + "/act"
}

// Drafts says that this is the folder of drafts, which bear no categories.
func (l List) Drafts() bool { return l.Folder == "drafts" }

func (r Row) attributes() templ.Attributes {
	attributes := Swap(r.URL)
	if r.Opened {
		attributes["aria-current"] = "true"
	}
	return attributes
}

// tool is one button of the action bar: the value of "action", its icon and words.
type tool struct{ action, icon, words string }

func (l List) tools() []tool {
	remove := tool{"delete", "trash", "list.delete"}
	if l.ForGood {
		remove.words = "list.deleteforgood"
	}
	all := []tool{{"archive", "archive", "list.archive"}, remove}
	if l.Archived {
		all = all[1:]
	}
	return all
}

// further are the tools behind "more".
var further = []tool{
	{"read", "mail", "list.read"}, {"unread", "dotmail", "list.unread"},
	{"flag", "flag", "list.flag"},
}
