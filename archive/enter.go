package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// recipient is one line of a report.
type recipient struct{ address, role, expanded string }

// arrival is a message of an event in one mailbox.
type arrival struct {
	id         string
	mailbox    email.MailboxID
	message    email.MessageID
	at         time.Time
	recipients []recipient
}

// Enter reads what the archive must know of entries; what it answers, nil for nothing, enters it and
// runs in the commit that moves the reader of the log over them.
func (a *Archive) Enter(ctx context.Context, m email.MailboxID, entries []mailstore.Entry) (func(*database.Tx) error, error) {
	covered, err := a.covering(ctx, m)
	if err != nil || len(covered) == 0 {
		return nil, err
	}
	var found []arrival
	for _, e := range entries {
		if !wanted(e) || !slices.ContainsFunc(covered, func(c continuity.Event) bool { return within(c, e.At) }) {
			continue
		}
		one, err := a.arrivalOf(ctx, m, e)
		if errors.Is(err, mailstore.ErrNotFound) {
			a.o.Log.Error("archive: a message of an event is gone before it was archived", "mailbox", m, "message", e.Message)
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return func(tx *database.Tx) error {
		for _, one := range found {
			if err := enter(tx, one); err != nil {
				return fmt.Errorf("archive: %w", err)
			}
		}
		a.nudge()
		return nil
	}, nil
}

// wanted are messages that came in or were sent; what Exchange did itself it has journalled.
func wanted(e mailstore.Entry) bool {
	if !e.Origin.Told() {
		return false
	}
	return e.Kind == mailstore.SentOut || (e.Kind == mailstore.Arrived || e.Kind == mailstore.Found) && e.Detail.To != mailstore.Drafts
}

// recent is how many events are looked at: those that can still have entries nobody has read.
const recent = 100

func (a *Archive) covering(ctx context.Context, m email.MailboxID) (covered []continuity.Event, err error) {
	events, err := a.o.Events.Events(ctx, recent)
	for _, e := range events {
		if e.Kind.Closes() && a.o.Events.Covers(e, m) {
			covered = append(covered, e)
		}
	}
	return covered, err
}

func within(e continuity.Event, at time.Time) bool {
	return !at.Before(e.Started) && (e.Released.IsZero() || at.Before(e.Released))
}

func (a *Archive) arrivalOf(ctx context.Context, m email.MailboxID, e mailstore.Entry) (one arrival, err error) {
	message, err := a.o.Store.Kept(ctx, m, e.Message)
	if err != nil {
		return one, err
	}
	one = arrival{id: identity(message), mailbox: m, message: e.Message, at: e.At}
	if e.Kind == mailstore.SentOut {
		for role, list := range map[string][]email.Address{"To": message.To, "Cc": message.Cc, "Bcc": message.Bcc} {
			for _, to := range list {
				one.recipients = append(one.recipients, recipient{address: to.Addr, role: role})
			}
		}
		return one, nil
	}
	box, _ := a.o.Directory.Mailbox(m)
	for _, to := range message.Envelope.To {
		one.recipients = append(one.recipients, expand(box.Address, box.Aliases, to))
	}
	if len(message.Envelope.To) == 0 && box.Address != "" {
		one.recipients = append(one.recipients, recipient{address: box.Address})
	}
	return one, nil
}

// expand tells a mailbox's own address from a group through which the message came.
func expand(primary string, aliases []string, to string) recipient {
	same := func(own string) bool { return strings.EqualFold(own, to) }
	if primary == "" || same(primary) || slices.ContainsFunc(aliases, same) {
		return recipient{address: to}
	}
	return recipient{address: primary, expanded: to}
}

// identity is the same for a message in whichever mailbox: Message-ID and hash of the body, as L1 has
// it. What has no Message-ID is only itself.
func identity(m mailstore.Message) string {
	text := "message\x00" + m.MessageID + "\x00" + m.BodyHash
	if m.MessageID == "" {
		text = "own\x00" + string(m.Mailbox) + "\x00" + string(m.ID)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// enter makes a row of a message, or adds recipients to one that has not left yet. A recipient that
// stands in a report already makes nothing; one that is new after the report left makes another.
func enter(tx *database.Tx, one arrival) error {
	fork, waits, err := lastFork(tx, one.id)
	if err != nil {
		return err
	}
	for _, r := range one.recipients {
		address := strings.ToLower(r.address)
		n, err := tx.Changed(`UPDATE archive_recipient SET role=CASE WHEN role='' THEN ? ELSE role END, expanded=CASE WHEN expanded='' THEN ? ELSE expanded END
			WHERE id=? AND address=?`, r.role, r.expanded, one.id, address)
		if err != nil || n > 0 {
			if err != nil {
				return err
			}
			continue
		}
		if !waits {
			fork, waits = fork+1, true
			if err := insert(tx, one, fork); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`INSERT INTO archive_recipient (id, address, fork, role, expanded) VALUES (?,?,?,?,?)`, one.id, address, fork, r.role, r.expanded); err != nil {
			return err
		}
	}
	return nil
}

func lastFork(tx *database.Tx, id string) (fork int, waits bool, err error) {
	rows, err := tx.Query(`SELECT fork, state FROM archive_report WHERE id=? ORDER BY fork`, id)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var state State
		if err := rows.Scan(&fork, &state); err != nil {
			return 0, false, err
		}
		waits = state == Waiting
	}
	return fork, waits, rows.Err()
}

func insert(tx *database.Tx, one arrival, fork int) error {
	at := one.at.UnixMilli()
	_, err := tx.Exec(`INSERT INTO archive_report (id, fork, mailbox, message, at, state, next, attempts, fence, lease, worker, changed, words, remedy)
		VALUES (?,?,?,?,?,'waiting',?,0,0,0,'',?,'','')`, one.id, fork, string(one.mailbox), string(one.message), at, at+gather.Milliseconds(), at)
	return err
}
