package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"holdover/database"
	"holdover/email"
)

// Bind maps a sign-in to a mailbox: by issuer and subject if known, else by the verified address,
// which is then bound for good. ErrNotBound: no mailbox (any more) for this account, or the
// address is a group's. ErrTaken: another account was bound to the mailbox first.
func (d *Directory) Bind(ctx context.Context, issuer, subject, address string) (Mailbox, error) {
	if issuer == "" || subject == "" {
		return Mailbox{}, ErrNotBound
	}
	var id email.MailboxID
	err := d.db.Read(ctx, func(tx *database.Tx) (err error) {
		id, err = boundTo(tx, issuer, subject)
		return err
	})
	if errors.Is(err, ErrNotBound) {
		id, err = d.bindFirst(ctx, issuer, subject, address)
	}
	if err != nil {
		return Mailbox{}, fmt.Errorf("bind account: %w", err)
	}
	m, ok := d.Mailbox(id)
	if !ok { // has left the organisation since
		return Mailbox{}, fmt.Errorf("bind account: %w", ErrNotBound)
	}
	return m, nil
}

// bindFirst notes a first sign-in; of two at the same moment one wins.
func (d *Directory) bindFirst(ctx context.Context, issuer, subject, address string) (email.MailboxID, error) {
	t, err := d.Resolve(address)
	if err != nil || t.Group != nil {
		return "", ErrNotBound
	}
	id := t.Mailboxes[0].ID
	err = d.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO directory_binding (issuer, subject, mailbox, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			issuer, subject, string(id), d.now().UnixMilli())
		if err != nil {
			return err
		}
		bound, err := boundTo(tx, issuer, subject)
		if errors.Is(err, ErrNotBound) {
			return ErrTaken
		}
		id = bound
		return err
	})
	if err == nil {
		d.log.Info("account bound to mailbox", "mailbox", id, "issuer", issuer)
	}
	return id, err
}

func boundTo(tx *database.Tx, issuer, subject string) (id email.MailboxID, err error) {
	err = tx.QueryRow(`SELECT mailbox FROM directory_binding WHERE issuer = ? AND subject = ?`, issuer, subject).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotBound
	}
	return id, err
}

// Unbind frees a mailbox for another account: the identity provider was replaced, or the person's
// account there was made anew. It is an administrator's act.
func (d *Directory) Unbind(ctx context.Context, id email.MailboxID) error {
	err := d.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM directory_binding WHERE mailbox = ?`, string(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("unbind mailbox %s: %w", id, err)
	}
	d.log.Info("mailbox unbound", "mailbox", id)
	return nil
}
