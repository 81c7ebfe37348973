package syncback

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// wrong compares what people did (the plot) with what lies in the double: each message once, in its
// folder, in its state, with its own body; nothing else; and every row of the ledger verified. It
// does not ask the ledger what it believes of single messages.
func (b *bed) wrong() (found []string) {
	b.t.Helper()
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, w := range []string{b.stuck, b.early} {
		if w != "" {
			say("%s", w)
		}
	}
	touched := b.touched()
	for _, m := range boxes() {
		lying := b.double.Messages(b.people[m], "")
		taken := map[int]bool{}
		for _, l := range b.plot.letters {
			if l.mailbox != m {
				continue
			}
			var own []exchangetest.DoubleMessage
			for i, c := range lying {
				if b.is(l, c) {
					own, taken[i] = append(own, c), true
				}
			}
			b.compare(say, l, b.apart(l, own), touched)
		}
		for i, c := range lying {
			if !taken[i] {
				say("nobody wrote this: %s in %s of %s: %s", c.MessageID, c.Folder, m, c.Subject)
			}
		}
	}
	if left := b.double.Messages(campaignProbe, ""); len(left) > 0 {
		say("%d canaries are left in the probe mailbox: %v", len(left), left)
	}
	report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
	b.must(err)
	parked := b.parkedNames(say)
	if report.Verified+parked != report.Total || report.Parked != parked || report.Total != report.Waiting+report.Trying+report.InDoubt+report.Accepted+report.Verified+report.Parked {
		say("the account does not close: %+v%s", report.Counts, b.unverified())
	}
	return found
}

// is says whether a copy is this letter. A draft and the message sent of it, and messages that share
// their Message-ID, are told apart by the token in the subject; earlier versions of a draft are the
// draft.
func (b *bed) is(l *letter, c exchangetest.DoubleMessage) bool {
	if strings.HasSuffix(c.Subject, " "+l.token) {
		return true
	}
	return strings.Trim(c.MessageID, "<>") == l.msgid && strings.HasSuffix(l.msgid, "@firma.test")
}

// apart leaves a letter its own copy where a message to oneself lies twice in a mailbox: as sent and as
// received. What is surplus stays with both.
func (b *bed) apart(l *letter, own []exchangetest.DoubleMessage) []exchangetest.DoubleMessage {
	if l.twin == nil || len(own) != 2 {
		return own
	}
	fits := func(l *letter, c exchangetest.DoubleMessage) bool {
		named := !b.names() || l.names.Same(c.Categories) || l.names.With("In Outlook").Same(c.Categories)
		return named && c.Folder == b.folderName(l) && l.flags == exchange.Flags{Seen: c.Seen, Flagged: c.Flagged, Answered: c.Answered, Draft: c.Draft}
	}
	mine := 0
	if !fits(l, own[0]) || !fits(l.twin, own[1]) {
		mine = 1
	}
	return own[mine : mine+1]
}

func (b *bed) compare(say func(string, ...any), l *letter, own []exchangetest.DoubleMessage, touched map[string][]string) {
	where := func() (list []string) {
		for _, c := range own {
			list = append(list, fmt.Sprintf("%s %q seen=%v flagged=%v answered=%v draft=%v", c.Folder, c.Subject, c.Seen, c.Flagged, c.Answered, c.Draft))
		}
		return list
	}
	name := fmt.Sprintf("%s of %s", l.msgid, l.mailbox[:4])
	if l.gone { // of a discarded draft at most what Exchange had of it lies in Deleted Items
		for _, c := range own {
			if c.Folder != "Gelöschte Elemente" {
				say("the discarded draft %s is there: %v%s", name, where(), b.explain(l))
				return
			}
		}
		return
	}
	deeds := touched[string(l.mailbox)+l.msgid]
	if slices.ContainsFunc(deeds, func(do string) bool { return do != "categorise" }) { // a person had it in hand meanwhile: both sides are right, but it is there no more than once
		if len(own) > 1 {
			say("%s is in Exchange %d times: %v%s", name, len(own), where(), b.explain(l))
		}
		return
	}
	if len(own) != 1 {
		say("%s is in Exchange %d times, want once in %s: %v%s", name, len(own), b.folderName(l), where(), b.explain(l))
		return
	}
	c := own[0]
	flags := exchange.Flags{Seen: c.Seen, Flagged: c.Flagged, Answered: c.Answered, Draft: c.Draft}
	if c.Folder != b.folderName(l) || flags != l.flags {
		say("%s: %v, want %s %+v%s", name, where(), b.folderName(l), l.flags, b.explain(l))
	}
	b.compareNames(say, name, l, c, slices.Contains(touched[c.ID], "categorise"))
	if c.Body != l.body() && !b.rewritten(l, c) {
		say("%s has another body: %q%s", name, c.Subject, b.explain(l))
	}
}

