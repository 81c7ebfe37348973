// Package web is the webmail and the administrators' desk: routes and handlers. A handler parses a
// request, calls a room and renders a view. Every page works without JavaScript; htmx renews the
// main element in place where it runs.
package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"holdover/continuity"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/search"
	"holdover/signin"
	"holdover/syncback"
	"holdover/web/desk"
)

// Options are all that the pages need. Mail, Search, Calendar, Directory, Signin, Events and Syncback are
// the rooms of that name.
type Options struct {
	Mail         Mail
	Search       Search
	Calendar     Calendar
	Notices      Notices // nil: the administrator has not switched notifications on
	Directory    Directory
	Signin       Signin
	Events       Events
	Syncback     Syncback
	Gate         desk.Gatekeeper // between the end of an event and the drain
	Releases     desk.Releases
	Refills      desk.Refills // nil: mailboxes cannot be refilled
	Archive      desk.Archive // of journal reports; nil: none
	Organisation Organisation
	Signatures   map[string]string // by language: "de", "en"; a text with places for the directory's fields
	Templates    []Template        // texts to insert
	Host         string            // as in https://HOST, printed on the sign-in page
	Marks        string            // "de": AW: and WG:, "en": Re: and Fwd:, "" as the writer's language
	ReadOnly     bool              // outside an event mail is only read here
	Outlook      string            // URL where people go on when Exchange is back, may be empty
	Undo         time.Duration     // how long a sent message is held, default 10 s
	MaxUpload    int64             // octets of one message being written, default 25 MiB
	AdminToken   string            // for the API; "" switches the API off
	Trusted      []string          // servers whose Authentication-Results are believed; email.NamelessResults: Exchange Online's in mail from Exchange
	Pictures     Pictures          // remote images on request; nil: never
	Paper        Paper             // pictures of the pages of PDF files; nil: they are files to keep
	Storybook    bool              // show engineers each component with awkward data at /storybook
	Unlimited    bool              // no rate limits (the demo, tests)
	Secure       bool              // pages are served over TLS: https in addresses, HSTS
	Zone         *time.Location    // of the times shown, default time.Local
	Language     string            // where neither person nor browser says otherwise, default German
	Catalogues   []fs.FS           // of further languages, as words/*.toml
	Now          func() time.Time
	Log          *slog.Logger
}

// Organisation is whose mail it is.
type Organisation struct {
	Name       string
	Logo       []byte // SVG, PNG, JPEG or WebP; nil: the first letter of the name
	Phone      string // of the help desk, as people read it
	Brand      string // "#rrggbb", the line on top; "" the default
	Imprint    string // URL, may be empty: the desk says so
	Privacy    string // URL, may be empty: the desk says so
	Accessible string // URL of its own accessibility statement; "" for the one of the program
}

// Template is a text that people may insert, in each language.
type Template struct{ Name, Text map[string]string }

// Mail is what the pages ask of the store.
type Mail interface {
	Folders(ctx context.Context, m email.MailboxID) ([]mailstore.Folder, error)
	Threads(ctx context.Context, m email.MailboxID, f mailstore.FolderID, before mailstore.Before, limit int) ([]mailstore.ThreadRow, mailstore.Before, error)
	Singles(ctx context.Context, m email.MailboxID, f mailstore.FolderID, before mailstore.Before, limit int) ([]mailstore.ThreadRow, mailstore.Before, error)
	Conversation(ctx context.Context, m email.MailboxID, t mailstore.ThreadID) ([]mailstore.Message, error)
	Message(ctx context.Context, m email.MailboxID, id email.MessageID) (mailstore.Message, error)
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
	SetFlags(ctx context.Context, o mailstore.Origin, m email.MailboxID, ids []email.MessageID, c mailstore.FlagChange) error
	SetCategories(ctx context.Context, o mailstore.Origin, m email.MailboxID, ids []email.MessageID, c email.CategoryChange) error
	Categories(ctx context.Context, m email.MailboxID) (email.Categories, error)
	folders
	Move(ctx context.Context, o mailstore.Origin, m email.MailboxID, ids []email.MessageID, to mailstore.FolderID) error
	Delete(ctx context.Context, o mailstore.Origin, m email.MailboxID, ids []email.MessageID) error
	Deeds(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID][]mailstore.Deed, error)
	Watch() (<-chan mailstore.Notice, func())
	writing
	desk.Mail
	memory
}

