package syncback

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// Check looks at a message that waited through a lockdown, before Exchange gets it: what came while an
// attacker was in the house is looked at again with what is known now. It answers why the message must
// not go in, "" if it may; an error means that it could not look, and the item waits. octets are the
// message as it was received. Scanners are checks of their own.
type Check interface {
	Look(ctx context.Context, octets []byte) (why string, err error)
}

// Policy is the check by size, structure and kinds of attachments.
type Policy struct {
	Largest int64    // octets of a message, 0 is no bound
	Blocked []string // endings of attachment names, as ".exe"; nil: BlockedEndings
}

// BlockedEndings are files that run on a double click, in the order of the alphabet.
func BlockedEndings() []string {
	return []string{".bat", ".chm", ".cmd", ".com", ".cpl", ".exe", ".hta", ".iso", ".jar", ".js", ".jse", ".lnk", ".msi", ".one", ".pif", ".ps1",
		".reg", ".scr", ".vbe", ".vbs", ".vhd", ".wsf", ".wsh"}
}

// Look is the policy's answer.
func (p Policy) Look(_ context.Context, octets []byte) (string, error) {
	if p.Largest > 0 && int64(len(octets)) > p.Largest {
		return fmt.Sprintf("it is larger than %d octets", p.Largest), nil
	}
	message := email.Parse(octets)
	if message.Problem != "" {
		return "its structure cannot be looked through (" + message.Problem + ")", nil
	}
	blocked := p.Blocked
	if blocked == nil {
		blocked = BlockedEndings()
	}
	for _, part := range message.Parts {
		// Windows takes away dots and blanks at the end of a name.
		if ending := strings.ToLower(path.Ext(strings.TrimRight(part.Name, ". "))); ending != "" && slices.Contains(blocked, ending) {
			return "it has an attachment of the kind " + ending, nil
		}
	}
	return "", nil
}

// unfit begins the words of items that a check did not let in.
const unfit = "not let in after the lockdown: "

// errUnfit says that a check does not let a message in.
type errUnfit struct{ why string }

func (e errUnfit) Error() string { return unfit + e.why }

// octets reads a row's message for Exchange; what waited through a lockdown is checked again.
func (s *Syncback) octets(ctx context.Context, r row) ([]byte, error) {
	raw, err := s.o.Store.Raw(ctx, r.mailbox, r.message())
	if err != nil {
		return nil, missing(err)
	}
	if s.o.Release == nil || len(s.o.Checks) == 0 {
		return raw, nil
	}
	if again, err := s.waitedThroughLockdown(ctx, r); err != nil {
		return nil, missing(err)
	} else if !again {
		return raw, nil
	}
	for _, c := range s.o.Checks {
		why, err := c.Look(ctx, raw)
		if err != nil {
			return nil, missing(fmt.Errorf("the check before the release: %w", err))
		}
		if why != "" {
			return nil, errUnfit{why}
		}
	}
	return raw, nil
}

// waitedThroughLockdown says whether a row was made while a lockdown was over its mailbox, or before
// it and still not told, and no person has let it in since.
func (s *Syncback) waitedThroughLockdown(ctx context.Context, r row) (again bool, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		again = false
		list, err := s.o.Release.Lockdowns(tx, r.mailbox)
		if err != nil {
			return err
		}
		for _, e := range list {
			again = again || r.at <= millis(e.Released)
		}
		if !again {
			return nil
		}
		var approved int
		err = tx.QueryRow(`SELECT COUNT(*) FROM syncback_approved WHERE mailbox=? AND seq=?`, string(r.mailbox), int64(r.seq)).Scan(&approved)
		again = approved == 0
		return err
	})
	return again, err
}

// approve notes that a person lets an item in that a check held back.
func approve(tx *database.Tx, r row, by string, now time.Time) error {
	if !strings.HasPrefix(r.words, unfit) {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO syncback_approved (mailbox, seq, at, actor) VALUES (?,?,?,?) ON CONFLICT (mailbox, seq) DO NOTHING`,
		string(r.mailbox), int64(r.seq), millis(now), by)
	return err
}
