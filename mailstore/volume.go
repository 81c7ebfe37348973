package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// marker is the file that shows that the mail volume is mounted. It holds the time at which the
// database was last seen: a database that knows only an earlier time is not the one that belongs
// to these files.
const marker = "maildir/holdover-volume"

// seenNote is the same time in the database, written before the marker. D10: retention reads it.
const seenNote = "clock-seen"

// mount looks whether what is on disk belongs to the database, and makes a new store.
func (s *Store) mount(ctx context.Context) error {
	boxes, err := s.loadMailboxes(ctx)
	if err != nil {
		return err
	}
	seen, err := s.note(ctx, seenNote)
	if err != nil {
		return err
	}
	marked, err := s.readMarker()
	if errors.Is(err, fs.ErrNotExist) {
		if len(boxes) > 0 && !s.anyMaildir(boxes) {
			s.missing(boxes[0])
			return nil
		}
		if err = s.makeStore(); err == nil {
			err = s.writeMarker(seen)
		}
	}
	if err != nil {
		return err
	}
	if marked > seen {
		s.alarm(AlarmDatabase, "", "The database is older than the mail: it was lost, or restored from a backup. Run holdover rebuild; until then messages that it does not know are not shown, and nothing is expired.")
		return s.makeStore()
	}
	if err := s.makeStore(); err != nil {
		return err
	}
	_, err = s.noteClock(ctx)
	return err
}

func (s *Store) loadMailboxes(ctx context.Context) ([]email.MailboxID, error) {
	var ids []email.MailboxID
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query("SELECT id, address FROM mailbox ORDER BY id")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id email.MailboxID
			var address string
			if err := rows.Scan(&id, &address); err != nil {
				return err
			}
			s.known.Store(id, address)
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, err
}

// anyMaildir says whether at least one mailbox is on the disk: then the volume is, too, and only
// its marker was lost.
func (s *Store) anyMaildir(boxes []email.MailboxID) bool {
	for _, m := range boxes {
		if _, err := s.disk.Stat(mailboxDir(m) + "/cur"); err == nil {
			return true
		}
	}
	return false
}

// makeStore makes the folders of a store that are not there yet.
func (s *Store) makeStore() error {
	for _, dir := range []string{"maildir", "spool", "spool/tmp", "spool/out"} {
		if err := s.disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return errors.Join(s.disk.SyncDir("spool"), s.disk.SyncDir("."))
}

func (s *Store) readMarker() (seen int64, err error) {
	text, err := s.disk.ReadFile(marker)
	if err != nil {
		return 0, err
	}
	seen, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, nil // torn or edited: as if the database had never been seen
	}
	return seen, nil
}

func (s *Store) writeMarker(seen int64) error {
	return s.replaceFile("maildir", "holdover-volume", []byte(strconv.FormatInt(seen, 10)+"\n"))
}

// jump is how far the clock may move between two looks before retention stops (D10).
const jump = 24 * time.Hour

// noteClock looks at the clock and writes the time down, in the database and on the volume. false:
// the clock jumped, or the database is not to be trusted; then nothing is written, so that the
// next look sees it too.
func (s *Store) noteClock(ctx context.Context) (bool, error) {
	if s.alarms.has(AlarmVolume, "") || s.alarms.has(AlarmDatabase, "") {
		return false, nil
	}
	seen, err := s.note(ctx, seenNote)
	if err != nil {
		return false, err
	}
	now := s.now()
	if d := now.Sub(fromMS(seen)); seen != 0 && d.Abs() > jump {
		s.alarm(AlarmClock, "", fmt.Sprintf("The clock moved by %s since it was last looked at, or Holdover stood still that long. Retention is stopped. If the time is right now, stop Holdover, run holdover trust-clock and start it again.", d.Round(time.Minute)))
		return false, nil
	}
	s.alarms.clear(AlarmClock, "")
	return true, s.setSeen(ctx, ms(now))
}

// setSeen: the database first, so that it is never older than the marker unless it was replaced.
func (s *Store) setSeen(ctx context.Context, seen int64) error {
	if err := s.setNote(ctx, seenNote, seen); err != nil {
		return s.databaseError(err)
	}
	return s.writeMarker(seen)
}

// TrustClock is the administrator's word that the time is right (D10): retention goes on.
func (s *Store) TrustClock(ctx context.Context) error {
	if s.alarms.has(AlarmVolume, "") || s.alarms.has(AlarmDatabase, "") {
		return fmt.Errorf("trust clock: %w", ErrUnhealthy)
	}
	if err := s.setSeen(ctx, ms(s.now())); err != nil {
		return err
	}
	s.alarms.clear(AlarmClock, "")
	return nil
}

// recheck takes alarms back for mailboxes whose files have returned.
func (s *Store) recheck(ctx context.Context) {
	for _, a := range s.Alarms() {
		if a.Mailbox == "" || a.Code != AlarmMaildir && a.Code != AlarmFiles {
			continue
		}
		l, err := s.look(ctx, a.Mailbox)
		if err == nil && !l.lacks() {
			s.alarms.clear(a.Code, a.Mailbox)
			s.log.Warn("the files of a mailbox are complete again", "mailbox", a.Mailbox)
		}
	}
}

// tick looks at the clock each hour, and whether what had vanished is back.
func (s *Store) tick() {
	defer s.ticking.Done()
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-hourly.C:
			s.recheck(context.Background())
			if _, err := s.noteClock(context.Background()); err != nil {
				s.log.Warn("the time could not be noted", "err", err)
			}
		}
	}
}

func (s *Store) note(ctx context.Context, name string) (value int64, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT value FROM note WHERE name = ?", name).Scan(&value)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return value, err
}

func (s *Store) setNote(ctx context.Context, name string, value int64) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
		return err
	})
}
