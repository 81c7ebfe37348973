// Package search finds messages of one mailbox: query language, one index per mailbox, following the change log.
package search

import (
	"context"
	"log/slog"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// Source is what the index reads from.
type Source interface {
	Behind(ctx context.Context, consumer string) ([]email.MailboxID, error)
	Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error)
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
	Watch() (<-chan mailstore.Notice, func())
	Busy() int
}

type Options struct {
	Dir    string
	Source Source
	Open   int // indexes kept open, default 200
	Now    func() time.Time
	Log    *slog.Logger
}

type Index struct{}

func Open(o Options) (*Index, error) { panic("unbuilt") }
func (x *Index) Close() error        { panic("unbuilt") }

// Run follows the log until ctx ends; it yields while mail is coming in.
func (x *Index) Run(ctx context.Context) error { panic("unbuilt") }

type Result struct {
	Hits    []Hit
	Total   int
	Chips   []Chip // the query as understood
	Partial bool   // the index is behind or being rebuilt
}

// Hit is one message; Subject and Snippet are cut into pieces, the marked ones matched.
type Hit struct {
	Message email.MessageID
	Subject []Piece
	Snippet []Piece
}
type Piece struct {
	Text string
	Mark bool
}

// Chip is one understood term; Without is the query text that is left when it is removed.
type Chip struct{ Field, Text, Without string }

// Search never fails over its query: what is no operator is text. Newest first. One query a mailbox at a time.
func (x *Index) Search(ctx context.Context, m email.MailboxID, query string, offset, limit int) (Result, error) {
	panic("unbuilt")
}

// Rebuild throws a mailbox's index away and builds it anew in the background.
func (x *Index) Rebuild(m email.MailboxID) error { panic("unbuilt") }

// Check compares an index with the store: counts and sampled documents.
func (x *Index) Check(ctx context.Context, m email.MailboxID) ([]string, error) { panic("unbuilt") }

// Remove deletes a mailbox's index.
func (x *Index) Remove(m email.MailboxID) error { panic("unbuilt") }
