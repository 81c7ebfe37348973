package mailstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Why a folder cannot be made, named or deleted. Each is an ErrFolderName too.
var (
	ErrFolderTaken    = fmt.Errorf("%w: there is one of this name", ErrFolderName)
	ErrFolderReserved = fmt.Errorf("%w: the name is Exchange's own", ErrFolderName)
	ErrFolderLetters  = fmt.Errorf("%w: a letter that no folder name has", ErrFolderName)
	ErrFolderLong     = fmt.Errorf("%w: too long", ErrFolderName)
	ErrFolderDeep     = fmt.Errorf("%w: too many folders within each other", ErrFolderName)
)

// ErrFolderRole: the folder is one of those that every mailbox has, or lies where none can be made.
var ErrFolderRole = errors.New("a folder that every mailbox has")

// ErrFolderFull: messages or folders lie in the folder.
var ErrFolderFull = errors.New("the folder is not empty")

const (
	longestFolder = 100 // letters
	deepestFolder = 8
)

// reserved are names of Exchange's own folders at the top of a mailbox, in German and English, in lower
// case: a second folder of that name would be taken for them.
var reserved = []string{
	"inbox", "posteingang", "drafts", "entwürfe", "sent", "sent items", "gesendet", "gesendete elemente", "gesendete objekte",
	"deleted items", "trash", "gelöschte elemente", "gelöschte objekte", "papierkorb", "junk", "junk email", "junk e-mail", "junk-e-mail", "spam",
	"archive", "archiv", "outbox", "postausgang", "calendar", "kalender", "contacts", "kontakte", "tasks", "aufgaben", "notes", "notizen", "journal",
	"rss feeds", "rss-feeds", "conversation history", "aufgezeichnete unterhaltungen", "verlauf der unterhaltung",
	"sync issues", "synchronisierungsprobleme", "files", "recoverable items", "search folders", "suchordner",
}

// folderName is a name as it is kept: without spaces around and doubled, in one Unicode form, so that two
// folders never look alike.
func folderName(typed string) (string, error) {
	name := strings.Join(strings.Fields(norm.NFC.String(typed)), " ")
	switch {
	case name == "" || !utf8.ValidString(typed):
		return "", ErrFolderName
	case utf8.RuneCountInString(name) > longestFolder:
		return "", ErrFolderLong
	case strings.ContainsFunc(typed, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }), strings.ContainsFunc(name, forbidden):
		return "", ErrFolderLetters
	}
	return name, nil
}

// forbidden are separators of paths, and what turns the direction of text round.
func forbidden(r rune) bool {
	return r == '/' || r == '\\' || unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// vacant says whether a name can be given below a folder; but is the folder that may have it already.
func vacant(has []Folder, parent FolderID, name string, but FolderID) error {
	if parent == "" && slices.Contains(reserved, strings.ToLower(name)) {
		return ErrFolderReserved
	}
	for _, f := range has {
		if f.ID != but && f.Parent == parent && f.Name != "" && strings.EqualFold(f.Name, name) {
			return ErrFolderTaken
		}
	}
	return nil
}

// roomy says whether a folder can have folders in it, and how deep it lies.
func roomy(has []Folder, parent FolderID) error {
	if parent == Drafts || parent == Sent || parent == Trash || parent == Junk {
		return ErrFolderRole
	}
	for depth := 1; parent != ""; depth++ {
		at := slices.IndexFunc(has, func(f Folder) bool { return f.ID == parent })
		if at < 0 {
			return ErrNotFound
		}
		if depth >= deepestFolder {
			return ErrFolderDeep
		}
		parent = has[at].Parent
	}
	return nil
}
