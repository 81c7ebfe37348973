package syncback

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Filter says which lines of an account are wanted.
type Filter struct {
	Span
	Mailboxes []email.MailboxID // nil: all; at most about 30,000
	Messages  bool              // one line for each message, else one for each change
	States    []State           // none: all
	Note      Note              // "" is all
	Hint      bool              // only what Exchange's words say is in quarantine
	Resent    bool              // only what was sent again
	Words     string            // in Exchange's words, any case
	After     string            // the page after this place, as the page before answered it
	Limit     int
}

// ErrPage is the answer to a place that no page has answered.
var ErrPage = errors.New("no such page")

// List answers the lines of one page, the newest first, and the place of the next ("" when there is
// none). A page of 100,000 lines costs no more than one of a hundred.
func (s *Syncback) List(ctx context.Context, f Filter) (lines []Line, next string, err error) {
	after, err := f.after()
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		lines, next = nil, ""
		if f.Messages {
			lines, next, err = listMessages(tx, f, after)
		} else {
			lines, next, err = listChanges(tx, f, after)
		}
		return err
	})
	return lines, next, err
}

// place is the last line of a page: time, mailbox, and item or number.
type place struct {
	at      int64
	mailbox string
	item    string
}

func (f Filter) after() (*place, error) {
	if f.After == "" {
		return nil, nil
	}
	at, rest, _ := strings.Cut(f.After, "-")
	mailbox, item, whole := strings.Cut(rest, "-")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !whole {
		return nil, fmt.Errorf("%w: %q", ErrPage, f.After)
	}
	return &place{n, mailbox, item}, nil
}

func (p place) String() string { return fmt.Sprintf("%d-%s-%s", p.at, p.mailbox, p.item) }

const hinted = `state='accepted' AND LOWER(words) LIKE '%quarantin%'`

// inBoxes is the condition on the mailboxes; it begins with AND.
func (f Filter) inBoxes() (text string, args []any) {
	if f.Mailboxes == nil {
		return "", nil
	}
	for _, m := range f.Mailboxes {
		args = append(args, string(m))
	}
	if len(args) == 0 {
		args = append(args, "") // none
	}
	return ` AND mailbox IN (` + database.In(len(args)) + `)`, args
}

// wanted are the other conditions on single rows, for any to be met by.
func (f Filter) wanted() (conditions []string, args []any) {
	if f.Words != "" {
		conditions = append(conditions, `LOWER(words) LIKE ? ESCAPE '!'`)
		args = append(args, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(f.Words))+"%")
	}
	if f.Hint {
		conditions = append(conditions, hinted)
	}
	if f.Resent {
		conditions = append(conditions, `resent>0`)
	}
	return conditions, args
}

func listChanges(tx *database.Tx, f Filter, after *place) (lines []Line, next string, err error) {
	where, args := f.inBoxes()
	conditions, more := f.wanted()
	for _, c := range conditions {
		where += ` AND ` + c
	}
	args = append(args, more...)
	if len(f.States) > 0 {
		where += ` AND state IN (` + database.In(len(f.States)) + `)`
		for _, state := range f.States {
			args = append(args, string(state))
		}
	}
	if f.Note != "" {
		where, args = where+` AND note=?`, append(args, string(f.Note))
	}
	if after != nil {
		seq, err := strconv.ParseInt(after.item, 10, 64)
		if err != nil {
			return nil, "", fmt.Errorf("%w: %q", ErrPage, f.After)
		}
		where += ` AND (at<? OR at=? AND (mailbox<? OR mailbox=? AND seq<?))`
		args = append(args, after.at, after.at, after.mailbox, after.mailbox, seq)
	}
	rows, err := tx.Query(`SELECT `+columns+` FROM `+scope(columns)+` i WHERE 1=1`+where+` ORDER BY at DESC, mailbox DESC, seq DESC LIMIT ?`,
		append(append(f.scopeArgs(), args...), f.Limit+1)...)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, "", err
		}
		if len(lines) == f.Limit {
			last := lines[len(lines)-1]
			next = place{millis(last.At), string(last.Mailbox), strconv.FormatInt(int64(last.Seq), 10)}.String()
			break
		}
		lines = append(lines, r.line())
	}
	return lines, next, rows.Err()
}

