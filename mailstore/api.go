// Package mailstore keeps each mailbox's mail, and the log of what happened to it.
package mailstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"holdover/database"
	"holdover/email"
)

type (
	FolderID string // a role's name ("inbox") or 12 random letters
	ThreadID string // per mailbox
	Seq      int64  // a place in one mailbox's change log, from 1 without gaps
	SendID   string // one submission on its way out
)

const (
	Inbox   FolderID = "inbox"
	Drafts  FolderID = "drafts"
	Sent    FolderID = "sent"
	Archive FolderID = "archive"
	Trash   FolderID = "trash"
	Junk    FolderID = "junk"
)

// Origin says who caused a change (design L2).
type Origin string

const (
	FromOutside  Origin = "outside"
	FromPortal   Origin = "portal"
	FromClient   Origin = "client"
	FromRule     Origin = "rule"
	FromAdmin    Origin = "admin"
	FromExchange Origin = "exchange"
	FromExpiry   Origin = "expiry"
	FromErasure  Origin = "erasure"
	FromRebuild  Origin = "rebuild"
	FromFound    Origin = "found" // a file without a row
)

// Told says whether changes of this origin are ever told to Exchange (L2). Found files whose block
// says "outside" or "portal" take that origin, since their 250 may have been given.
func (o Origin) Told() bool { panic("unbuilt") }

var (
	ErrFull       = errors.New("storage is below its reserve")
	ErrUnhealthy  = errors.New("storage failed to flush and was taken out of service") // D3
	ErrNotFound   = errors.New("no such message, folder or thread in this mailbox")
	ErrConflict   = errors.New("the draft was changed elsewhere meanwhile")
	ErrTooLate    = errors.New("already released")
	ErrCursor     = errors.New("cursor is not where the consumer believed")
	ErrLostLease  = errors.New("the lease was taken over")
	ErrFolderName = errors.New("not a folder name")
)

type Options struct {
	Dir     string // data directory; created 0700
	DB      *database.DB
	Host    string        // for file names and generated Message-IDs
	Window  time.Duration // retention window, default 30 days
	Reserve int64         // bytes that must stay free, default 256 MiB
	Now     func() time.Time
	Log     *slog.Logger
}

type Store struct{}

// Open migrates, repairs from crashes (L1: tmp cleaned, files without a row found, names brought in
// line with the database) and is ready. 100,000 messages open in under 5 s.
func Open(ctx context.Context, o Options) (*Store, error) { panic("unbuilt") }
func (s *Store) Close() error                             { panic("unbuilt") }
func (s *Store) DB() *database.DB                         { panic("unbuilt") }

// Alarms lists what an administrator must see now: a mailbox folder or volume that vanished (L3),
// a failed flush (D3). Missing things are alarms, never deletions.
func (s *Store) Alarms() []Alarm { panic("unbuilt") }

type Alarm struct {
	Code    string // "maildir-missing", "volume-missing", "flush-failed", "clock-jumped"
	Mailbox email.MailboxID
	Since   time.Time
	Text    string // English, with remedy
}

// EnsureMailbox makes the mailbox with its six role folders, durable, once. address is written
// into the Maildir so that a lost database can be rebuilt.
func (s *Store) EnsureMailbox(ctx context.Context, id email.MailboxID, address string) error {
	panic("unbuilt")
}
func (s *Store) Mailboxes(ctx context.Context) ([]email.MailboxID, error) { panic("unbuilt") }

// Addresses reads maildir/*/address: which mailbox belongs to which primary address, without the database.
func Addresses(dir string) (map[string]email.MailboxID, error) { panic("unbuilt") }

// Arrival is one message for one or more mailboxes.
type Arrival struct {
	ID     email.MessageID // "" : the store gives one
	To     []Recipient
	From   string // envelope sender, "" is the null reverse-path
	Origin Origin
	Folder FolderID // default Inbox
	Flags  Flags
	Trace  []byte    // our Received line and added fields, CRLF, may be empty
	Octets []byte    // normalised (L17)
	At     time.Time // default now
}

type Recipient struct {
	Mailbox email.MailboxID
	Address string // the envelope recipient as given
}

type Flags struct{ Seen, Flagged, Answered, Draft bool }

// NewID gives a permanent id for mta's Received line.
func NewID() email.MessageID { panic("unbuilt") }

// Deliver makes the message durable in every mailbox (L1) before it returns nil: files, folder
// flushes, then one shared commit of rows and entries. The same identity a second time in a
// mailbox makes no second message (entry kind merged). Errors: ErrFull, ErrUnhealthy, database.ErrBusy.
func (s *Store) Deliver(ctx context.Context, a Arrival) (email.MessageID, error) { panic("unbuilt") }

// SpaceLeft is nil, or ErrFull when a message of size octets would break the reserve (D8).
func (s *Store) SpaceLeft(size int64) error { panic("unbuilt") }

