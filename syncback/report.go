package syncback

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// Counts close: Total = Waiting+Trying+InDoubt+Accepted+Verified+Parked. Collapsed entries count with what they collapsed into.
type Counts struct{ Total, Waiting, Trying, InDoubt, Accepted, Verified, Parked int }

// Done says that every item was seen in Exchange.
func (c Counts) Done() bool { return c.Verified == c.Total }

func (c *Counts) add(state State, n int) {
	c.Total += n
	switch state {
	case Waiting:
		c.Waiting += n
	case Trying:
		c.Trying += n
	case InDoubt:
		c.InDoubt += n
	case Accepted:
		c.Accepted += n
	case Verified:
		c.Verified += n
	case Parked:
		c.Parked += n
	}
}

// left is what may still move by itself.
func (c Counts) left() int { return c.Waiting + c.Trying + c.InDoubt + c.Accepted }

// MailboxCounts are one mailbox's part of a report.
type MailboxCounts struct {
	Mailbox  email.MailboxID
	Position Position
	Counts
}

// Report accounts for every entry.
type Report struct {
	Counts
	Mailboxes []MailboxCounts // by id
	Rate      float64         // items a minute over the last minutes, 0 unknown
	Left      time.Duration   // estimate, 0 unknown
	Trouble   string          // why nothing moves now, "" when it does (English; Exchange's words)
}

// rateWindow is how far back the rate looks.
const rateWindow = 5 * time.Minute

// Report accounts for every entry told or to be told since a time, of the mailboxes for which
// covers is true. What is older counts too if it still had to be told then, so that the sum stays
// the same while items move from waiting to verified.
func (s *Syncback) Report(ctx context.Context, since time.Time, covers func(email.MailboxID) bool) (Report, error) {
	counts := map[email.MailboxID]*Counts{}
	var report Report
	now := s.now()
	var finished int
	var oldest int64
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(counts)
		err := eachCount(tx, func(m email.MailboxID, state State, n int, _ int64) {
			if covers(m) {
				if counts[m] == nil {
					counts[m] = &Counts{}
				}
				counts[m].add(state, n)
			}
		}, `SELECT mailbox, state, COUNT(*), 0 FROM syncback_item WHERE at>=? GROUP BY mailbox, state
			UNION ALL SELECT mailbox, state, COUNT(*), 0 FROM syncback_item WHERE at<? AND changed>=? AND state IN ('verified', 'parked') GROUP BY mailbox, state
			UNION ALL SELECT mailbox, state, COUNT(*), MIN(changed) FROM syncback_item WHERE at<? AND state<>'verified' AND state<>'parked' GROUP BY mailbox, state`,
			millis(since), millis(since), millis(since), millis(since))
		if err != nil {
			return err
		}
		finished, oldest = 0, 0
		return eachCount(tx, func(m email.MailboxID, state State, n int, first int64) {
			if covers(m) && (state == Verified || state == Accepted) {
				finished += n
				if oldest == 0 || first < oldest {
					oldest = first
				}
			}
		}, `SELECT mailbox, state, COUNT(*), MIN(changed) FROM syncback_item WHERE changed>=? GROUP BY mailbox, state`, millis(now.Add(-rateWindow)))
	})
	if err != nil {
		return Report{}, err
	}
	if err := s.sum(ctx, &report, counts); err != nil {
		return Report{}, err
	}
	report.rate(finished, now.Sub(fromMillis(oldest)))
	report.Trouble = s.trouble(&report, now)
	return report, nil
}

// Unverified counts one mailbox's items that were not yet seen in Exchange.
func (s *Syncback) Unverified(ctx context.Context, m email.MailboxID) (n int, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow(`SELECT COUNT(*) FROM syncback_item WHERE mailbox=? AND state<>'verified'`, string(m)).Scan(&n)
	})
	return n, err
}

func eachCount(tx *database.Tx, f func(m email.MailboxID, state State, n int, first int64), text string, args ...any) error {
	rows, err := tx.Query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m email.MailboxID
		var state State
		var n int
		var first int64
		if err := rows.Scan(&m, &state, &n, &first); err != nil {
			return err
		}
		f(m, state, n, first)
	}
	return rows.Err()
}

func (s *Syncback) sum(ctx context.Context, report *Report, counts map[email.MailboxID]*Counts) error {
	positions, err := s.positions(ctx, counts)
	if err != nil {
		return err
	}
	for m, c := range counts {
		position := positions[m]
		report.Mailboxes = append(report.Mailboxes, MailboxCounts{Mailbox: m, Position: position, Counts: *c})
		report.Total += c.Total
		report.Waiting += c.Waiting
		report.Trying += c.Trying
		report.InDoubt += c.InDoubt
		report.Accepted += c.Accepted
		report.Verified += c.Verified
		report.Parked += c.Parked
	}
	slices.SortFunc(report.Mailboxes, func(a, b MailboxCounts) int { return strings.Compare(string(a.Mailbox), string(b.Mailbox)) })
	return nil
}

