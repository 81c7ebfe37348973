package mailstore

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"holdover/email"
)

// newMessage is a message whose file is on disk, on its way into the database.
type newMessage struct {
	block  Block
	state  state
	sum    email.Summary
	rest   []byte // everything below the block: only for the identity of a mail without Message-ID
	size   int64
	named  email.Categories
	kind   Kind   // of the entry
	origin Origin // of the entry
}

// outcome is what became of a newMessage.
type outcome struct {
	id     email.MessageID // of the row it is, or was already
	merged bool            // the mailbox had this message
	file   state           // merged: where the file of the first arrival belongs
}

// identity tells whether two messages of one mailbox are the same (L1). The sender's own copy and
// what arrives in the same mailbox, a mail to oneself, are two. Drafts change and are only
// themselves.
func (n *newMessage) identity() string {
	if n.state.flags.Draft {
		return "draft:" + string(n.block.ID)
	}
	h := sha256.New()
	switch {
	case n.sum.MessageID == "" || n.sum.BodyHash == "":
		h.Write([]byte("octets\x00"))
		h.Write(n.rest)
	default:
		h.Write([]byte("message\x00" + n.sum.MessageID + "\x00" + n.sum.BodyHash))
	}
	class := "in:"
	if n.block.Own {
		class = "own:"
	}
	return class + hex.EncodeToString(h.Sum(nil)[:20])
}

// insert adds a message with its thread, counts and entry, or merges it into the one that the
// mailbox has already.
func (c *change) insert(n newMessage) (outcome, error) {
	identity := n.identity()
	if has, err := c.same(identity); err != nil || has != nil {
		if err != nil {
			return outcome{}, err
		}
		return outcome{id: has.id, merged: true, file: has.file}, c.merge(has, n)
	}
	visible := n.state.hidden == shown
	var total, unread int64
	if visible {
		total, unread = 1, bit(!n.state.flags.Seen)
	}
	if err := c.total(n.state.folder, total, unread); err != nil {
		return outcome{}, err
	}
	t, err := c.thread(n)
	if err != nil {
		return outcome{}, err
	}
	if err := c.row(n, identity, t); err != nil {
		return outcome{}, err
	}
	if err := c.meet(n); err != nil {
		return outcome{}, err
	}
	if visible {
		if err := c.countIn(n.state.folder, t, n.block.ID, ms(n.block.At), n.state.flags); err != nil {
			return outcome{}, err
		}
	}
	detail := Detail{To: n.state.folder}
	if n.state.flags.Seen || n.state.flags.Flagged || n.state.flags.Answered {
		flags := n.state.flags
		detail.Flags = &flags
	}
	return outcome{id: n.block.ID}, c.log(n.block.ID, n.kind, n.origin, detail)
}

const insertMessage = `INSERT INTO message (mailbox, id, folder, thread, file, identity, msgid, body_hash,
	received, stored, date, size, subject, base_subject, snippet, people, in_reply_to, refs, thread_index,
	thread_topic, attachments, automatic, seen, flagged, answered, draft, hidden, origin, envelope_from,
	envelope_to, version, known, settled, categories)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

func (c *change) row(n newMessage, identity string, t ThreadID) error {
	s, b, fl := n.sum, n.block, n.state.flags
	_, err := c.tx.Exec(insertMessage, string(c.mailbox), string(b.ID), string(n.state.folder), string(t), n.state.base,
		identity, clean(s.MessageID), s.BodyHash, ms(b.At), c.now, dateMS(s.Date), n.size,
		clean(s.Subject), clean(s.BaseSubject), clean(s.Snippet), peopleText(s), list(s.InReplyTo), list(s.References),
		clean(s.ThreadIndex), clean(s.ThreadTopic), s.Attachments, bit(s.Automatic),
		bit(fl.Seen), bit(fl.Flagged), bit(fl.Answered), bit(fl.Draft), n.state.hidden,
		string(b.Origin), clean(b.From), list(b.To), b.Version, bit(b.Origin == FromExchange), c.settledAtBirth(b.Origin), list(n.named))
	return err
}

// settledAtBirth: what is never told to Exchange has nothing to wait for.
func (c *change) settledAtBirth(o Origin) int64 {
	if o.Told() {
		return 0
	}
	return c.now
}

func peopleText(s email.Summary) string {
	b, _ := json.Marshal(peopleOf(s)) // of texts: cannot fail
	return string(b)
}

// dateMS: a Date field can say any year; 0 is kept for none.
func dateMS(t time.Time) int64 {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return 0
	}
	return ms(t)
}

// existing is what is needed of a message in order to merge another arrival into it.
type existing struct {
	id    email.MessageID
	file  state
	to    []string
	known bool
}

func (c *change) same(identity string) (*existing, error) {
	var e existing
	var to string
	st, err := scanState(c.tx.QueryRow("SELECT id, envelope_to, known, "+stateColumns+" FROM message WHERE mailbox = ? AND identity = ?",
		string(c.mailbox), identity), &e.id, &to, &e.known)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	e.file = st
	return &e, errors.Join(err, unlist(to, &e.to))
}

// merge adds what a second arrival knows: other recipients, and that Exchange has the message. An
// entry is written only when there was something to add.
func (c *change) merge(e *existing, n newMessage) error {
	all := slices.Clone(e.to)
	for _, to := range n.block.To {
		if !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	known := e.known || n.origin == FromExchange
	if len(all) == len(e.to) && known == e.known {
		return nil
	}
	_, err := c.tx.Exec("UPDATE message SET envelope_to = ?, known = ? WHERE mailbox = ? AND id = ?",
		list(all), bit(known), string(c.mailbox), string(e.id))
	if err != nil {
		return err
	}
	return c.log(e.id, Merged, n.origin, Detail{})
}
