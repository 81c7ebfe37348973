package signin

import (
	"context"
	"time"

	"holdover/database"
)

// Ends is when a person's session ends: at when nothing is done from now on, atMost whatever is done. A request
// that the page made by itself moves neither.
func (s *Signin) Ends(ctx context.Context) (at, atMost time.Time, err error) {
	v := of(ctx)
	atMost = v.Deadline(ctx).Add(-writable)
	if at = s.o.Now().Add(s.o.Idle); v.passive {
		var expires int64
		err = v.store.db.Read(ctx, func(tx *database.Tx) error {
			return tx.QueryRow(`SELECT expires FROM session WHERE token = ?`, hashed(v.token)).Scan(&expires)
		})
		at = time.UnixMilli(expires)
	}
	if at.After(atMost) {
		at = atMost
	}
	return at, atMost, err
}
