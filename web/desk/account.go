package desk

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
)

const (
	maxOrphans = 20               // messages without an account that a page names
	checkEvery = 15 * time.Second // between two comparisons of ledger and store for a page that renews itself
)

// spanOf is the time that an event's account is about: until its gates opened.
func spanOf(e continuity.Event) syncback.Span {
	return syncback.Span{Since: e.Started, Until: e.Released}
}

// account is an event's sum with the comparison against the store.
type account struct {
	syncback.Account
	check syncback.Crosscheck
}

// good says that everything is back: each change was found, once, and the store knows of no other.
func (a account) good() bool { return a.Closes() && a.Done() && a.check.Good() && a.check.Coming == 0 }

// accountOf sums up an event. Pages that renew themselves take sums that are some moments old, and a
// comparison with the store, which reads every message of the event, that is some seconds old; fresh
// makes both anew.
func (s *server) accountOf(ctx context.Context, e continuity.Event, fresh bool) (a account, err error) {
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) }
	known := s.checks.of(e.ID)
	if fresh {
		known = made{}
	}
	if a.Account = known.sum; !known.sumGood(time.Now()) {
		began := time.Now()
		if a.Account, err = s.Syncback.Account(ctx, spanOf(e), covers); err != nil {
			return a, err
		}
		known.sum, known.summed, known.took = a.Account, time.Now(), time.Since(began)
	}
	if a.check = known.check; known.checked.IsZero() || s.Time().Sub(known.checked) >= checkEvery {
		if a.check, err = s.Syncback.Crosscheck(ctx, spanOf(e), covers); err != nil {
			return a, err
		}
		known.check, known.checked = a.check, s.Time()
	}
	s.checks.keep(e.ID, known)
	return a, nil
}

// checks remembers the latest account of each event for a moment.
type checks struct {
	mu   sync.Mutex
	made map[string]made
}

type made struct {
	sum     syncback.Account
	summed  time.Time // by the wall's clock
	took    time.Duration
	check   syncback.Crosscheck
	checked time.Time
}

// sumGood: the sums of a large event are kept five times as long as they took, so that open pages cost
// at most a sixth of a processor.
func (m made) sumGood(now time.Time) bool { return now.Sub(m.summed) < 5*m.took }

func (c *checks) of(event string) made {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[event]
}

func (c *checks) keep(event string, m made) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) > maxEvents {
		c.made = map[string]made{}
	}
	c.made[event] = m
}

// entryQuery is what a list of an account is asked for.
type entryQuery struct {
	what    string // messages or changes
	state   string // one of the states, "left" for what moves by itself, "" all
	note    string
	mailbox email.MailboxID
	hint    bool
	resent  bool
	words   string
}

func (q entryQuery) values() url.Values {
	v := url.Values{"what": {cmp.Or(q.what, "changes")}}
	for name, value := range map[string]string{"state": q.state, "note": q.note, "mailbox": string(q.mailbox), "q": q.words} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, on := range map[string]bool{"hint": q.hint, "resent": q.resent} {
		if on {
			v.Set(name, "1")
		}
	}
	return v
}

func (q entryQuery) url(event string) string {
	return "/desk/events/" + event + "/entries?" + q.values().Encode()
}

type count struct {
	word  string
	state syncback.State
	n     int
}

// countList are the states that make up the total, the best first.
func countList(c syncback.Counts) []count {
	return []count{{"verified", syncback.Verified, c.Verified}, {"accepted", syncback.Accepted, c.Accepted}, {"in_doubt", syncback.InDoubt, c.InDoubt},
		{"parked", syncback.Parked, c.Parked}, {"waiting", syncback.Waiting, c.Waiting}, {"trying", syncback.Trying, c.Trying}}
}

func sum(c syncback.Counts) (n int) {
	for _, one := range countList(c) {
		n += one.n
	}
	return n
}

var foundNotes = []syncback.Note{syncback.Junk, syncback.Moved, syncback.Trash, syncback.Gone, syncback.Twice}

