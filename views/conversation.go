package views

// Conversation is the reading pane: a thread's messages, oldest first.
type Conversation struct {
	Subject     string
	Folder      string // id of the folder it was opened from
	FolderName  string
	Thread      string
	Targets     []Folder
	ForGood     bool
	Archived    bool
	Flagged     bool
	Seen        bool // nothing unread in this folder
	Earlier     int  // messages left out at the top
	EarlierURL  string
	Single      string // id of the one message that is shown alone, "" for the conversation
	Whole       int    // messages of the conversation, when one is shown alone
	WholeURL    string
	Messages    []Message
	Known       []string // categories in use in the mailbox
	Reply       string   // id of the message that is answered, "" when there is none
	ManyWriters bool     // answering goes to more than one person: reply all comes first
}

// Message is one message of a thread.
type Message struct {
	ID, Name, Initials string
	Address            string // shown in full: names are easily forged
	To, Cc, Bcc        string // names, ready to show
	When               Stamp
	Snippet            string
	Open               bool
	Mine               bool
	External           bool
	Unread             bool
	Draft              bool
	Badge              *Badge
	Sending            *Badge        // of an own message: on its way to its recipients
	Undo               string        // where it is taken back, "" when it can't be
	Unsent             []ServerWords // what servers said of recipients who do not have it
	Failed             bool          // some of them never will
	Everyone           []string      // all recipients in full, where To, Cc or Bcc name only the first
	Deeds              []string      // who did what, in a shared mailbox
	Folder             string        // where it lies, "" when that is the folder shown
	Invitation         *Invitation   // a calendar object that it brings
	Files              []File
	Problem            bool   // shown as source only
	Damaged            bool   // parts of it could not be read
	HTML               bool   // shown in a frame of its own
	Dark               bool   // the frame in dark colours, as asked for
	Turn               string // address of the page with the frame in the other colours
	Bundle             string // address of all files in one, "" when there are none or one
	Bundled            int    // how many are in it: attached messages too
	Text, Quoted       []Run
	Sealed             string // by what it is signed or encrypted, "" when it is not
	Encrypted          bool
	Fates              []Fate
	Attached           []Attached
	Images             *Images
	Categories         []string
	Act                string      // address of what is done to it: of the folder where it lies
	List               bool        // it came by a mailing list that takes answers
	Check              []CheckLine // what is known of the sender, most important first
}

// Images says what became of a message's remote images.
type Images struct {
	Blocked int    // not loaded
	Always  bool   // loaded, as always for this sender
	Sender  string // address
}

// CheckLine is one finding about who sent a message.
type CheckLine struct{ Class, Text string }

// File is an attachment.
type File struct {
	Name, Kind, Size string
	URL, Save        string // to look at (pictures) or the same as Save; to keep
	View             string // page that shows what it holds, "" none
	Image            bool
	Damaged          bool // octets of it were lost on the way
}

// Run is a stretch of plain text, a link when URL is set.
type Run struct{ Text, URL string }

func (c Conversation) act() string { return "/mail/" + c.Folder + "/act" }

// pick is what the buttons act on.
func (c Conversation) pick() string {
	if c.Single != "" {
		return c.Single
	}
	return c.Thread
}

// print is the conversation, or the one message shown, on paper.
func (c Conversation) print() string {
	path := c.list() + "/" + c.Thread + "/print"
	if c.Single != "" {
		path += "?m=" + c.Single
	}
	return path
}

func (c Conversation) list() string { return "/mail/" + c.Folder }

func (c Conversation) tools() []tool {
	all := List{ForGood: c.ForGood, Archived: c.Archived}.tools()
	return append(all, tool{"unread", "dotmail", "list.unread"})
}

func (c Conversation) flagTool() tool {
	if c.Flagged {
		return tool{"unflag", "noflag", "list.unflag"}
	}
	return tool{"flag", "flag", "list.flag"}
}

// body is the address of the frame's document.
func (m Message) body() string {
	if m.Dark {
		return m.path("body") + "?dark=1"
	}
	return m.path("body")
}

func (m Message) colours() string {
	if m.Dark {
		return "conv.bodylight"
	}
	return "conv.bodydark"
}

func (m Message) path(what string) string { return "/m/" + m.ID + "/" + what }
