package mailstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// A spool file is a block with the envelope, then the sender's own copy (not for mail without a
// draft), then the octets that leave. It is written in spool/tmp and moves to spool/out once its
// row is committed, so that spool/out holds exactly what was accepted: rows that are lost are
// rebuilt from it (L13).

// parcel is a spool file.
type parcel struct {
	id       SendID
	mailbox  email.MailboxID
	actor    email.MailboxID // who sends it, where that is not the mailbox's owner
	token    string
	content  string
	draft    email.MessageID
	message  email.MessageID // the copy for Sent
	from     string
	local    []Recipient
	remote   []string
	answers  email.MessageID
	subject  string
	created  time.Time
	release  time.Time
	own, out []byte
}

const (
	spoolTmp = "spool/tmp"
	spoolOut = "spool/out"
)

func (p *parcel) octets() []byte {
	var h head
	h.add("Send", string(p.id))
	h.add("Mailbox", string(p.mailbox))
	if p.actor != "" {
		h.add("Actor", string(p.actor))
	}
	h.add("Token", p.token)
	h.add("Content", p.content)
	h.add("Draft", string(p.draft))
	h.add("Message", string(p.message))
	h.add("Answers", string(p.answers))
	h.add("From", p.from)
	for _, r := range p.local {
		h.add("Local", string(r.Mailbox)+" "+r.Address)
	}
	for _, r := range p.remote {
		h.add("Remote", r)
	}
	h.add("Subject", p.subject)
	h.add("Created", p.created.UTC().Format(blockTime))
	h.add("Release", p.release.UTC().Format(blockTime))
	h.add("Own", strconv.Itoa(len(p.own)))
	return bytes.Join([][]byte{h.end(), p.own, p.out}, nil)
}

func readParcel(file []byte) (*parcel, error) {
	lines, rest, ok := readHead(file)
	if !ok {
		return nil, errors.New("a spool file without its block")
	}
	p, own := &parcel{}, 0
	var err error
	for _, l := range lines {
		switch l.name {
		case "Send":
			p.id = SendID(l.value)
		case "Mailbox":
			p.mailbox = email.MailboxID(l.value)
		case "Actor":
			p.actor = email.MailboxID(l.value)
		case "Token":
			p.token = l.value
		case "Content":
			p.content = l.value
		case "Draft":
			p.draft = email.MessageID(l.value)
		case "Message":
			p.message = email.MessageID(l.value)
		case "Answers":
			p.answers = email.MessageID(l.value)
		case "From":
			p.from = l.value
		case "Local":
			m, address, _ := strings.Cut(l.value, " ")
			p.local = append(p.local, Recipient{email.MailboxID(m), address})
		case "Remote":
			p.remote = append(p.remote, l.value)
		case "Subject":
			p.subject = l.value
		case "Created":
			p.created, _ = time.Parse(blockTime, l.value)
		case "Release":
			p.release, _ = time.Parse(blockTime, l.value)
		case "Own":
			own, err = strconv.Atoi(l.value)
		}
	}
	if err != nil || own < 0 || own > len(rest) || !safe(string(p.id)) {
		return nil, errors.New("a spool file with a damaged block")
	}
	p.own, p.out = rest[:own], rest[own:]
	return p, nil
}

func (s *Store) tmpName(id SendID) string { return spoolTmp + "/" + string(id) + "." + s.host }
func outName(id SendID) string            { return spoolOut + "/" + string(id) }

// writeParcel makes a spool file durable before its row is committed.
func (s *Store) writeParcel(p *parcel) error {
	if err := s.writeFile(s.tmpName(p.id), p.octets()); err != nil {
		return s.storageError("", err)
	}
	if err := s.syncDir(spoolTmp); err != nil {
		s.disk.Remove(s.tmpName(p.id))
		return s.storageError("", err)
	}
	return nil
}

// acceptParcel is called after the commit. If it fails the next start does it: the row is there.
func (s *Store) acceptParcel(id SendID) {
	err := s.disk.Rename(s.tmpName(id), outName(id))
	if err == nil {
		err = s.syncDir(spoolOut)
	}
	if err != nil {
		s.log.Warn("a spool file stays in spool/tmp until the next start", "send", id, "err", err)
	}
}