// sumView is the account in words; every number leads to its list.
func (s *server) sumView(w *views.Words, event string, a account) views.Account {
	v := views.Account{Lead: w.T("report.lead_none"), Bad: !a.check.Good() || !a.Closes()}
	if a.Messages.Total > 0 {
		v.Lead = w.N("report.lead", a.Messages.Total)
	}
	for _, one := range countList(a.Messages) {
		v.Parts = append(v.Parts, views.CountLink{Name: w.T("report." + one.word), Number: w.Number(one.n), Class: "c-" + one.word,
			URL: entryQuery{what: "messages", state: string(one.state)}.url(event)})
	}
	found := func(word string, n int, q entryQuery) {
		if n > 0 {
			q.what = "messages"
			v.Found = append(v.Found, views.CountLink{Name: w.T("report.found_" + word), Number: w.Number(n), URL: q.url(event)})
		}
	}
	for _, note := range foundNotes {
		found(string(note), a.Notes[note], entryQuery{state: string(syncback.Verified), note: string(note)})
	}
	found("resent", a.Resent, entryQuery{resent: true})
	found("hint", a.Hints, entryQuery{state: string(syncback.Accepted), hint: true})
	v.Sum = s.bothCounts(w, a)
	for _, one := range countList(a.Changes) {
		if one.n > 0 {
			v.Changes = append(v.Changes, views.CountLink{Name: w.T("report." + one.word), Number: w.Number(one.n),
				URL: entryQuery{what: "changes", state: string(one.state)}.url(event)})
		}
	}
	s.checkView(w, a, &v)
	return v
}

// bothCounts says how many messages and how many changes: "312 messages, 540 changes."
func (s *server) bothCounts(w *views.Words, a account) string {
	return w.T("report.changes_sum", "Messages", w.N("report.n_messages", a.Messages.Total), "Changes", w.N("report.n_changes", a.Changes.Total))
}

func (s *server) checkView(w *views.Words, a account, v *views.Account) {
	store := w.N("report.n_messages", a.check.Store)
	switch {
	case !a.check.Good():
		v.Check = w.T("report.check_bad_text", "Store", store, "N", w.Number(len(a.check.Missing)))
	case !a.Closes():
		v.Check = w.T("event.say_open", "Total", w.Number(a.Changes.Total), "Sum", w.Number(sum(a.Changes)))
	case a.check.Coming > 0:
		v.Check = w.T("report.check_coming", "Store", store, "Coming", w.Number(a.check.Coming))
	default:
		v.Check = w.T("report.check_good", "Store", store)
	}
	for n, o := range a.check.Missing {
		if n == maxOrphans {
			v.Capped = w.Number(maxOrphans)
			break
		}
		v.Orphans = append(v.Orphans, views.Orphan{Box: s.addressOf(o.Mailbox), ID: string(o.Message)})
	}
}

// boxHeads are the heads of the numbers of boxRows.
func boxHeads(w *views.Words) []string {
	heads := []string{w.T("report.messages")}
	for _, word := range strings.Fields("verified accepted in_doubt parked waiting") {
		heads = append(heads, w.T("report."+word))
	}
	return heads
}

// boxRows are the mailboxes, those with problems first.
func (s *server) boxRows(w *views.Words, event string, boxes []syncback.BoxTally) []views.BoxRow {
	boxes = slices.Clone(boxes)
	wait := func(m syncback.BoxTally) int { return m.Changes.Waiting + m.Changes.Trying + m.Changes.InDoubt }
	slices.SortStableFunc(boxes, func(a, b syncback.BoxTally) int {
		return cmp.Or(cmp.Compare(b.Changes.Parked, a.Changes.Parked), cmp.Compare(wait(b), wait(a)), cmp.Compare(b.Changes.Accepted, a.Changes.Accepted),
			cmp.Compare(s.addressOf(a.Mailbox), s.addressOf(b.Mailbox)))
	})
	var rows []views.BoxRow
	for _, m := range boxes {
		row := views.BoxRow{Name: s.addressOf(m.Mailbox), Gate: w.T("gate." + string(m.Position)), URL: entryQuery{what: "changes", mailbox: m.Mailbox}.url(event)}
		if box, ok := s.Directory.Mailbox(m.Mailbox); ok && box.Name != "" {
			row.Name, row.Address = box.Name, box.Address
		}
		row.Class = map[syncback.Position]string{syncback.Closed: "is-hold", syncback.Draining: "is-act", syncback.Open: "is-good"}[m.Position]
		c := m.Messages
		for _, one := range []count{{"", "", c.Total}, {"", syncback.Verified, c.Verified}, {"", syncback.Accepted, c.Accepted}, {"", syncback.InDoubt, c.InDoubt},
			{"", syncback.Parked, c.Parked}, {"", "left", c.Waiting + c.Trying}} {
			link := views.CountLink{Number: w.Number(one.n)}
			if one.n > 0 {
				link.URL = entryQuery{what: "messages", state: string(one.state), mailbox: m.Mailbox}.url(event)
			}
			row.Cells = append(row.Cells, link)
		}
		rows = append(rows, row)
	}
	return rows
}