// Message is one row of metadata.
type Message struct {
	email.Summary
	ID       email.MessageID
	Mailbox  email.MailboxID
	Folder   FolderID
	Thread   ThreadID
	Flags    Flags
	Origin   Origin
	Envelope email.Envelope // From; To = recipients of this mailbox
	Received time.Time
	Size     int64
	Version  int  // drafts: grows with each save
	Settled  bool // verified in Exchange, or never told to it (L11)
}

type Folder struct {
	ID            FolderID
	Name          string // for role folders empty: the page names them
	Total, Unread int
}

func (s *Store) Folders(ctx context.Context, m email.MailboxID) ([]Folder, error) { panic("unbuilt") }
func (s *Store) CreateFolder(ctx context.Context, o Origin, m email.MailboxID, name string) (FolderID, error) {
	panic("unbuilt")
}

// ThreadRow is one line of a folder's list.
type ThreadRow struct {
	ID           ThreadID
	Latest       Message // newest message of the thread in this folder
	Count        int     // messages of the thread in all folders but trash
	Here, Unread int     // in this folder
	Flagged      bool
	People       []email.Address // senders in the thread, oldest first, at most 5
}

// Before is a keyset cursor; zero starts at the newest. Text form for URLs by String/ParseBefore.
type Before struct {
	At     int64
	Thread ThreadID
}

func (b Before) String() string               { panic("unbuilt") }
func ParseBefore(text string) (Before, error) { panic("unbuilt") }

// Threads lists a folder newest first, at most limit rows; next is zero at the end. Never from the index.
func (s *Store) Threads(ctx context.Context, m email.MailboxID, f FolderID, before Before, limit int) (rows []ThreadRow, next Before, err error) {
	panic("unbuilt")
}

// Conversation is all messages of a thread over all folders, oldest first (trash and drafts included, hidden not).
func (s *Store) Conversation(ctx context.Context, m email.MailboxID, t ThreadID) ([]Message, error) {
	panic("unbuilt")
}
func (s *Store) Message(ctx context.Context, m email.MailboxID, id email.MessageID) (Message, error) {
	panic("unbuilt")
}
func (s *Store) Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]Message, error) {
	panic("unbuilt")
}

// Raw returns everything below the store-only block: trace block and received octets.
func (s *Store) Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error) {
	panic("unbuilt")
}

// Changes by people. Each is one commit of new state and entries; file names follow.
// FlagChange: nil leaves a flag as it is.
type FlagChange struct{ Seen, Flagged, Answered *bool }

func (s *Store) SetFlags(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID, c FlagChange) error {
	panic("unbuilt")
}
func (s *Store) Move(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID, to FolderID) error {
	panic("unbuilt")
}

// Delete is "delete for good": the message is hidden at once; its file stays while it is not settled (L7, L11).
func (s *Store) Delete(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID) error {
	panic("unbuilt")
}

// SaveDraft stores a version of a draft durably. id "" makes a new draft. version must be the one last
// read, else ErrConflict. Octets come from email.Compose(d, true).
func (s *Store) SaveDraft(ctx context.Context, m email.MailboxID, id email.MessageID, version int, octets []byte) (email.MessageID, int, error) {
	panic("unbuilt")
}
func (s *Store) DiscardDraft(ctx context.Context, m email.MailboxID, id email.MessageID) error {
	panic("unbuilt")
}

// Submission is a draft that goes out (L16): spool file, then one commit of queue rows held until Release and the draft taken out of Drafts.
type Submission struct {
	Mailbox email.MailboxID
	Draft   email.MessageID
	Version int
	Token   string // per form: the same token twice is the same submission
	Own     []byte // the sender's copy (with Bcc)
	Out     []byte // what leaves (without Bcc)
	From    string
	Local   []Recipient // recipients inside
	Remote  []string    // recipients outside
	Release time.Time
	Answers email.MessageID // message answered, marked answered at release; may be ""
}

func (s *Store) Submit(ctx context.Context, sub Submission) (SendID, error) { panic("unbuilt") }

// Undo takes a held submission back into Drafts; ErrTooLate when it was released.
func (s *Store) Undo(ctx context.Context, m email.MailboxID, id SendID) (draft email.MessageID, err error) {
	panic("unbuilt")
}

// Release lets go what was held and is due: sent copy in Sent with its entry, the answered mark, local deliveries
// (origin portal), outside recipients queued. Restart-safe and done once. It returns the next due time (zero: none held).
func (s *Store) Release(ctx context.Context) (next time.Time, err error) { panic("unbuilt") }

// Outbound queue (L13): rows are rebuilt from spool files.
type OutRecipient struct {
	Address  string
	State    string // "queued", "sent", "failed"
	Attempts int
	Next     time.Time
	Words    string // last answer of the remote server
}
type OutMessage struct {
	ID         SendID
	Mailbox    email.MailboxID // the sender's; "" for reports of our own
	Message    email.MessageID // the copy in Sent
	From       string
	Recipients []OutRecipient
	Created    time.Time
	Lease      string // fencing token of this claim
}

