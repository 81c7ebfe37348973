package signin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"holdover/database"
)

// store keeps sessions for scs in the desk database.
type store struct {
	db  *database.DB
	now func() time.Time
}

// touch is how far the idle limit may lag behind: a session that only went on is written once a
// minute, not with each page.
const touch = time.Minute

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *store) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	var data string
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow(`SELECT data FROM session WHERE token = ? AND expires > ?`, hashed(token), s.now().UnixMilli()).Scan(&data)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return []byte(data), err == nil, err
}

func (s *store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	expiry = expiry.Add(-writable) // the session's own end; expiry is the cookie's
	var data string
	var expires int64
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow(`SELECT data, expires FROM session WHERE token = ?`, hashed(token)).Scan(&data, &expires)
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && data == string(b) && expiry.Sub(time.UnixMilli(expires)) < touch {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO session (token, data, expires) VALUES (?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires`, hashed(token), string(b), expiry.UnixMilli())
		return err
	})
}

func (s *store) DeleteCtx(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM session WHERE token = ?`, hashed(token))
		return err
	})
}

// The methods without a context are scs's older form; scs never calls them on a store that has the others.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}
func (s *store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// codec writes sessions as JSON with sorted keys: equal sessions are equal octets, which CommitCtx relies on.
type codec struct{}

type encoded struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	e := encoded{Deadline: deadline.Add(-writable).UTC(), Values: map[string]string{}}
	for k, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, errors.New("session value " + k + " is no string")
		}
		e.Values[k] = text
	}
	return json.Marshal(e)
}

func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var e encoded
	if err := json.Unmarshal(b, &e); err != nil {
		return time.Time{}, nil, err
	}
	values := make(map[string]any, len(e.Values))
	for k, v := range e.Values {
		values[k] = v
	}
	return e.Deadline.Add(writable), values, nil
}
