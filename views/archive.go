package views

// Archive is the desk's page about journal reports.
type Archive struct {
	Off   bool   // none is configured
	To    string // where they go, and when
	Parts []CountLink
	Open  []ArchiveLine
	Ways  []CountLink // Class "yes": Exchange's own journal sees it
}

// ArchiveLine is one report that needs a person.
type ArchiveLine struct {
	ID, MessageID, Box, Words, Remedy string
	State                             Badge
	At                                Stamp
}