// Enqueue puts a message without a portal draft into the queue.
func (s *Store) Enqueue(ctx context.Context, m email.MailboxID, from string, to []string, octets []byte) (SendID, error) {
	panic("unbuilt")
}

// ClaimOutbound leases up to limit due messages for the time of lease; only their due recipients are listed.
func (s *Store) ClaimOutbound(ctx context.Context, lease time.Duration, limit int) ([]OutMessage, error) {
	panic("unbuilt")
}

// ReportOutbound records outcomes of a claim (ErrLostLease when it was taken over) and drops the spool file when nobody is queued any more.
func (s *Store) ReportOutbound(ctx context.Context, m OutMessage, results []OutRecipient) error {
	panic("unbuilt")
}
func (s *Store) SpoolOctets(ctx context.Context, id SendID) ([]byte, error) { panic("unbuilt") }

// Submissions lists a mailbox's recent submissions (held and on their way), newest first, for pages; m "" lists all.
func (s *Store) Submissions(ctx context.Context, m email.MailboxID, limit int) ([]SubmissionRow, error) {
	panic("unbuilt")
}

type SubmissionRow struct {
	OutMessage
	Subject string
	Held    bool
	Release time.Time
}

// Entry is one change of one mailbox.
type Entry struct {
	Mailbox email.MailboxID
	Seq     Seq
	Message email.MessageID
	Kind    Kind
	Origin  Origin
	At      time.Time
	Detail  Detail
}

type Kind string

const (
	Arrived   Kind = "arrived"   // delivered; Detail.To = folder
	SentOut   Kind = "sent"      // own copy appeared in Sent
	DraftSave Kind = "draft"     // a version was saved
	DraftGone Kind = "draftgone" // discarded or sent
	Flagged   Kind = "flags"     // Detail.Flags = absolute state
	Moved     Kind = "moved"     // Detail.From, Detail.To
	Deleted   Kind = "deleted"   // for good
	Merged    Kind = "merged"    // second arrival of the same identity
	NewFolder Kind = "folder"    // Detail.To = id, Detail.Name
	Found     Kind = "found"     // file without a row
	Expired   Kind = "expired"
)

type Detail struct {
	From, To FolderID `json:",omitempty"`
	Name     string   `json:",omitempty"`
	Flags    *Flags   `json:",omitempty"`
}

// Moved lists mailboxes whose log is ahead of the consumer's cursor.
func (s *Store) Behind(ctx context.Context, consumer string) ([]email.MailboxID, error) {
	panic("unbuilt")
}
func (s *Store) Entries(ctx context.Context, m email.MailboxID, after Seq, limit int) ([]Entry, error) {
	panic("unbuilt")
}
func (s *Store) Cursor(ctx context.Context, consumer string, m email.MailboxID) (Seq, error) {
	panic("unbuilt")
}

// Advance moves a consumer's cursor and runs f in the same commit; ErrCursor when the cursor is not at from.
func (s *Store) Advance(ctx context.Context, consumer string, m email.MailboxID, from, to Seq, f func(*database.Tx) error) error {
	panic("unbuilt")
}

// Settle marks messages as safely in Exchange, inside the consumer's own commit (L10, L11).
func (s *Store) Settle(tx *database.Tx, m email.MailboxID, ids ...email.MessageID) error {
	panic("unbuilt")
}

// Notice tells that a mailbox's log moved. Watch never blocks a writer: a slow reader gets the newest notice per mailbox.
type Notice struct {
	Mailbox email.MailboxID
	Seq     Seq
}

func (s *Store) Watch() (notices <-chan Notice, stop func()) { panic("unbuilt") }

// Busy says how many deliveries are under way: the indexer yields to them.
func (s *Store) Busy() int { panic("unbuilt") }

// Expire applies the retention window: settled messages only, never on a clock that jumped (D10, L11).
func (s *Store) Expire(ctx context.Context) (removed int, err error) { panic("unbuilt") }

// Finding is a broken invariant.
type Finding struct {
	Mailbox email.MailboxID
	What    string // English sentence: what is wrong, and the remedy
}

// Check re-derives every invariant: files and rows, log without gaps, counts, threads, spool and queue.
func (s *Store) Check(ctx context.Context) ([]Finding, error) { panic("unbuilt") }

// Rebuild makes rows from the Maildir where rows are missing (origin rebuild: nothing is ever sent). progress may be nil.
func (s *Store) Rebuild(ctx context.Context, progress func(done, total int)) (added int, err error) {
	panic("unbuilt")
}

// ReadBlock splits a stored file into its store-only block and the rest; ok is false for a file without a block.
func ReadBlock(file []byte) (b Block, rest []byte, ok bool) { panic("unbuilt") }

// Block is the store-only part at the top of a file.
type Block struct {
	ID     email.MessageID
	Origin Origin
	From   string
	To     []string
	At     time.Time
}

func (b Block) Write(w io.Writer) error { panic("unbuilt") }
