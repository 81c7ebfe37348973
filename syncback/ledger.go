package syncback

import (
	"database/sql"
	"encoding/json"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// State is where an item stands (L10).
type State string

const (
	Waiting  State = "waiting"
	Trying   State = "trying"
	InDoubt  State = "in doubt"
	Accepted State = "accepted"
	Verified State = "verified"
	Parked   State = "parked"
)

// operation is what Exchange is told.
type operation string

const (
	deliver    operation = "deliver" // mail from outside
	put        operation = "append"  // mail of a colleague, the sent copy
	draft      operation = "draft"   // the newest version in place of earlier ones
	erase      operation = "erase"   // the draft is no more
	flags      operation = "flags"
	categories operation = "categories"
	move       operation = "move"
	folder     operation = "folder"
	rename     operation = "rename"  // of a folder
	discard    operation = "discard" // of an empty folder
)

// places says whether the operation is about a folder and not about a message.
func (o operation) places() bool { return o == folder || o == rename || o == discard }

// gives says whether the operation brings the message itself to Exchange.
func (o operation) gives() bool { return o == deliver || o == put }

// marks says whether the operation changes what a message bears and leaves it where it lies.
func (o operation) marks() bool { return o == flags || o == categories }

// detail is what a row needs to be told, kept so that it can be told when the store's row is gone.
type detail struct {
	From       mailstore.FolderID `json:"from,omitempty"`
	To         mailstore.FolderID `json:"to,omitempty"`
	Name       string             `json:"name,omitempty"`
	Old        string             `json:"old,omitempty"` // of a folder: its name before
	Flags      *mailstore.Flags   `json:"flags,omitempty"`
	Was        *mailstore.Flags   `json:"was,omitempty"`    // flags before the first of the changes that this row stands for
	Sender     string             `json:"sender,omitempty"` // envelope
	Categories email.Categories   `json:"categories,omitempty"`
	Had        email.Categories   `json:"had,omitempty"`    // categories before the first of the changes that this row stands for
	Others     bool               `json:"others,omitempty"` // written by somebody else
	Date       int64              `json:"date,omitempty"`   // received or sent, unix milliseconds
}

// row is one row of the ledger.
type row struct {
	mailbox  email.MailboxID
	seq      mailstore.Seq
	item     string
	kind     mailstore.Kind
	op       operation
	state    State
	resume   State
	at       int64
	changed  int64
	next     int64
	attempts int
	looks    int
	fence    int64
	lease    int64
	worker   string
	msgid    string
	mark     string
	detail   detail
	place    exchange.Place
	words    string
	remedy   string
	way      string           // name of the way that carries it, or did last
	location traffic.Location // where the mailbox lay then
	unsuited string           // names of ways that cannot carry it, parted by commas
	note     Note             // how it was found, for the account
	base     *sight           // the message as it was last read from Exchange, nil never
	steps    steps            // how far a call came that takes more than one step
	resent   int              // accepted, never seen and sent again so many times
}

const columns = `mailbox, seq, item, kind, op, state, resume, at, changed, next, attempts, looks, fence, lease, worker, msgid, mark, detail, place, words, remedy, way, location, unsuited, note, resent, base, steps`

func (r *row) message() email.MessageID { return email.MessageID(r.item) }

func scanRow(rows *sql.Rows) (r row, err error) {
	var what, place, base, done string
	err = rows.Scan(&r.mailbox, &r.seq, &r.item, &r.kind, &r.op, &r.state, &r.resume, &r.at, &r.changed, &r.next,
		&r.attempts, &r.looks, &r.fence, &r.lease, &r.worker, &r.msgid, &r.mark, &what, &place, &r.words, &r.remedy, &r.way, &r.location, &r.unsuited, &r.note, &r.resent, &base, &done)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(what), &r.detail)
	for text, into := range map[string]any{place: &r.place, base: &r.base, done: &r.steps} {
		if text != "" && err == nil {
			err = json.Unmarshal([]byte(text), into)
		}
	}
	return r, err
}

// query reads rows of the ledger; where begins behind FROM syncback_item i.
func query(tx *database.Tx, where string, args ...any) ([]row, error) {
	rows, err := tx.Query(`SELECT `+columns+` FROM syncback_item i `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func insert(tx *database.Tx, r row) error {
	_, err := tx.Exec(`INSERT INTO syncback_item (`+columns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		string(r.mailbox), int64(r.seq), r.item, string(r.kind), string(r.op), string(r.state), string(r.resume), r.at, r.changed, r.next,
		r.attempts, r.looks, r.fence, r.lease, r.worker, r.msgid, r.mark, encode(r.detail), encodePlace(r.place), r.words, r.remedy, r.way, string(r.location), r.unsuited, string(r.note), r.resent, encodeSight(r.base), r.steps.encode())
	return err
}

// save writes what changed in a row, if the row still is as it was read: the fence says so. false
// means that another worker has it; nothing was written then.
//
// What identifies the message stays as it was planned: leaving it out spares two indexes.
func save(tx *database.Tx, was row, r row) (bool, error) {
	result, err := tx.Exec(`UPDATE syncback_item SET state=?, resume=?, changed=?, next=?, attempts=?, looks=?, fence=?, lease=?, worker=?,
		place=?, words=?, remedy=?, way=?, location=?, unsuited=?, note=?, resent=?, base=?, steps=? WHERE mailbox=? AND seq=? AND fence=? AND state=?`,
		string(r.state), string(r.resume), r.changed, r.next, r.attempts, r.looks, was.fence+1, r.lease, r.worker,
		encodePlace(r.place), r.words, r.remedy, r.way, string(r.location), r.unsuited, string(r.note), r.resent, encodeSight(r.base), r.steps.encode(), string(r.mailbox), int64(r.seq), was.fence, string(was.state))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func encode(v any) string {
	text, _ := json.Marshal(v) // plain structs
	return string(text)
}

func encodePlace(p exchange.Place) string {
	if p == (exchange.Place{}) {
		return ""
	}
	return encode(p)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
