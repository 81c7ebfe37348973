package standin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// journal keeps the store over restarts of the demo: one JSON object a line, replayed at start.
// It is not flushed to disk on each line: losing the power of the demo machine loses demo mail.
type journal struct {
	file *os.File
	err  error
}

type journalLine struct {
	Op      string      `json:"op"` // put, state, gone, folder, renamed
	Mailbox string      `json:"mailbox"`
	Folder  string      `json:"folder"`
	To      string      `json:"to,omitempty"` // of a folder: its new path
	UID     imap.UID    `json:"uid,omitempty"`
	At      time.Time   `json:"at,omitzero"`
	Flags   []imap.Flag `json:"flags,omitempty"`
	Unshown bool        `json:"unshown,omitempty"`
	Octets  []byte      `json:"octets,omitempty"`

	Number     uint64            `json:"number,omitempty"`
	Place      uint64            `json:"place,omitempty"`
	Changes    uint64            `json:"changes,omitempty"`
	Sent       time.Time         `json:"sent,omitzero"`
	Categories []string          `json:"categories,omitempty"`
	Extended   map[string]string `json:"extended,omitempty"`
}

func (s *Store) openJournal(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("stand-in Exchange: %w", err)
	}
	reader := bufio.NewReaderSize(file, 1<<16)
	var whole int64
	for n := 1; ; n++ {
		text, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // an unfinished last line is what a killed demo leaves
		}
		if err != nil {
			return errors.Join(fmt.Errorf("stand-in Exchange: %w", err), file.Close())
		}
		var line journalLine
		if err := json.Unmarshal(text, &line); err != nil {
			return errors.Join(fmt.Errorf("stand-in Exchange: %s, line %d: %w; delete the file to start with an empty Exchange", path, n, err), file.Close())
		}
		s.replay(line)
		whole += int64(len(text))
	}
	s.journal = &journal{file: file}
	return file.Truncate(whole)
}

func (s *Store) replay(line journalLine) {
	f, err := s.folder(line.Mailbox, line.Folder)
	if err != nil {
		if f, err = s.create(line.Mailbox, line.Folder); err != nil {
			return // a mailbox that left the sample
		}
	}
	switch line.Op {
	case "renamed":
		s.rename(line.Mailbox, f, line.To)
	case "put":
		m := newMessage(line.Octets, line.At, nil)
		line.restore(m)
		m.number, m.place = line.Number, line.Place
		s.serial = max(s.serial, line.Number, line.Place)
		f.next = line.UID
		s.add(line.Mailbox, f, m)
	case "gone":
		s.remove(line.Mailbox, f, map[imap.UID]bool{line.UID: true})
	case "state":
		for _, m := range f.messages {
			if m.uid == line.UID {
				line.restore(m)
			}
		}
	}
}

// restore gives a message the state of the line.
func (line journalLine) restore(m *message) {
	m.flags = newMessage(nil, m.at, line.Flags).flags
	m.unshown, m.changes, m.at, m.sentAt, m.categories, m.extended = line.Unshown, line.Changes, line.At, line.Sent, line.Categories, line.Extended
}

func (j *journal) put(address, folder string, m *message) {
	line := lineOf("put", address, folder, m)
	line.Octets, line.Number, line.Place = m.octets, m.number, m.place
	j.write(line)
}

func (j *journal) state(address, folder string, m *message) {
	j.write(lineOf("state", address, folder, m))
}

func lineOf(op, address, folder string, m *message) journalLine {
	return journalLine{Op: op, Mailbox: address, Folder: folder, UID: m.uid, At: m.at, Flags: m.flagList(), Unshown: m.unshown,
		Changes: m.changes, Sent: m.sentAt, Categories: m.categories, Extended: m.extended}
}

func (j *journal) gone(address, folder string, uid imap.UID) {
	j.write(journalLine{Op: "gone", Mailbox: address, Folder: folder, UID: uid})
}

func (j *journal) folder(address, name string) {
	j.write(journalLine{Op: "folder", Mailbox: address, Folder: name})
}

func (j *journal) renamed(address, name, to string) {
	j.write(journalLine{Op: "renamed", Mailbox: address, Folder: name, To: to})
}

func (j *journal) write(line journalLine) {
	if j == nil || j.err != nil {
		return
	}
	line.Mailbox = strings.ToLower(line.Mailbox)
	text, err := json.Marshal(line)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	j.err = err
}

// close reports the first write that failed.
func (j *journal) close() error {
	if j == nil || j.err == os.ErrClosed {
		return nil
	}
	err := errors.Join(j.err, j.file.Close())
	j.err = os.ErrClosed
	return err
}
