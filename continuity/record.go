package continuity

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdover/database"
)

// appendRecord adds one line. The hash covers the line before it, so a line that was changed or
// taken out later is seen by CheckRecord.
func appendRecord(tx *database.Tx, r Record, e Event) error {
	detail, err := json.Marshal(struct {
		Kind  Kind  `json:"kind"`
		Scope Scope `json:"scope"`
	}{e.Kind, e.Scope})
	if err != nil {
		return err
	}
	var last string
	err = tx.QueryRow(`SELECT n, hash FROM event_record ORDER BY n DESC LIMIT 1`).Scan(&r.N, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	r.N++
	r.Hash = chain(last, r, string(detail))
	// Two writers at once would take the same n: the key refuses the second, its transaction is tried again.
	_, err = tx.Exec(`INSERT INTO event_record (n, at, event, what, actor, reason, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.N, r.At.UnixMilli(), r.Event, r.What, r.By, r.Reason, string(detail), r.Hash)
	return err
}

func chain(last string, r Record, detail string) string {
	line, _ := json.Marshal([]any{last, r.N, r.At.UnixMilli(), r.Event, r.What, r.By, r.Reason, detail}) // strings and numbers only
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// Records lists the lines of one event, or of all for "", oldest first.
func (c *Continuity) Records(ctx context.Context, event string) ([]Record, error) {
	var list []Record
	err := c.eachRecord(ctx, func(r Record, _ string) error {
		if event == "" || r.Event == event {
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// CheckRecord re-derives the chain; the error names the first line that does not fit.
func (c *Continuity) CheckRecord(ctx context.Context) error {
	last, n := "", int64(0)
	return c.eachRecord(ctx, func(r Record, detail string) error {
		n++
		if r.N != n || r.Hash != chain(last, r, detail) {
			return fmt.Errorf("the record of events was changed at line %d: restore the database from a backup and compare", n)
		}
		last = r.Hash
		return nil
	})
}

func (c *Continuity) eachRecord(ctx context.Context, f func(r Record, detail string) error) error {
	return c.o.DB.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT n, at, event, what, actor, reason, detail, hash FROM event_record ORDER BY n`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r Record
			var at int64
			var detail string
			if err := rows.Scan(&r.N, &at, &r.Event, &r.What, &r.By, &r.Reason, &detail, &r.Hash); err != nil {
				return err
			}
			r.At = time.UnixMilli(at).UTC()
			if err := f(r, detail); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
