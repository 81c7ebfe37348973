package mailstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
)

// Message is one row of metadata.
type Message struct {
	email.Summary
	ID         email.MessageID
	Mailbox    email.MailboxID
	Folder     FolderID
	Thread     ThreadID
	Flags      Flags
	Categories email.Categories
	Origin     Origin
	Envelope   email.Envelope // From; To = recipients of this mailbox
	Received   time.Time
	Size       int64
	Version    int  // drafts: grows with each save
	Settled    bool // verified in Exchange, or never told to it (L11)
}

// Flags are a message's marks. Draft is given by the store.
type Flags struct{ Seen, Flagged, Answered, Draft bool }

// people are the address fields of a message as the database keeps them.
type people struct {
	From    []email.Address `json:"f,omitempty"`
	Sender  *email.Address  `json:"s,omitempty"`
	ReplyTo []email.Address `json:"r,omitempty"`
	To      []email.Address `json:"t,omitempty"`
	Cc      []email.Address `json:"c,omitempty"`
	Bcc     []email.Address `json:"b,omitempty"`
}

func peopleOf(s email.Summary) people {
	p := people{From: s.From, ReplyTo: s.ReplyTo, To: s.To, Cc: s.Cc, Bcc: s.Bcc}
	if s.Sender != (email.Address{}) {
		p.Sender = &s.Sender
	}
	return p
}

// messageColumns are the columns that scanMessage reads; m is the name of the table in the query.
const messageColumns = ` m.id, m.mailbox, m.folder, m.thread, m.msgid, m.body_hash, m.received, m.date, m.size,
	m.subject, m.base_subject, m.snippet, m.people, m.in_reply_to, m.refs, m.thread_index, m.thread_topic,
	m.attachments, m.automatic, m.seen, m.flagged, m.answered, m.draft, m.origin, m.envelope_from, m.envelope_to,
	m.version, m.settled, m.categories `

type scanner interface{ Scan(...any) error }

// scanMessage reads messageColumns, after the columns that more points to.
func scanMessage(row scanner, more ...any) (Message, error) {
	var m Message
	var received, date, automatic, seen, flagged, answered, draft, settled int64
	var persons, replied, refs, to, categories string
	err := row.Scan(append(more, &m.ID, &m.Mailbox, &m.Folder, &m.Thread, &m.MessageID, &m.BodyHash, &received, &date, &m.Size,
		&m.Subject, &m.BaseSubject, &m.Snippet, &persons, &replied, &refs, &m.ThreadIndex, &m.ThreadTopic,
		&m.Attachments, &automatic, &seen, &flagged, &answered, &draft, &m.Origin, &m.Envelope.From, &to,
		&m.Version, &settled, &categories)...)
	if err != nil {
		return m, err
	}
	m.Received, m.Date = time.UnixMilli(received).UTC(), fromMS(date)
	m.Automatic, m.Settled = automatic != 0, settled != 0
	m.Flags = Flags{Seen: seen != 0, Flagged: flagged != 0, Answered: answered != 0, Draft: draft != 0}
	var p people
	err = errors.Join(unlist(persons, &p), unlist(replied, &m.InReplyTo), unlist(refs, &m.References), unlist(to, &m.Envelope.To), unlist(categories, &m.Categories))
	m.From, m.ReplyTo, m.To, m.Cc, m.Bcc = p.From, p.ReplyTo, p.To, p.Cc, p.Bcc
	if p.Sender != nil {
		m.Sender = *p.Sender
	}
	return m, err
}

// list writes a value as JSON, an empty list as nothing.
func list[T any](values []T) string {
	if len(values) == 0 {
		return ""
	}
	b, _ := json.Marshal(values) // of texts and addresses: cannot fail
	return string(b)
}

func unlist(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func scanMessages(rows *sql.Rows, err error) ([]Message, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// Message gives the metadata of one message; ErrNotFound also for what was deleted for good.
func (s *Store) Message(ctx context.Context, m email.MailboxID, id email.MessageID) (Message, error) {
	var one Message
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		one, err = scanMessage(tx.QueryRow("SELECT"+messageColumns+`FROM message m
			WHERE m.mailbox = ? AND m.id = ? AND m.hidden = 0`, string(m), string(id)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("message %s: %w", id, ErrNotFound)
	}
	return one, err
}

// Messages gives the metadata of those of the messages that exist, in the order of ids.
func (s *Store) Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]Message, error) {
	found := make(map[email.MessageID]Message, len(ids))
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		for part := range slices.Chunk(ids, 200) {
			args := []any{string(m)}
			for _, id := range part {
				args = append(args, string(id))
			}
			all, err := scanMessages(tx.Query("SELECT"+messageColumns+`FROM message m
				WHERE m.mailbox = ? AND m.hidden = 0 AND m.id IN (`+database.In(len(part))+")", args...))
			if err != nil {
				return err
			}
			for _, one := range all {
				found[one.ID] = one
			}
		}
		return nil
	})
	messages := make([]Message, 0, len(found))
	for _, id := range ids {
		if one, ok := found[id]; ok {
			messages = append(messages, one)
			delete(found, id)
		}
	}
	return messages, err
}

// Conversation is all messages of a thread over all folders, oldest first (trash and drafts
// included, hidden not). ErrNotFound when there is none.
func (s *Store) Conversation(ctx context.Context, m email.MailboxID, t ThreadID) ([]Message, error) {
	var all []Message
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		t, err := current(tx, m, t)
		if err != nil {
			return err
		}
		all, err = scanMessages(tx.Query("SELECT"+messageColumns+`FROM message m
			WHERE m.mailbox = ? AND m.thread = ? AND m.hidden = 0 ORDER BY m.received, m.id`, string(m), string(t)))
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("thread %s: %w", t, ErrNotFound)
	}
	return all, err
}

// Raw returns everything below the store-only block: trace block and received octets. It also reads
// what was deleted for good while its file is there, since that may still have to be given back (L7).
func (s *Store) Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error) {
	file, err := s.readMessage(ctx, m, id)
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", id, err)
	}
	_, rest, _ := ReadBlock(file)
	return rest, nil
}

func (s *Store) readMessage(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error) {
	var err error
	for range 3 { // a change may rename the file between finding and opening it
		var st state
		if st, err = s.state(ctx, m, id); err != nil {
			return nil, err
		}
		if st.hidden == gone {
			return nil, ErrNotFound
		}
		for _, name := range places(m, st) {
			var octets []byte
			if octets, err = s.disk.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
				return octets, err
			}
		}
		var name string
		if name, err = s.find(m, st); err != nil {
			continue
		}
		var octets []byte
		if octets, err = s.disk.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			return octets, err
		}
	}
	s.missingFile(m)
	return nil, fmt.Errorf("%w: %w", ErrUnhealthy, err)
}

// state reads where the file of a message belongs.
func (s *Store) state(ctx context.Context, m email.MailboxID, id email.MessageID) (st state, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		st, err = scanState(tx.QueryRow("SELECT "+stateColumns+" FROM message WHERE mailbox = ? AND id = ?", string(m), string(id)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return st, err
}

const stateColumns = "folder, file, seen, flagged, answered, draft, hidden"

func scanState(row scanner, more ...any) (st state, err error) {
	var seen, flagged, answered, draft int64
	err = row.Scan(append(more, &st.folder, &st.base, &seen, &flagged, &answered, &draft, &st.hidden)...)
	st.flags = Flags{Seen: seen != 0, Flagged: flagged != 0, Answered: answered != 0, Draft: draft != 0}
	return st, err
}
