package continuity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"holdover/database"
)

// SwitchName is one of the switches over the whole of sync-back.
type SwitchName string

const (
	Stopped   SwitchName = "stopped"   // Exchange is told nothing until somebody continues
	Withdrawn SwitchName = "withdrawn" // no credential is used, no connection is kept
)

// ErrSwitched says that the switch stands like that already.
var ErrSwitched = errors.New("that is so already")

// Switch is a switch with who turned it on last and why; the zero value is off.
type Switch struct {
	On         bool
	At         time.Time
	By, Reason string
}

// words of the record: turned on, turned off.
var switchWords = map[SwitchName][2]string{Stopped: {"stop", "continue"}, Withdrawn: {"withdraw", "restore"}}

// Switch answers how a switch stands. It survives restarts and holds on every node.
func (c *Continuity) Switch(ctx context.Context, name SwitchName) (s Switch, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) (err error) {
		s, err = readSwitch(tx, name)
		return err
	})
	return s, err
}

// Turn turns a switch on or off; who and why go into the record. Errors: ErrSwitched, ErrReason.
func (c *Continuity) Turn(ctx context.Context, name SwitchName, on bool, by, reason string) error {
	words, known := switchWords[name]
	if !known || reason == "" {
		return ErrReason
	}
	err := c.o.DB.Write(ctx, func(tx *database.Tx) error {
		now, err := readSwitch(tx, name)
		if err != nil {
			return err
		}
		if now.On == on {
			return ErrSwitched
		}
		what := words[1]
		if on {
			what = words[0]
			_, err = tx.Exec(`INSERT INTO exchange_switch (name, at, actor, reason) VALUES (?, ?, ?, ?)`, string(name), c.now().UnixMilli(), by, reason)
		} else {
			_, err = tx.Exec(`DELETE FROM exchange_switch WHERE name = ?`, string(name))
		}
		if err != nil {
			return err
		}
		return appendRecord(tx, Record{At: c.now(), What: what, By: by, Reason: reason}, Event{})
	})
	if err != nil {
		return fmt.Errorf("switch %s: %w", name, err)
	}
	c.o.Log.Warn("sync-back switched", "switch", name, "on", on, "by", by)
	c.watch.tell()
	return nil
}

func readSwitch(tx *database.Tx, name SwitchName) (Switch, error) {
	var s Switch
	var at int64
	err := tx.QueryRow(`SELECT at, actor, reason FROM exchange_switch WHERE name = ?`, string(name)).Scan(&at, &s.By, &s.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return Switch{}, nil
	}
	s.On, s.At = err == nil, timeOf(at)
	return s, err
}

// switchedOff is what the switches say of every gate. Withdrawn credentials cut calls under way, as a
// lockdown does; a stop lets them finish.
func switchedOff(tx *database.Tx) (off bool, kind Kind, err error) {
	rows, err := tx.Query(`SELECT name FROM exchange_switch`)
	if err != nil {
		return true, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var name SwitchName
		if err := rows.Scan(&name); err != nil {
			return true, "", err
		}
		if off = true; name == Withdrawn {
			kind = Lockdown
		} else if kind == "" {
			kind = Maintenance
		}
	}
	return off, kind, rows.Err()
}
