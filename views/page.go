// Package views turns data into HTML. Components get everything they show in structs of this
// package; they ask nobody anything. Words come from the catalogues in words/.
package views

// Page is what every page shows around its content.
type Page struct {
	Words    *Words // language, texts, dates
	Theme    string // "light", "dark", "" as the device
	Title    string // of the window, without the organisation's name
	Org      Organisation
	Sheet    string // URL of the style sheet
	Script   string // URL of the script
	Icon     string // URL of the picture on a home screen
	More     string // URL of a script that this page needs besides, "" none
	Keys     string // set of keyboard shortcuts: "outlook", "gmail", "off"; "" before the sign-in
	Path     string // path and query of this page, for forms that come back here
	Person   *Person
	Base     string   // what addresses of the mailbox shown begin with: "", or /shared/ADDRESS
	Box      *Box     // the shared mailbox shown, nil in one's own
	Shared   []Box    // shared mailboxes that the person may open
	Own      []Folder // of the person's own mailbox
	Folders  []Folder // of the mailbox shown; nil where there is no folder list
	Here     string   // id of the folder shown, "waiting" for the list of waiting changes
	Waiting  int      // own changes that wait for Exchange
	Query    string   // what stands in the search field
	Banner   *Banner
	Flash    *Flash
	ReadOnly bool   // mail is for reading: Exchange runs, people work there
	Outlook  string // URL where they do, "" unknown
	Given    bool   // the page holds what is nowhere else: nothing on it that leads away invites a click
	Live     bool   // the page renews itself when the mailbox changes
	Watch    string // where a page that does not, since somebody writes on it, asks for what stands around it
	Parts    *Parts // of such a page
	First    string // id of what people come for: "list" or "read"; "" is the main element
	Newest   string // unix milliseconds of the newest message shown: the page says once when a newer one appears
	Say      string // what is said then
}

// Organisation is whose mail this is.
type Organisation struct {
	Name, Logo, Phone, Tel string // Logo is a URL or ""; Tel is the href of Phone
	Imprint, Privacy       string // URLs or ""
	Accessible             string // URL of the organisation's own accessibility statement, "" for ours
	Address                string // of this service, as printed on the card: https://host
}

// Person is who is signed in.
type Person struct {
	Name, Address, Initials string
	Admin                   bool
}

// Folder is one line of the folder list.
type Folder struct {
	ID, Name, URL, Icon string
	Base                string // of its mailbox, as Page.Base
	Count               int    // unread; in drafts all
	CountWord           string // said after the number
	Role                bool   // one of the six that every mailbox has
	Within              bool   // made by hand, and lies below one of them
	Depth               int    // how many folders it lies in
	Path                string // with the names of those, as people read it
	Total               int    // messages; of those made by hand
	Full                bool   // messages or folders lie in it
}

// Banner tells which event is on. Kind is outage, maintenance, drill, lockdown, return while changes
// are on their way back, returned, or quiet when Exchange runs and mail is only read here.
type Banner struct {
	Kind string
	Time string // since when, as people read it

	Own            string // of return and returned: the person's own changes, in a sentence
	Link, LinkText string // to their receipts; "" none
}

// Flash is what was done by the step before, with the way to undo it.
type Flash struct {
	Here  bool // the page that follows the undoing is exchanged in place
	Text  string
	Undo  string  // URL to post to, "" when it cannot be undone
	Keep  []Field // hidden fields of the undo form
	Timed bool    // undo runs out in ten seconds: a line shows it
	Home  bool    // a good moment to put the portal on a phone's home screen
}

// Field is a hidden form field.
type Field struct{ Name, Value string }
