package views

// Waiting is the list of a person's own changes that Exchange does not have yet.
type Waiting struct {
	Changes []WaitingLine
	Sends   []WaitingSend
	Count   int
	Capped  string // how many are shown when there are more, else ""
}

// WaitingLine is one change.
type WaitingLine struct {
	What, Subject, URL string // URL "" when the message is no longer there
	State              Badge
	At                 Stamp
	Words              string // Exchange's words where a person must act on them; may be empty
}

// WaitingSend is one message on its way outside.
type WaitingSend struct {
	Subject, People string
	State           Badge
	At              Stamp
	Words           []ServerWords
	UndoURL         string // while it is still held
}

// ServerWords is what a remote server said about one recipient.
type ServerWords struct{ Address, Words, Next string }

// Badge is a state as word, picture and colour.
type Badge struct{ Text, Icon, Class string }