// rewritten: Graph can only write a message anew from its parts; then at least its own words must
// be there.
func (b *bed) rewritten(l *letter, c exchangetest.DoubleMessage) bool {
	if b.profile != traffic.ProfileOnline || !strings.HasSuffix(c.Subject, " "+l.token) {
		return false
	}
	octets, text := string(b.double.Octets(c.Mailbox, c.ID)), []byte("Text "+l.token)
	coded := base64.StdEncoding.EncodeToString(text[:len(text)/3*3])
	return strings.Contains(octets, string(text)) || strings.Contains(octets, coded)
}

func (b *bed) folderName(l *letter) string {
	switch l.folder {
	case mailstore.Inbox:
		return "INBOX"
	case mailstore.Drafts:
		return "Entwürfe"
	case mailstore.Sent:
		return "Gesendete Elemente"
	case mailstore.Trash:
		return "Gelöschte Elemente"
	case mailstore.Archive:
		return "Archiv"
	}
	return b.plot.folders[l.mailbox][l.folder]
}

// compareNames: a message bears what was put on it here and in Outlook, and nothing else. Where IMAP is the only
// way nothing of it goes.
func (b *bed) compareNames(say func(string, ...any), name string, l *letter, c exchangetest.DoubleMessage, outlook bool) {
	var want email.Categories
	if b.names() {
		want = l.names
	}
	if outlook {
		want = want.With("In Outlook")
	}
	if !want.Same(c.Categories) {
		say("%s bears %q, want %q%s", name, c.Categories, want, b.explain(l))
	}
}

// names says whether a way of the bed carries categories.
func (b *bed) names() bool { return b.ews || b.profile == traffic.ProfileOnline }

// parkedNames counts the parked rows that may be: categories where no way carries them, of messages that
// were named.
func (b *bed) parkedNames(say func(string, ...any)) int {
	b.t.Helper()
	lines, err := b.sync.Lines(b.ctx, time.Time{}, "", Parked, 1_000_000)
	b.must(err)
	if b.names() {
		return 0
	}
	parked, n := map[string]bool{}, 0
	for _, l := range lines {
		if l.Kind == mailstore.Categorised {
			parked[string(l.Mailbox)+string(l.Message)] = true
			n++
		}
	}
	for _, l := range b.plot.letters {
		if at := string(l.mailbox) + string(l.id); l.renamed != parked[at] {
			say("%s of %s was named: %v, is parked for it: %v%s", l.msgid, l.mailbox, l.renamed, parked[at], b.explain(l))
		}
	}
	return n
}

// touched are what people did to messages in Exchange, by mailbox with Message-ID and by the item's lasting id.
func (b *bed) touched() map[string][]string {
	touched := map[string][]string{}
	for _, d := range b.double.Rest() {
		i := slices.IndexFunc(boxes(), func(m email.MailboxID) bool { return b.people[m] == d.Mailbox })
		if i >= 0 {
			at := string(boxes()[i]) + strings.Trim(d.MessageID, "<>")
			touched[at], touched[d.ID] = append(touched[at], d.Do), append(touched[d.ID], d.Do)
		}
	}
	return touched
}

// unverified lists the rows that are not settled.
func (b *bed) unverified() string {
	var out strings.Builder
	for line := range strings.Lines(b.ledger()) {
		if !strings.Contains(line, string(Verified)+":") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// explain shows what the ledger believes of a letter; for the reader of a failure only.
func (b *bed) explain(l *letter) string {
	b.t.Helper()
	var out strings.Builder
	b.must(b.db.Read(b.ctx, func(tx *database.Tx) error {
		out.Reset()
		rows, err := query(tx, `WHERE mailbox=? AND msgid=? ORDER BY seq`, string(l.mailbox), l.msgid)
		for _, r := range rows {
			fmt.Fprintf(&out, "\n      %d %s %s %q to %s, way %s, calls %d, resent %d, place %v, %s, words %q note %q", r.seq, r.item, r.op, r.state, r.detail.To, r.way, r.attempts, r.resent, r.place, r.worker, r.words, r.note)
		}
		return err
	}))
	return out.String()
}