func (s *Store) readSpool(id SendID) (*parcel, error) {
	if !safe(string(id)) {
		return nil, ErrNotFound
	}
	file, err := s.disk.ReadFile(outName(id))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = s.disk.ReadFile(s.tmpName(id))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("spool file %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	p, err := readParcel(file)
	if err != nil {
		return nil, fmt.Errorf("spool file %s: %w", id, err)
	}
	return p, nil
}

// SpoolOctets gives the octets that leave. ErrNotFound: the submission is finished or was taken back.
func (s *Store) SpoolOctets(_ context.Context, id SendID) ([]byte, error) {
	p, err := s.readSpool(id)
	if err != nil {
		return nil, err
	}
	return p.out, nil
}

// dropParcel removes the file of a submission whose row says that nobody needs it any more.
func (s *Store) dropParcel(id SendID) {
	for _, name := range []string{outName(id), s.tmpName(id)} {
		if err := s.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("a spool file stays until the next start", "send", id, "err", err)
		}
	}
}

// finishAll ends the submissions whose last outcome was recorded just before a crash.
func (s *Store) finishAll(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE submission SET state = ? WHERE state = ? AND NOT EXISTS
			(SELECT 1 FROM recipient r WHERE r.submission = submission.id AND r.state = 'queued')`, isDone, isOut)
		return err
	})
}

// repairSpool brings spool and queue together after a crash.
func (s *Store) repairSpool(ctx context.Context) error {
	if err := s.endLeases(ctx); err != nil {
		return err
	}
	if err := s.finishAll(ctx); err != nil {
		return err
	}
	states, err := s.submissionStates(ctx)
	if err != nil {
		return err
	}
	if err := s.repairSpoolTmp(states); err != nil {
		return err
	}
	entries, err := s.disk.ReadDir(spoolOut)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id := SendID(e.Name())
		switch state, has := states[id]; {
		case has && (state == isDone || state == isUndone):
			s.dropParcel(id)
		case !has && !s.alarms.has(AlarmDatabase, ""): // else rebuild does it, after the mailboxes
			if err := s.requeue(ctx, id); err != nil {
				return err
			}
		}
		delete(states, id)
	}
	for id, state := range states {
		if state == isHeld || state == isOut {
			s.alarm(AlarmFiles, "", "The spool file "+outName(id)+" is missing, and with it a mail on its way out. Restore it from a backup.")
		}
	}
	return s.syncDir(spoolOut)
}

// repairSpoolTmp: what has a row was accepted; the rest was not.
func (s *Store) repairSpoolTmp(states map[SendID]string) error {
	entries, err := s.disk.ReadDir(spoolTmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, host, _ := strings.Cut(e.Name(), ".")
		if state := states[SendID(id)]; host == s.host && (state == isHeld || state == isOut) {
			if err := s.disk.Rename(spoolTmp+"/"+e.Name(), outName(SendID(id))); err != nil {
				return err
			}
		}
	}
	return s.cleanTmp(spoolTmp)
}

func (s *Store) submissionStates(ctx context.Context) (map[SendID]string, error) {
	states := map[SendID]string{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query("SELECT id, state FROM submission")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id SendID
			var state string
			if err := rows.Scan(&id, &state); err != nil {
				return err
			}
			states[id] = state
		}
		return rows.Err()
	})
	return states, err
}

// requeue makes the rows of a spool file whose rows are lost. What a release did already is found
// again by identity and not done twice; recipients outside who had it may get it a second time,
// which is better than never.
func (s *Store) requeue(ctx context.Context, id SendID) error {
	p, err := s.readSpool(id)
	if err != nil {
		s.log.Error("a spool file could not be read and stays as it is", "send", id, "err", err)
		return nil
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		if p.draft == "" {
			return enqueue(tx, p, isOut)
		}
		c, err := begin(tx, p.mailbox, s.now())
		if err != nil {
			return err
		}
		if r, err := c.shownRow(p.draft); err != nil {
			return err
		} else if r != nil && r.flags.Draft {
			if err := c.takeDraft(*r); err != nil {
				return err
			}
		}
		if err := enqueue(tx, p, isHeld); err != nil {
			return err
		}
		return c.end()
	})
	if err == nil {
		s.log.Warn("the queue was rebuilt from a spool file", "send", id)
	}
	return s.databaseError(err)
}
