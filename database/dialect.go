package database

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
)

// forSQLite is the one thing that a migration says to SQLite alone: a table whose primary key holds
// the row itself is one tree of pages less to write with each row. PostgreSQL reads a comment.
const forSQLite = "/* SQLite: WITHOUT ROWID */"

// spoken gives a room's migrations as this dialect reads them.
type spoken struct {
	fs.FS
	dialect string
}

func (s spoken) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil || s.dialect != SQLite || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &spokenFile{f, bytes.NewReader(bytes.ReplaceAll(text, []byte(forSQLite), []byte("WITHOUT ROWID")))}, nil
}

type spokenFile struct {
	fs.File
	text *bytes.Reader
}

func (f *spokenFile) Read(b []byte) (int, error) { return f.text.Read(b) }