// positions is Position for many mailboxes: their counts answer for most of them.
func (s *Syncback) positions(ctx context.Context, counts map[email.MailboxID]*Counts) (map[email.MailboxID]Position, error) {
	behind, err := s.o.Store.Behind(ctx, consumer)
	if err != nil {
		return nil, err
	}
	positions := map[email.MailboxID]Position{}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		for m, c := range counts {
			closed, _, err := s.o.Gate.Closed(tx, m)
			switch {
			case err != nil:
				return err
			case closed:
				positions[m] = Closed
			case c.Waiting+c.Trying+c.InDoubt == 0:
				positions[m] = Open
			case c.Parked == 0:
				positions[m] = Draining
			default:
				delete(positions, m) // what waits may stand behind what is parked
			}
		}
		return nil
	})
	for m := range counts {
		_, known := positions[m]
		if err == nil && (!known || positions[m] == Open && slices.Contains(behind, m)) {
			positions[m], err = s.Position(ctx, m)
		}
	}
	return positions, err
}

func (r *Report) rate(finished int, over time.Duration) {
	if finished == 0 {
		return
	}
	minutes := max(over, 5*time.Second).Minutes()
	r.Rate = float64(finished) / minutes
	if left := r.left(); left > 0 {
		r.Left = time.Duration(float64(left) / r.Rate * float64(time.Minute)).Round(time.Second)
	}
}

// trouble says why nothing moves, as long as something is left that should.
func (s *Syncback) trouble(r *Report, now time.Time) string {
	if r.left() == 0 {
		return ""
	}
	if r.Accepted > 0 {
		if why := s.standstill(now); why != "" {
			return why
		}
	}
	for _, box := range r.Mailboxes {
		if box.left() == 0 || box.Position == Closed {
			continue
		}
		if text, alarmed := s.alarmed(box.Mailbox); alarmed {
			return text
		}
		for _, c := range traffic.Cargos() {
			if text := s.health.Trouble(s.table[s.location(box.Mailbox)][c], box.Mailbox); text != "" {
				return text
			}
		}
		if _, words := s.lostUntil(box.Mailbox); words != "" {
			return "A mailbox was found neither on-premises nor Online: " + words
		}
		if words := s.pace.Why(box.Mailbox, now); words != "" {
			return "Exchange asks for patience: " + words
		}
	}
	return ""
}

// Alarm is what an administrator must see now.
type Alarm struct {
	Code  string // "connector-mismatch"
	Since time.Time
	Text  string // English, with remedy
}

// Alarms lists ways that are stopped because Exchange's connector does not fit.
func (s *Syncback) Alarms() (list []Alarm) {
	for _, stop := range s.health.Stopped() {
		list = append(list, Alarm{Code: "connector-mismatch", Since: stop.Since, Text: stop.Text})
	}
	return list
}

// Line is one item of the ledger.
type Line struct {
	Mailbox  email.MailboxID
	Seq      mailstore.Seq
	Message  email.MessageID // "" for a folder
	Kind     mailstore.Kind
	State    State
	Attempts int
	At       time.Time // of the entry
	Changed  time.Time
	Next     time.Time // next try, zero: none
	Words    string    // Exchange's words or the reason
	Remedy   string
	Way      string           // that carries it, or did last; "" not yet
	Location traffic.Location // of the mailbox then
	Note     Note             // how it was found
	Name     string           // of a folder that the change is about, "" for a message
	Folder   string           // where it was found, by its name in Exchange; "" unknown
	Resent   int              // sent again so many times, since Exchange had accepted and lost it
	Changes  int              // of a line for a message: how many changes it stands for
}

// Lines lists items told or to be told since a time; state "" is all, m "" is all; newest first.
// What is older and still has to be told stands at the end.
func (s *Syncback) Lines(ctx context.Context, since time.Time, m email.MailboxID, state State, limit int) (lines []Line, err error) {
	where, args := ``, []any{millis(since)}
	if m != "" {
		where, args = where+` AND mailbox=?`, append(args, string(m))
	}
	if state != "" {
		where, args = where+` AND state=?`, append(args, string(state))
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		lines = nil
		for _, age := range []string{`at>=?`, `at<? AND state<>'verified' AND state<>'parked'`} {
			rows, err := query(tx, `WHERE `+age+where+` ORDER BY at DESC, mailbox, seq DESC LIMIT ?`, append(args[:len(args):len(args)], limit-len(lines))...)
			if err != nil {
				return err
			}
			for _, r := range rows {
				lines = append(lines, r.line())
			}
		}
		return nil
	})
	return lines, err
}

func (r *row) line() Line {
	l := Line{Mailbox: r.mailbox, Seq: r.seq, Message: r.message(), Name: r.detail.Name, Kind: r.kind, State: r.state, Attempts: r.attempts,
		At: fromMillis(r.at), Changed: fromMillis(r.changed), Words: r.words, Remedy: r.remedy,
		Way: r.way, Location: r.location, Note: r.note, Folder: r.place.Folder, Resent: r.resent}
	if r.op.places() {
		l.Message, l.Folder = "", ""
	}
	if r.state == Waiting || r.state == Accepted || r.state == InDoubt {
		l.Next = fromMillis(r.next)
	}
	return l
}
