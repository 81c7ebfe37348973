package views

// Account is the sum of an event: every message in one state, every number a link to its list.
type Account struct {
	Lead    string
	Parts   []CountLink // messages by state
	Found   []CountLink // how those seen were found
	Sum     string      // "312 Nachrichten, 540 Änderungen."
	Changes []CountLink // changes by state
	Check   string      // the comparison with the store, in words
	Bad     bool        // it does not close
	Orphans []Orphan
	Capped  string // how many orphans are shown when there are more
}

// Orphan is a message that no account contains.
type Orphan struct{ Box, ID string }

// Entries is the list behind one number of an account.
type Entries struct {
	Event, Title, Whose string
	What                []CountLink // messages or changes
	States              []CountLink
	Keep                []Field // of the search form
	Query               string
	Rows                []EntryRow
	Next, First         string // URLs, "" when there is none
	RetryAll            []Field
	CSV                 string
}

// EntryRow is one message or change.
type EntryRow struct {
	What, Box, Tries, Words, Remedy, Next string
	State                                 Badge
	At                                    Stamp
	Notes                                 []string
	BoxID, Seq                            string
	Parked                                bool
}

// BoxRow is one mailbox of an event.
type BoxRow struct {
	Name, Address, Gate, Class, URL string
	Cells                           []CountLink // messages: all, then by state as the table's head has it
}

// Report is the page of an event for printing.
type Report struct {
	Title, Say string
	Done       bool
	Facts      []Fact
	Account    Account
	Heads      []string // of the table of mailboxes
	Boxes      []BoxRow
	Problems   []EntryRow
	Capped     string // how many problems are shown when there are more
	Made       string
	Back, CSV  string
	Archive    string
	Ways       []CountLink // by which messages came back
}

// Fact is one line about the event.
type Fact struct{ Name, Text string }

// Receipts is what became of a person's messages.
type Receipts struct {
	Say, More string
	Good      bool
	Filters   []CountLink
	Rows      []ReceiptRow
	Next      string
	First     string
	CSV       string
	Since     string
}

// ReceiptRow is one message of the person's.
type ReceiptRow struct {
	What, Subject, URL string
	Where              string
	Notes              []string
	Words              string
	State              Badge
	At                 Stamp
}

// between parts the members of an enumeration.
func between(n, of int) string {
	if n == of-1 {
		return "."
	}
	return ", "
}

// narrowHides says which numbers of a mailbox a phone leaves out: all but the first two.
func narrowHides(n int) bool { return n > 1 }
