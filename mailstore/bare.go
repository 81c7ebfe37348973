package mailstore

import (
	"slices"
	"strings"
	"time"

	"holdover/email"
)

// A bare answer says "Re:" or "AW:" in its subject and names nothing that it answers: no References,
// no In-Reply-To, no Thread-Index. It joins the thread of the newest message under the same base
// subject from the 30 days before in which two people agree: the one who answers, and one of those
// who are answered, both stand in its From, To or Cc. So "Re: Rechnung" from somebody else never
// joins, and neither does a second "Rechnung" that says no "Re:". What no person wrote never joins.

const (
	bareWindow = 30 * 24 * time.Hour
	bareBefore = 24 * time.Hour // an answer may be quicker than what it answers
	mostPeople = 12             // of a message that a bare answer is looked for by
)

func isBare(s email.Summary) bool {
	return email.SaysAnswer(s.Subject) && !s.Automatic && len(s.From) > 0 && s.From[0].Addr != "" && s.BaseSubject != "" &&
		len(s.References) == 0 && len(s.InReplyTo) == 0 && s.ThreadIndex == ""
}

// bareKey is the key of a bare answer that waits for what it answers. No Message-ID has a blank.
func bareKey(writer, subject string) string {
	return "bare " + clean(strings.ToLower(writer)) + " " + subject
}

// circle is who takes part in a message, in lower case: the writer first.
func circle(p people) []string {
	var all []string
	for _, list := range [][]email.Address{p.From, p.To, p.Cc} {
		for _, a := range list {
			if addr := strings.ToLower(a.Addr); addr != "" && !slices.Contains(all, addr) && len(all) < 100 {
				all = append(all, addr)
			}
		}
	}
	return all
}

// answers says whether the writer of answer, and one of those it goes to, take part in original.
func answers(answer, original people) bool {
	by, in := circle(answer), circle(original)
	if len(by) == 0 || !slices.Contains(in, by[0]) {
		return false
	}
	return slices.ContainsFunc(by[1:], func(addr string) bool { return slices.Contains(in, addr) })
}

// besideBare adds to the threads of a message the one that its subject tells: of what it answers when
// it is bare, of a bare answer to it that came first.
func (c *change) besideBare(n newMessage, subject string, fit []ThreadID) ([]ThreadID, error) {
	if subject == "" || n.state.flags.Draft {
		return fit, nil
	}
	if isBare(n.sum) {
		t, err := c.answered(n, subject)
		if err == nil && t != "" {
			fit = append(fit, t)
		}
		return fit, err
	}
	if n.sum.Automatic {
		return fit, nil
	}
	var keys []string
	for _, addr := range circle(peopleOf(n.sum)) {
		if len(keys) < mostPeople {
			keys = append(keys, bareKey(addr, subject))
		}
	}
	waiting, err := c.fitting(keys, subject)
	for _, t := range waiting {
		is, err := c.waitsFor(t, n)
		if err != nil {
			return nil, err
		}
		if is {
			fit = append(fit, t)
			for _, key := range keys {
				if _, err := c.tx.Exec("DELETE FROM ref WHERE mailbox = ? AND thread = ? AND msgid = ?", string(c.mailbox), string(t), key); err != nil {
					return nil, err
				}
			}
		}
	}
	return fit, err
}

// answered finds the thread of what a bare message answers, or "".
func (c *change) answered(n newMessage, subject string) (ThreadID, error) {
	rows, err := c.tx.Query(`SELECT m.thread, m.people FROM conversation c JOIN message m ON m.mailbox = c.mailbox AND m.thread = c.id
		WHERE c.mailbox = ? AND c.subject = ? AND m.received >= ? AND m.received <= ? AND m.draft = 0 AND m.automatic = 0
		ORDER BY m.received DESC, m.id DESC LIMIT 50`,
		string(c.mailbox), subject, ms(n.block.At.Add(-bareWindow)), ms(n.block.At.Add(bareBefore)))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		var t ThreadID
		var text string
		if err := rows.Scan(&t, &text); err != nil {
			return "", err
		}
		var in people
		if err := unlist(text, &in); err != nil {
			return "", err
		}
		if answers(peopleOf(n.sum), in) {
			return t, nil
		}
	}
	return "", rows.Err()
}

// waitsFor says whether a thread that began with a bare answer began with one to this message.
func (c *change) waitsFor(t ThreadID, n newMessage) (bool, error) {
	var text string
	var at int64
	err := c.tx.QueryRow(`SELECT people, received FROM message WHERE mailbox = ? AND thread = ? ORDER BY received, id LIMIT 1`,
		string(c.mailbox), string(t)).Scan(&text, &at)
	if err != nil {
		return false, err
	}
	if at < ms(n.block.At.Add(-bareBefore)) || at > ms(n.block.At.Add(bareWindow)) {
		return false, nil
	}
	var by people
	err = unlist(text, &by)
	return answers(by, peopleOf(n.sum)), err
}