// listMessages lists one line for each message: the least settled of its changes speaks for it.
func listMessages(tx *database.Tx, f Filter, after *place) (lines []Line, next string, err error) {
	where, args := f.inBoxes()
	having := isMessage + `=1`
	conditions, more := f.wanted()
	for _, c := range conditions {
		having += ` AND MAX(CASE WHEN ` + c + ` THEN 1 ELSE 0 END)=1`
	}
	args = append(args, more...)
	if len(f.States) > 0 {
		having += ` AND MIN(` + ranked + `) IN (` + database.In(len(f.States)) + `)`
		for _, state := range f.States {
			args = append(args, state.rankNumber())
		}
	}
	if f.Note != "" {
		having, args = having+` AND MAX(CASE WHEN op IN ('deliver', 'append', 'draft') THEN note ELSE '' END)=?`, append(args, string(f.Note))
	}
	if after != nil {
		having += ` AND (MAX(at)<? OR MAX(at)=? AND (mailbox<? OR mailbox=? AND item<?))`
		args = append(args, after.at, after.at, after.mailbox, after.mailbox, after.item)
	}
	found, err := pageOf(tx, `SELECT MAX(at), mailbox, item FROM `+scope(`mailbox, item, op, state, at, note, resent, words`)+` r WHERE 1=1`+where+` GROUP BY mailbox, item HAVING `+having+
		` ORDER BY 1 DESC, mailbox DESC, item DESC LIMIT ?`, append(append(f.scopeArgs(), args...), f.Limit+1)...)
	if err != nil {
		return nil, "", err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		next = found[f.Limit-1].String()
	}
	for _, p := range found {
		l, err := speaker(tx, f, p)
		if err != nil {
			return nil, "", err
		}
		lines = append(lines, l)
	}
	return lines, next, nil
}

func pageOf(tx *database.Tx, text string, args ...any) (found []place, err error) {
	rows, err := tx.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.at, &p.mailbox, &p.item); err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// speaker is the line of the least settled change of a message in the span; the oldest of equals,
// since the later ones wait for it.
func speaker(tx *database.Tx, f Filter, p place) (Line, error) {
	rows, err := query(tx, `WHERE mailbox=? AND item=? ORDER BY seq`, p.mailbox, p.item)
	if err != nil {
		return Line{}, err
	}
	var worst *row
	changes, note, resent, folder := 0, Note(""), 0, ""
	for i := range rows {
		r := &rows[i]
		if old := r.at < millis(f.Since); r.at >= f.ends() || old && (r.state == Verified || r.state == Parked) && r.changed < millis(f.Since) {
			continue
		}
		changes++
		if worst == nil || r.state.rankNumber() < worst.state.rankNumber() {
			worst = r
		}
		if r.op.gives() || r.op == draft {
			note = max(note, r.note)
		}
		resent = max(resent, r.resent)
		if r.place.Folder != "" {
			folder = r.place.Folder
		}
	}
	if worst == nil {
		return Line{}, errors.New("a message without changes")
	}
	l := worst.line()
	l.Changes, l.Note, l.Resent, l.Kind, l.Folder = changes, note, resent, rows[0].kind, folder
	l.At = fromMillis(p.at)
	return l, nil
}

// rankNumber is the place of a state in byRank.
func (state State) rankNumber() int {
	for n, s := range byRank {
		if s == state {
			return n
		}
	}
	return -1
}

// RetryAll lets every parked item of a filter's mailboxes and span try again, and answers how many.
// by is who asked.
func (s *Syncback) RetryAll(ctx context.Context, f Filter, by string) (n int, err error) {
	f.States, f.Messages, f.After, f.Limit = []State{Parked}, false, "", 500
	for {
		lines, next, err := s.List(ctx, f)
		if err != nil {
			return n, err
		}
		for _, l := range lines {
			switch err := s.Retry(ctx, l.Mailbox, l.Seq, by); {
			case errors.Is(err, ErrNotParked): // somebody was quicker
			case err != nil:
				return n, err
			default:
				n++
			}
		}
		if f.After = next; next == "" {
			return n, nil
		}
	}
}
