package views

// Fate says what became of a message that was sent.
type Fate struct {
	Class, Icon string
	Title       string
	What        string // the sentence before the recipients
	About       string // which message, "" when that is not known
	Lines       []FateLine
	Technical   string // the part for machines, may be empty
	Guessed     bool   // read out of a server's words
}

// FateLine is one recipient of it.
type FateLine struct {
	Who, Why      string // why in plain words
	Words, Server string // the server's own words, and which one it was
}

// Attached is a message inside another one, opened in place.
type Attached struct {
	ID                string // for the page
	Subject, From, To string
	When              Stamp
	Save, Print       string // URLs
	Body              string // URL of its HTML, "" when it is text
	Text, Quoted      []Run
	Files             []File
	Attached          []Attached
	Damaged           bool
}
