package directory

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// known mailboxes by key of the address that was primary when the file was last read.
type knownIDs map[string]knownID

type knownID struct {
	id   email.MailboxID
	gone bool
}

// changes is what has to be written so that every mailbox of a plan has its id.
type changes struct {
	added   map[string]email.MailboxID // primary address: new id
	renamed map[string]string          // old primary address: new one
	back    []string                   // in the file again
	gone    []string                   // no longer in the file
}

func (c changes) none() bool {
	return len(c.added)+len(c.renamed)+len(c.back)+len(c.gone) == 0
}

// settle compares the plan with what is known. An id follows its primary address; when that is
// new, it follows the first alias that was a primary address before (a rename); when the database
// knows nothing, it is what the Maildir remembers; else a new one.
func (d *Directory) settle(p *plan, known knownIDs) (ids map[string]email.MailboxID, c changes) {
	ids = map[string]email.MailboxID{}
	c = changes{added: map[string]email.MailboxID{}, renamed: map[string]string{}}
	used := map[email.MailboxID]bool{}
	for _, k := range known {
		used[k.id] = true
	}
	stays := map[string]bool{}
	for _, r := range p.mailboxes {
		primary := key(r.address)
		from := primary
		if _, ok := known[primary]; !ok {
			if i := slices.IndexFunc(r.aliases, func(a string) bool { _, ok := known[key(a)]; return ok }); i >= 0 {
				from = key(r.aliases[i])
				c.renamed[from] = primary
			}
		}
		k, ok := known[from]
		switch {
		case !ok:
			ids[primary] = d.newID(r, used)
			used[ids[primary]] = true
			c.added[primary] = ids[primary]
			continue
		case k.gone:
			c.back = append(c.back, primary)
		}
		ids[primary], stays[from] = k.id, true
	}
	for address, k := range known {
		if !stays[address] && !k.gone {
			c.gone = append(c.gone, address)
		}
	}
	return ids, c
}

// newID is the id that the Maildir remembers for one of the addresses, else a random one.
func (d *Directory) newID(r row, used map[email.MailboxID]bool) email.MailboxID {
	for _, a := range append([]string{r.address}, r.aliases...) {
		if id, ok := d.known[key(a)]; ok && !used[id] {
			return id
		}
	}
	var octets [10]byte // 16 letters of base32
	rand.Read(octets[:])
	return email.MailboxID(strings.ToLower(base32.StdEncoding.EncodeToString(octets[:])))
}

// identify gives every mailbox of the plan its id and notes who is gone, in one commit. guard
// may refuse what would change.
func (d *Directory) identify(ctx context.Context, p *plan, guard func(knownIDs, changes) error) (map[string]email.MailboxID, error) {
	var ids map[string]email.MailboxID
	var c changes
	read := func(tx *database.Tx) error {
		known, err := readIDs(tx)
		if err != nil {
			return err
		}
		ids, c = d.settle(p, known)
		return guard(known, c)
	}
	if err := d.db.Read(ctx, read); err != nil || c.none() {
		return ids, err
	}
	err := d.db.Write(ctx, func(tx *database.Tx) error {
		if err := read(tx); err != nil { // another node may have been faster
			return err
		}
		return c.write(tx, d.now().UnixMilli())
	})
	return ids, err
}

func readIDs(tx *database.Tx) (knownIDs, error) {
	rows, err := tx.Query(`SELECT address, id, gone FROM directory_mailbox`)
	if err != nil {
		return nil, fmt.Errorf("read mailbox ids: %w", err)
	}
	defer rows.Close()
	known := knownIDs{}
	for rows.Next() {
		var address string
		var k knownID
		var gone int64
		if err := rows.Scan(&address, &k.id, &gone); err != nil {
			return nil, fmt.Errorf("read mailbox ids: %w", err)
		}
		k.gone = gone != 0
		known[address] = k
	}
	return known, rows.Err()
}

// write applies renames first: a new mailbox may take an address that was just given up.
func (c changes) write(tx *database.Tx, now int64) error {
	for _, from := range slices.Sorted(maps.Keys(c.renamed)) {
		if _, err := tx.Exec(`UPDATE directory_mailbox SET address = ? WHERE address = ?`, c.renamed[from], from); err != nil {
			return fmt.Errorf("rename mailbox: %w", err)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(c.added)) {
		if _, err := tx.Exec(`INSERT INTO directory_mailbox (id, address, since, gone) VALUES (?, ?, ?, 0)`, string(c.added[address]), address, now); err != nil {
			return fmt.Errorf("add mailbox: %w", err)
		}
	}
	for _, address := range c.back {
		if _, err := tx.Exec(`UPDATE directory_mailbox SET gone = 0 WHERE address = ?`, address); err != nil {
			return fmt.Errorf("take mailbox back: %w", err)
		}
	}
	for _, address := range c.gone {
		if _, err := tx.Exec(`UPDATE directory_mailbox SET gone = ? WHERE address = ?`, now, address); err != nil {
			return fmt.Errorf("note mailbox as gone: %w", err)
		}
	}
	return nil
}
