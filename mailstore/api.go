package mailstore

import (
	"context"
	"time"

	"holdover/email"
)

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

// Expire applies the retention window: settled messages only, never on a clock that jumped (D10, L11).
func (s *Store) Expire(ctx context.Context) (removed int, err error) { panic("unbuilt") }

// Finding is a broken invariant.
type Finding struct {
	Mailbox email.MailboxID
	What    string // English sentence: what is wrong, and the remedy
}

// Check re-derives every invariant: files and rows, log without gaps, counts, threads, spool and queue.
func (s *Store) Check(ctx context.Context) ([]Finding, error) { return nil, nil }

// Rebuild makes rows from the Maildir where rows are missing (origin rebuild: nothing is ever sent). progress may be nil.
func (s *Store) Rebuild(ctx context.Context, progress func(done, total int)) (added int, err error) {
	panic("unbuilt")
}
