// Package directory knows the organisation's mailboxes, addresses, groups and roles.
//
// What it knows comes from a CSV file (docs/directory.md) that the administrator or a job writes:
// it is read at start, when it changes, and every hour. In the mail database it keeps only what
// the file cannot say:
//
//	directory_mailbox  the random id that a primary address was given, once
//	directory_binding  which account (issuer and subject) a mailbox belongs to
//
// Everything else is an in-memory snapshot that is replaced as a whole, so that the answer to an
// SMTP recipient waits for nothing.
package directory

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdover/database"
	"holdover/email"
)

var (
	// ErrUnknown says that the directory has no such address.
	ErrUnknown = errors.New("no such address in the directory")
	// ErrNotBound says that an account belongs to no mailbox of the directory.
	ErrNotBound = errors.New("this account has no mailbox here")
	// ErrTaken says that the mailbox was bound to another account before.
	ErrTaken = errors.New("this mailbox is bound to another account")
)

// Kind says what a line of the directory is.
type Kind string

// Kinds of mailboxes. A group is no mailbox and has a type of its own.
const (
	User   Kind = "user"
	Shared Kind = "shared"
)

// Mailbox is one user's or one shared mailbox.
type Mailbox struct {
	ID       email.MailboxID
	Kind     Kind
	Address  string   // primary, as written in the file
	Aliases  []string // as written in the file
	Name     string   // display name, never empty
	Groups   []string // names of all groups it is in, nested ones included, for scope and roles
	Admin    bool
	Language string // "de", "en" or ""
	Location string // in Exchange: "on-premises", "online" or "" (it is found)

	Members []email.MailboxID // of a shared mailbox: the people who may open it, groups expanded
	SendAs  []email.MailboxID // of a shared mailbox: the people who may write with its address

	Title, Department, Phone string // for the signature, as written in the file; may be empty
}

// Group is a named set of mailboxes.
type Group struct {
	Name    string
	Address string            // "": a group for scope only
	Aliases []string          // further addresses
	Members []email.MailboxID // groups within are expanded
	Outside []string          // members that are no mailboxes here
}

// Options is what a directory needs.
type Options struct {
	DB       *database.DB
	CSV      string                     // path
	Complete bool                       // the administrator declared the file complete (L15)
	Fresh    time.Duration              // how long a good read stays final, default 24 h
	Known    map[string]email.MailboxID // ids that survive a lost database (mailstore.Addresses)
	// Admit prepares the mailboxes' places before any address of theirs is answered for; an error
	// keeps the state before. nil: nothing to prepare.
	Admit func(ctx context.Context, mailboxes []Mailbox) error
	Now   func() time.Time // default time.Now
	Log   *slog.Logger     // default slog.Default
}

//go:embed migrations/*.sql
var migrations embed.FS

// Directory answers from the last good state of the file. All methods may be called at any time
// from any goroutine. Slices in what it returns are shared: read them only.
type Directory struct {
	db       *database.DB
	file     string
	complete bool
	fresh    time.Duration
	known    map[string]email.MailboxID // by key
	admit    func(ctx context.Context, mailboxes []Mailbox) error
	now      func() time.Time
	log      *slog.Logger
	poll     time.Duration

	state atomic.Pointer[snapshot]
	read  sync.Mutex // one refresh at a time
	last  atomic.Pointer[attempt]
}

// attempt is the outcome of the latest refresh.
type attempt struct{ err error }

// Open reads the CSV; a broken one is a *FileError that names file, line, reason and remedy of
// every bad line at once, and changes nothing.
func Open(ctx context.Context, o Options) (*Directory, error) {
	d := &Directory{
		db: o.DB, file: o.CSV, complete: o.Complete, fresh: o.Fresh, admit: o.Admit, now: o.Now, log: o.Log, poll: pollEvery,
		known: make(map[string]email.MailboxID, len(o.Known)),
	}
	if d.fresh <= 0 {
		d.fresh = 24 * time.Hour
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	for address, id := range o.Known {
		d.known[key(address)] = id
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if err := d.db.Migrate(ctx, "directory", files); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if err := d.Refresh(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Target is what an address means inside.
type Target struct {
	Mailboxes []Mailbox // one, or a group's members
	Group     *Group    // nil for a plain mailbox
}

// Resolve answers for an envelope recipient: case-blind, aliases, groups. ErrUnknown otherwise.
func (d *Directory) Resolve(address string) (Target, error) {
	if t, ok := d.state.Load().targets[key(address)]; ok {
		return t, nil
	}
	return Target{}, ErrUnknown
}

// Final says whether ErrUnknown may be told as permanent: declared complete and the last good
// read is younger than Options.Fresh (L15). A clock that was set back makes no read final.
func (d *Directory) Final() bool {
	age := d.now().Sub(d.state.Load().at)
	return d.complete && age >= 0 && age < d.fresh
}

// LastRead says when the file was last read well, and what was wrong with it since then, if anything.
func (d *Directory) LastRead() (at time.Time, err error) {
	return d.state.Load().at, d.last.Load().err
}

// Domains lists the domains of all addresses, in lower case (A-labels), sorted.
func (d *Directory) Domains() []string { return slices.Clone(d.state.Load().domains) }

// Local says whether the address lies in one of our domains, known or not.
func (d *Directory) Local(address string) bool {
	_, domain, ok := cutAddress(key(address))
	if !ok {
		return false
	}
	_, ours := slices.BinarySearch(d.state.Load().domains, domain)
	return ours
}

// Mailbox finds a mailbox by its id; ok is false for one that is not (or no longer) in the file.
func (d *Directory) Mailbox(id email.MailboxID) (Mailbox, bool) {
	s := d.state.Load()
	i, ok := s.byID[id]
	if !ok {
		return Mailbox{}, false
	}
	return s.mailboxes[i], true
}

// Mailboxes lists all mailboxes in the order of the file.
func (d *Directory) Mailboxes() []Mailbox { return slices.Clone(d.state.Load().mailboxes) }

// Groups lists all groups by name.
func (d *Directory) Groups() []Group { return slices.Clone(d.state.Load().groups) }

// Place answers the domains of the mailbox's addresses and the names of its groups, for the scope
// of an event; ok is false for a mailbox that is not in the file.
func (d *Directory) Place(id email.MailboxID) (domains, groups []string, ok bool) {
	m, ok := d.Mailbox(id)
	if !ok {
		return nil, nil, false
	}
	for _, a := range append([]string{m.Address}, m.Aliases...) {
		_, domain, _ := cutAddress(key(a))
		if !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains, m.Groups, true
}