// folders are made by hand.
type folders interface {
	CreateFolder(ctx context.Context, o mailstore.Origin, m email.MailboxID, parent mailstore.FolderID, name string) (mailstore.FolderID, error)
	RenameFolder(ctx context.Context, o mailstore.Origin, m email.MailboxID, id mailstore.FolderID, name string) error
	DeleteFolder(ctx context.Context, o mailstore.Origin, m email.MailboxID, id mailstore.FolderID) error
	RestoreFolder(ctx context.Context, o mailstore.Origin, m email.MailboxID, id mailstore.FolderID) error
}

// memory is what the store knows of a mailbox's owner: choices made while reading, correspondents.
type memory interface {
	Prefer(ctx context.Context, m email.MailboxID, name, value string) error
	Preferences(ctx context.Context, m email.MailboxID, names ...string) (map[string]string, error)
	Knows(ctx context.Context, m email.MailboxID, address string) (since time.Time, err error)
	Correspondents(ctx context.Context, m email.MailboxID) ([]mailstore.Correspondent, error)
	Unsuggest(ctx context.Context, m email.MailboxID, address string) error
}

// writing is what composing and sending ask of the store.
type writing interface {
	SaveDraft(ctx context.Context, m email.MailboxID, id email.MessageID, version int, octets []byte) (email.MessageID, int, error)
	DiscardDraft(ctx context.Context, m email.MailboxID, id email.MessageID) error
	Submit(ctx context.Context, sub mailstore.Submission) (mailstore.SendID, error)
	Undo(ctx context.Context, m email.MailboxID, id mailstore.SendID) (email.MessageID, error)
	Sending(ctx context.Context, m email.MailboxID, key mailstore.SendKey) (mailstore.SubmissionRow, error)
	Held(ctx context.Context, m email.MailboxID, t mailstore.ThreadID) ([]mailstore.HeldMessage, error)
	SentOf(ctx context.Context, m email.MailboxID, copies []email.MessageID) (map[email.MessageID]mailstore.SubmissionRow, error)
}

// Search finds messages of one mailbox.
type Search interface {
	Search(ctx context.Context, m email.MailboxID, query string, offset, limit int) (search.Result, error)
	Find(ctx context.Context, m email.MailboxID, query string, limit int) (ids []email.MessageID, total int, open bool, err error)
}

// Directory knows people and addresses.
type Directory interface {
	desk.Directory
	Opens(person email.MailboxID) []directory.Mailbox
	SendsAs(person email.MailboxID) []directory.Mailbox
	Local(address string) bool
	Suggest(typed string, limit int) []email.Address
}

// Signin lets people in.
type Signin interface {
	Load(next http.Handler) http.Handler
	Of(ctx context.Context) (signin.Person, bool)
	Begin(ctx context.Context, back string) (url string, err error)
	Finish(ctx context.Context, query map[string][]string) (back string, err error)
	Out(ctx context.Context) error
	Lapsed(ctx context.Context) (l signin.Lapse, ok bool, err error)
	Spend(ctx context.Context, l signin.Lapse, octets int64) error
	Ends(ctx context.Context) (at, atMost time.Time, err error)
	Prefer(ctx context.Context, key, value string)
}

// Events are the continuity events.
type Events interface {
	desk.Events
	Covering(ctx context.Context, m email.MailboxID) (continuity.Event, bool, error)
	Watch() (<-chan struct{}, func())
}

// Syncback tells what waits for Exchange.
type Syncback interface {
	desk.Syncback
	Position(ctx context.Context, m email.MailboxID) (syncback.Position, error)
	Unverified(ctx context.Context, m email.MailboxID) (int, error)
	States(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]syncback.State, error)
	Own(ctx context.Context, m email.MailboxID, span syncback.Span) (syncback.Counts, error)
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Undo == 0 {
		o.Undo = 10 * time.Second
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = 25 << 20
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
