package views

// Printed is one message on paper: everything in full.
type Printed struct {
	Subject    string
	From       string // names with addresses
	To, Cc     string
	Bcc, Reply string
	When, Came string // when it says that it was written; when it arrived
	Categories string
	Files      []File
	HTML       string // cleaned by email.Message.Show; or
	Text       string
	Problem    bool
	Fields     []Field // the whole header
}
