package mailstore

import (
	"database/sql"
	"errors"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// A thread is, per mailbox, what References, In-Reply-To and the root of Thread-Index connect, as long
// as the subject stays: an answer under a new subject begins a thread of its own. Every Message-ID
// that was seen, also one that only stands in a reference, is remembered with its thread, so messages
// may arrive in any order; one that connects two threads joins them. An answer that names nothing that
// it answers is put with what has its subject: see bare.go.

// threadKeys are what ties a message to others: Message-IDs, its own first if it has one, and the root
// of its Thread-Index with its subject. A key with a blank in it is no Message-ID.
func threadKeys(sum email.Summary, subject string) []string {
	keys := make([]string, 0, 1+len(sum.References)+len(sum.InReplyTo))
	add := func(id string) {
		if id = clean(id); id != "" && len(id) <= 500 && !slices.Contains(keys, id) {
			keys = append(keys, id)
		}
	}
	add(sum.MessageID)
	for _, id := range sum.InReplyTo {
		add(id)
	}
	for _, id := range slices.Backward(sum.References) { // the nearest matter most
		if len(keys) < 100 {
			add(id)
		}
	}
	if root := sum.ThreadRoot(); root != "" {
		keys = append(keys, "index "+root+" "+subject)
	}
	return keys
}

// foldSubject is the form in which base subjects are compared.
func foldSubject(base string) string {
	folded := strings.ToLower(strings.Join(strings.Fields(clean(base)), " "))
	if r := []rune(folded); len(r) > 200 {
		folded = string(r[:200])
	}
	return folded
}

// thread finds or makes the thread of a message that is about to be added.
func (c *change) thread(n newMessage) (ThreadID, error) {
	subject := foldSubject(n.sum.BaseSubject)
	keys := threadKeys(n.sum, subject)
	fit, err := c.fitting(keys, subject)
	if err != nil {
		return "", err
	}
	if fit, err = c.besideBare(n, subject, fit); err != nil {
		return "", err
	}
	own := []string{clean(n.sum.MessageID)} // the message itself knows best where these belong
	if isBare(n.sum) && len(fit) == 0 {
		own = append(own, bareKey(n.sum.From[0].Addr, subject)) // for what it answers, should that come later
		keys = append(keys, own[1])
	}
	t, err := c.oneOf(fit, subject)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		keep := "NOTHING"
		if slices.Contains(own, key) {
			keep = "UPDATE SET thread = excluded.thread"
		}
		_, err := c.tx.Exec("INSERT INTO ref (mailbox, msgid, thread) VALUES (?, ?, ?) ON CONFLICT (mailbox, msgid) DO "+keep,
			string(c.mailbox), key, string(t))
		if err != nil {
			return "", err
		}
	}
	return t, nil
}

// oneOf joins threads into the oldest, or makes one.
func (c *change) oneOf(fit []ThreadID, subject string) (ThreadID, error) {
	if len(fit) == 0 {
		t := ThreadID(newID())
		_, err := c.tx.Exec("INSERT INTO conversation (mailbox, id, subject) VALUES (?, ?, ?)", string(c.mailbox), string(t), subject)
		return t, err
	}
	slices.Sort(fit) // ids begin with the time
	fit = slices.Compact(fit)
	for _, other := range fit[1:] {
		if err := c.join(fit[0], other); err != nil {
			return "", err
		}
	}
	return fit[0], nil
}

