// Package directory knows the organisation's mailboxes, addresses, groups and roles.
package directory

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"holdover/database"
	"holdover/email"
)

var (
	ErrUnknown  = errors.New("no such address in the directory")
	ErrNotBound = errors.New("this account has no mailbox here")
	ErrTaken    = errors.New("this mailbox is bound to another account")
)

type Kind string

const (
	User   Kind = "user"
	Shared Kind = "shared"
)

type Mailbox struct {
	ID       email.MailboxID
	Kind     Kind
	Address  string // primary
	Aliases  []string
	Name     string
	Groups   []string // names of groups, for scope and roles
	Admin    bool
	Language string // "de", "en" or ""
}

type Group struct {
	Name    string
	Address string // "" : a group for scope only
	Members []email.MailboxID
	Outside []string // members that are no mailboxes here
}

type Options struct {
	DB       *database.DB
	CSV      string                     // path
	Complete bool                       // the administrator declared it complete (L15)
	Fresh    time.Duration              // 24 h
	Known    map[string]email.MailboxID // ids that survive a lost database (mailstore.Addresses)
	Now      func() time.Time
	Log      *slog.Logger
}

type Directory struct{}

// Open reads the CSV; a broken one names file, line, reason and remedy, every bad line at once, and changes nothing.
func Open(ctx context.Context, o Options) (*Directory, error) { panic("unbuilt") }

// Refresh reads the CSV again; on error the last good state stays and ages.
func (d *Directory) Refresh(ctx context.Context) error { panic("unbuilt") }
func (d *Directory) Run(ctx context.Context) error     { panic("unbuilt") } // refreshes when the file changes, and every hour

// Target is what an address means inside.
type Target struct {
	Mailboxes []Mailbox // one, or a group's members
	Group     *Group    // nil for a plain mailbox
}

// Resolve answers for an envelope recipient: case-blind, aliases, groups. ErrUnknown otherwise.
func (d *Directory) Resolve(address string) (Target, error) { panic("unbuilt") }

// Final says whether ErrUnknown may be told as permanent: declared complete and last good read younger than Fresh.
func (d *Directory) Final() bool                                     { panic("unbuilt") }
func (d *Directory) LastRead() (at time.Time, err error)             { panic("unbuilt") }
func (d *Directory) Domains() []string                               { panic("unbuilt") }
func (d *Directory) Local(address string) bool                       { panic("unbuilt") } // domain is ours
func (d *Directory) Mailbox(id email.MailboxID) (Mailbox, bool)      { panic("unbuilt") }
func (d *Directory) Mailboxes() []Mailbox                            { panic("unbuilt") }
func (d *Directory) Groups() []Group                                 { panic("unbuilt") }
func (d *Directory) Suggest(typed string, limit int) []email.Address { panic("unbuilt") }

// Bind maps a sign-in to a mailbox: by issuer and subject if known, else by the verified address, which is then bound for good.
func (d *Directory) Bind(ctx context.Context, issuer, subject, address string) (Mailbox, error) {
	panic("unbuilt")
}
