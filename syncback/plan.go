package syncback

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// planBatch is how many entries one commit plans.
const planBatch = 200

// plan makes ledger rows of a mailbox's entries behind the cursor, and moves the cursor in the
// same commit. It runs whatever the gate says: only claiming asks the gate.
func (s *Syncback) plan(ctx context.Context, m email.MailboxID) error {
	for {
		cursor, err := s.o.Store.Cursor(ctx, consumer, m)
		if err != nil {
			return err
		}
		entries, err := s.o.Store.Entries(ctx, m, cursor, planBatch)
		if err != nil || len(entries) == 0 {
			return err
		}
		drafts, err := s.draftRows(ctx, m, entries)
		if err != nil {
			return err
		}
		archive := func(*database.Tx) error { return nil }
		if s.o.Archive != nil {
			if more, err := s.o.Archive.Enter(ctx, m, entries); err != nil {
				return err
			} else if more != nil {
				archive = more
			}
		}
		if err := s.step("plan", m); err != nil {
			return err
		}
		err = s.o.Store.Advance(ctx, consumer, m, cursor, entries[len(entries)-1].Seq, func(tx *database.Tx) error {
			if err := archive(tx); err != nil {
				return err
			}
			return s.enter(tx, drafts)
		})
		if errors.Is(err, mailstore.ErrCursor) {
			continue // another node was quicker
		}
		if err != nil {
			return err
		}
		if err := s.step("planned", m); err != nil {
			return err
		}
	}
}

// draftRows turns entries into rows, outside of any transaction.
func (s *Syncback) draftRows(ctx context.Context, m email.MailboxID, entries []mailstore.Entry) ([]row, error) {
	known, err := s.messagesOf(ctx, m, entries)
	if err != nil {
		return nil, err
	}
	now := millis(s.now())
	var rows []row
	for i, e := range entries {
		if s.o.faults.skipEntry && i == 0 {
			continue
		}
		op, ok := operationOf(e)
		if !ok {
			continue
		}
		r := row{mailbox: m, seq: e.Seq, item: string(e.Message), kind: e.Kind, op: op, state: Waiting, at: millis(e.At), changed: now,
			detail: detail{From: e.Detail.From, To: e.Detail.To, Name: e.Detail.Name, Old: e.Detail.Old, Flags: e.Detail.Flags, Was: e.Detail.Was, Categories: e.Detail.Categories, Had: e.Detail.Had, Date: millis(e.At)}}
		if op.places() {
			r.item = folderItem(e.Detail.To)
		} else {
			s.identify(ctx, &r, e, known[e.Message])
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (s *Syncback) messagesOf(ctx context.Context, m email.MailboxID, entries []mailstore.Entry) (map[email.MessageID]mailstore.Message, error) {
	seen := map[email.MessageID]bool{}
	var ids []email.MessageID
	for _, e := range entries {
		if e.Message != "" && e.Origin.Told() && !seen[e.Message] {
			seen[e.Message] = true
			ids = append(ids, e.Message)
		}
	}
	known := map[email.MessageID]mailstore.Message{}
	if len(ids) == 0 {
		return known, nil
	}
	messages, err := s.o.Store.Messages(ctx, m, ids)
	if err != nil {
		return nil, fmt.Errorf("messages of the log: %w", err)
	}
	for _, message := range messages {
		known[message.ID] = message
	}
	for _, id := range ids { // deleted for good before it was planned: it still goes back (L7)
		if _, ok := known[id]; ok {
			continue
		}
		if message, err := s.o.Store.Kept(ctx, m, id); err == nil {
			known[id] = message
		} else if !errors.Is(err, mailstore.ErrNotFound) {
			return nil, fmt.Errorf("message of the log: %w", err)
		}
	}
	return known, nil
}

// operationOf says what Exchange must be told of an entry; false: nothing. Only told origins
// count (L2): retention, erasure, rebuilds and what Exchange did itself never reach it.
func operationOf(e mailstore.Entry) (operation, bool) {
	if !e.Origin.Told() {
		return "", false
	}
	switch e.Kind {
	case mailstore.Arrived, mailstore.Found:
		switch {
		case e.Origin == mailstore.FromOutside:
			return deliver, true
		case e.Detail.To == mailstore.Drafts: // its file outlived a crash that its row did not
			return draft, true
		}
		return put, true
	case mailstore.SentOut:
		return put, true
	case mailstore.Refilled:
		if e.Detail.To == mailstore.Drafts {
			return draft, true
		}
		return put, true
	case mailstore.DraftSave:
		return draft, true
	case mailstore.DraftGone:
		return erase, true
	case mailstore.Flagged:
		return flags, e.Detail.Flags != nil
	case mailstore.Categorised:
		return categories, true
	case mailstore.Moved, mailstore.Deleted:
		return move, true
	case mailstore.NewFolder:
		return folder, true
	case mailstore.NamedFolder:
		return rename, true
	case mailstore.GoneFolder:
		return discard, true
	}
	return "", false
}

// identify fills in by what the message is recognised in Exchange.
func (s *Syncback) identify(ctx context.Context, r *row, e mailstore.Entry, message mailstore.Message) {
	r.msgid, r.detail.Sender = message.MessageID, message.Envelope.From
	if !message.Received.IsZero() {
		r.detail.Date = millis(message.Received)
	}
	switch {
	case r.op == move && e.Kind == mailstore.Deleted:
		r.detail.To = mailstore.Trash // "delete for good" of the portal means Deleted Items there (L7)
	case e.Kind == mailstore.SentOut:
		r.detail.To, r.detail.Flags = mailstore.Sent, &mailstore.Flags{Seen: true}
	case r.op == put:
		r.detail.Others = e.Kind != mailstore.Refilled || e.Detail.To != mailstore.Sent
	}
	if r.op.gives() && r.detail.To == "" {
		r.detail.To = mailstore.Inbox
	}
	outside := message.Origin == mailstore.FromOutside || e.Origin == mailstore.FromOutside && r.op == deliver
	if r.msgid != "" && (!outside || e.Kind == mailstore.Refilled) {
		return // what is refilled may have come to Exchange by ways without our Received line
	}
	s.identifyByOctets(ctx, r)
}

// identifyByOctets reads the header: mail from outside carries our id in our Received line, which
// tells it from another mail with the same Message-ID (L9).
func (s *Syncback) identifyByOctets(ctx context.Context, r *row) {
	raw, err := s.o.Store.Raw(ctx, r.mailbox, r.message())
	if err != nil {
		return // told when it is its turn
	}
	if r.msgid == "" {
		r.msgid = email.Summarize(raw).MessageID
	}
	if carriesTrace(raw, r.item) {
		r.mark = r.item
	}
}

// carriesTrace says whether a Received line at the top has our id.
func carriesTrace(raw []byte, id string) bool {
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for {
		before, after, found := bytes.Cut(header, []byte(id))
		if !found {
			return false
		}
		words := bytes.Fields(bytes.TrimSuffix(before, []byte("<")))
		if n := len(words); n > 0 && bytes.EqualFold(words[n-1], []byte("id")) && len(after) > 0 && bytes.IndexByte([]byte(" \t\r\n;>"), after[0]) >= 0 {
			return true
		}
		header = after
	}
}