// fitting lists the threads that the keys name and whose subject fits.
func (c *change) fitting(keys []string, subject string) ([]ThreadID, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := []any{string(c.mailbox)}
	for _, k := range keys {
		args = append(args, k)
	}
	rows, err := c.tx.Query(`SELECT DISTINCT c.id, c.subject FROM ref r
		JOIN conversation c ON c.mailbox = r.mailbox AND c.id = r.thread
		WHERE r.mailbox = ? AND r.msgid IN (`+database.In(len(keys))+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var fit []ThreadID
	for rows.Next() {
		var t ThreadID
		var its string
		if err := rows.Scan(&t, &its); err != nil {
			return nil, err
		}
		if its == subject || its == "" || subject == "" {
			fit = append(fit, t)
		}
	}
	return fit, rows.Err()
}

// join makes two threads one.
func (c *change) join(t, other ThreadID) error {
	folders, err := column[FolderID](c.tx.Query("SELECT folder FROM thread_folder WHERE mailbox = ? AND thread = ?", string(c.mailbox), string(other)))
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"UPDATE message SET thread = ? WHERE mailbox = ? AND thread = ?",
		"UPDATE ref SET thread = ? WHERE mailbox = ? AND thread = ?",
		"UPDATE joined SET thread = ? WHERE mailbox = ? AND thread = ?",
		"INSERT INTO joined (thread, mailbox, gone) VALUES (?, ?, ?)",
	} {
		if _, err := c.tx.Exec(statement, string(t), string(c.mailbox), string(other)); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"DELETE FROM thread_folder WHERE mailbox = ? AND thread = ?",
		"DELETE FROM conversation WHERE mailbox = ? AND id = ?",
	} {
		if _, err := c.tx.Exec(statement, string(c.mailbox), string(other)); err != nil {
			return err
		}
	}
	for _, f := range folders {
		if err := c.recount(f, t); err != nil {
			return err
		}
	}
	return nil
}

// current follows a thread that has become one with another.
func current(tx *database.Tx, m email.MailboxID, t ThreadID) (ThreadID, error) {
	var now string
	err := tx.QueryRow("SELECT thread FROM joined WHERE mailbox = ? AND gone = ?", string(m), string(t)).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return t, nil
	}
	return ThreadID(now), err
}

// recount derives one line of a folder's list anew from the messages.
func (c *change) recount(f FolderID, t ThreadID) error {
	var count, unread, flagged int64
	err := c.tx.QueryRow(`SELECT COUNT(*), CAST(COALESCE(SUM(1 - seen), 0) AS BIGINT), CAST(COALESCE(SUM(flagged), 0) AS BIGINT)
		FROM message WHERE mailbox = ? AND thread = ? AND folder = ? AND hidden = 0`,
		string(c.mailbox), string(t), string(f)).Scan(&count, &unread, &flagged)
	if err != nil {
		return err
	}
	if count == 0 {
		_, err := c.tx.Exec("DELETE FROM thread_folder WHERE mailbox = ? AND thread = ? AND folder = ?", string(c.mailbox), string(t), string(f))
		return err
	}
	var latest int64
	var id string
	err = c.tx.QueryRow(`SELECT received, id FROM message WHERE mailbox = ? AND thread = ? AND folder = ? AND hidden = 0
		ORDER BY received DESC, id DESC LIMIT 1`, string(c.mailbox), string(t), string(f)).Scan(&latest, &id)
	if err != nil {
		return err
	}
	_, err = c.tx.Exec(`INSERT INTO thread_folder (mailbox, thread, folder, latest, latest_id, count, unread, flagged)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mailbox, thread, folder) DO UPDATE SET
		latest = excluded.latest, latest_id = excluded.latest_id, count = excluded.count,
		unread = excluded.unread, flagged = excluded.flagged`,
		string(c.mailbox), string(t), string(f), latest, id, count, unread, flagged)
	return err
}

// countIn adds one new message to the line of its thread and to its folder: recount without
// reading the thread, which may be long.
func (c *change) countIn(f FolderID, t ThreadID, id email.MessageID, received int64, flags Flags) error {
	_, err := c.tx.Exec(`INSERT INTO thread_folder (mailbox, thread, folder, latest, latest_id, count, unread, flagged)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (mailbox, thread, folder) DO UPDATE SET
		latest_id = CASE WHEN excluded.latest > thread_folder.latest
			OR (excluded.latest = thread_folder.latest AND excluded.latest_id > thread_folder.latest_id)
			THEN excluded.latest_id ELSE thread_folder.latest_id END,
		latest = CASE WHEN excluded.latest > thread_folder.latest THEN excluded.latest ELSE thread_folder.latest END,
		count = thread_folder.count + 1, unread = thread_folder.unread + excluded.unread,
		flagged = thread_folder.flagged + excluded.flagged`,
		string(c.mailbox), string(t), string(f), received, string(id), bit(!flags.Seen), bit(flags.Flagged))
	return err
}

// total adds to a folder's counts. ErrNotFound: there is no such folder.
func (c *change) total(f FolderID, total, unread int64) error {
	n, err := c.tx.Changed("UPDATE folder SET total = total + ?, unread = unread + ? WHERE mailbox = ? AND id = ? AND gone = 0",
		total, unread, string(c.mailbox), string(f))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
