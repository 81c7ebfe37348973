package mailstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/database/databasetest"
	"holdover/email"
)

// note is a message of which only what makes threads matters.
type note struct {
	id, from, to, subject, head string
	after                       time.Duration // since the clock's start
	folder                      FolderID
}

func (n note) octets() []byte {
	return fmt.Appendf(nil, "From: %s@x.example\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@x.example>\r\n%s\r\nText %s\r\n", n.from, n.to, n.subject, n.id, n.head, n.id)
}

// threadsOf delivers notes and answers who ends up with whom: ids in groups, as "a b|c".
func (h *house) threadsOf(m email.MailboxID, start time.Time, notes []note) string {
	h.t.Helper()
	must(h.t, h.EnsureMailbox(h.t.Context(), m, "me@x.example"))
	for _, n := range notes {
		_, err := h.Deliver(context.Background(), Arrival{To: []Recipient{{m, "me@x.example"}}, From: n.from + "@x.example", Origin: FromOutside, Folder: n.folder, At: start.Add(n.after), Octets: n.octets()})
		must(h.t, err)
	}
	return h.groups(m)
}

func (h *house) groups(m email.MailboxID) string {
	h.t.Helper()
	by := map[ThreadID][]string{}
	for _, f := range []FolderID{Inbox, Sent} {
		for _, r := range h.threads(m, f) {
			all, err := h.Conversation(h.t.Context(), m, r.ID)
			must(h.t, err)
			by[r.ID] = nil
			for _, one := range all {
				id, _, _ := strings.Cut(one.MessageID, "@")
				by[r.ID] = append(by[r.ID], id)
			}
		}
	}
	var groups []string
	for _, ids := range by {
		slices.Sort(ids)
		groups = append(groups, strings.Join(ids, " "))
	}
	slices.Sort(groups)
	return strings.Join(groups, "|")
}

const (
	root  = "Thread-Index: AdxMl9pFksrg0VBXsVmYf5TMdBHXFw==\r\n"
	child = "Thread-Index: AdxMl9pFksrg0VBXsVmYf5TMdBHXF3jrT2tF\r\n"
)

// TestThreadRules is the table of what belongs together. Each case is tried in the order of time and
// in the reverse one.
func TestThreadRules(t *testing.T) {
	me := "me@x.example"
	cases := map[string]struct {
		notes []note
		want  string
	}{
		"Thread-Index alone connects": {[]note{{id: "a", from: "otto", to: me, subject: "Angebot", head: root}, {id: "b", from: "me", to: "otto@x.example", subject: "AW: Angebot", head: child, after: 1, folder: Sent}}, "a b"},
		"Thread-Index under another subject does not": {[]note{{id: "a", from: "otto", to: me, subject: "Angebot", head: root}, {id: "b", from: "otto", to: me, subject: "Urlaub", head: child, after: 1},
			{id: "c", from: "otto", to: me, subject: "AW: Urlaub", head: child, after: 2}}, "a|b c"},
		"gateway tags do not part":            {[]note{{id: "a", from: "me", to: "otto@x.example", subject: "Angebot", head: root, folder: Sent}, {id: "b", from: "otto", to: me, subject: "[EXTERN] RE: [EXTERN] Angebot", head: child, after: 1}}, "a b"},
		"an answer without references joins":  {[]note{{id: "a", from: "me", to: "otto@x.example", subject: "Rechnung", folder: Sent}, {id: "b", from: "otto", to: me, subject: "Re: Rechnung", after: day}}, "a b"},
		"somebody else's does not":            {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "uwe", to: me, subject: "Re: Rechnung", after: day}}, "a|b"},
		"one's own to somebody else does not": {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "me", to: "uwe@x.example", subject: "Re: Rechnung", after: day, folder: Sent}}, "a|b"},
		"two people's answers stay apart": {[]note{{id: "a", from: "me", to: "otto@x.example", subject: "Rechnung", folder: Sent}, {id: "b", from: "me", to: "uwe@x.example", subject: "Rechnung", after: 1, folder: Sent},
			{id: "c", from: "otto", to: me, subject: "AW: Rechnung", after: day}, {id: "d", from: "uwe", to: me, subject: "AW: Rechnung", after: day + 1}}, "a c|b d"},
		"a second one without Re is new":     {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "otto", to: me, subject: "Rechnung", after: day}}, "a|b"},
		"a forward does not join":            {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "otto", to: me, subject: "WG: Rechnung", after: day}}, "a|b"},
		"after more than 30 days it is new":  {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "otto", to: me, subject: "Re: Rechnung", after: 31 * day}}, "a|b"},
		"what no person wrote does not join": {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "otto", to: me, subject: "Re: Rechnung", head: "Auto-Submitted: auto-replied\r\n", after: day}}, "a|b"},
		"references elsewhere are believed":  {[]note{{id: "a", from: "otto", to: me, subject: "Rechnung"}, {id: "b", from: "otto", to: me, subject: "Re: Rechnung", head: "In-Reply-To: <lost@x.example>\r\n", after: day}}, "a|b"},
		"an empty subject joins nothing":     {[]note{{id: "a", from: "otto", to: me, subject: ""}, {id: "b", from: "otto", to: me, subject: "Re:", after: day}}, "a|b"},
		"References beat Thread-Index's lack": {[]note{{id: "a", from: "otto", to: me, subject: "Angebot", head: root}, {id: "b", from: "me", to: "otto@x.example", subject: "AW: Angebot", head: "References: <a@x.example>\r\n", after: 1, folder: Sent},
			{id: "c", from: "otto", to: me, subject: "AW: Angebot", head: child, after: 2}}, "a b c"},
	}
	eachStore(t, func(t *testing.T, h *house) {
		number, start := 0, h.clock.Now()
		for name, c := range cases {
			backwards := slices.Clone(c.notes)
			slices.Reverse(backwards)
			for _, notes := range [][]note{c.notes, backwards} {
				number++
				if got := h.threadsOf(email.MailboxID(fmt.Sprintf("box%d", number)), start, notes); got != c.want {
					t.Errorf("%s: %s, want %s (first %s)", name, got, c.want, notes[0].id)
				}
			}
		}
	})
}

// TestRebuildThreads: a rebuild makes the threads that there were.
func TestRebuildThreads(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		second := fresh(t)
		h := newHouse(t, fresh(t))
		var notes []note
		for i := range 60 {
			at, who := time.Duration(i)*time.Hour, []string{"otto", "uwe", "ida"}[i%3]
			n := note{id: fmt.Sprint("n", i), from: who, to: "me@x.example", subject: []string{"Rechnung", "Re: Rechnung", "AW: Angebot", "Angebot", "Re: Rechnung"}[i%5], after: at}
			if i%4 == 0 {
				n.from, n.to, n.folder = "me", who+"@x.example", Sent
			}
			if i%7 == 0 {
				n.head = child
			}
			notes = append(notes, n)
		}
		before := h.threadsOf("box", h.clock.Now(), notes)
		if strings.Count(before, "|") < 5 || strings.Count(before, "|") > 45 {
			t.Fatalf("this tests nothing: %s", before)
		}
		h.forget(second)
		_, err := h.Rebuild(t.Context(), nil)
		must(t, err)
		if after := h.groups("box"); after != before {
			t.Errorf("rebuilt:\n%s\nwas:\n%s", after, before)
		}
	})
}

func TestSingles(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		var want []email.MessageID
		for i := range 9 {
			want = append(want, h.deliver(mail(fmt.Sprint(i, "@x.example"), "Re: Angebot", "0@x.example"), anna))
		}
		must(t, h.Move(t.Context(), FromPortal, anna, want[4:5], Archive))
		want = slices.Delete(want, 4, 5)
		slices.Reverse(want)
		var got []email.MessageID
		for before := (Before{}); ; {
			rows, next, err := h.Singles(t.Context(), anna, Inbox, before, 3)
			must(t, err)
			for _, r := range rows {
				same(t, "count", r.Count, 1)
				got = append(got, r.Latest.ID)
			}
			if next == (Before{}) {
				break
			}
			before, err = ParseBefore(next.String())
			must(t, err)
		}
		same(t, "messages", fmt.Sprint(got), fmt.Sprint(want))
		if _, _, err := h.Singles(t.Context(), anna, "none", Before{}, 3); err == nil {
			t.Error("there is no such folder")
		}
	})
}

func TestKnows(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		start := h.clock.Now()
		h.threadsOf(anna, start, []note{{id: "b", from: "otto", to: "me@x.example", after: time.Hour}, {id: "a", from: "otto", to: "me@x.example"}, {id: "c", from: "me", to: "Ida@x.example", folder: Sent}})
		for address, want := range map[string]time.Time{"OTTO@x.example": start, "ida@x.example": start, "uwe@x.example": {}} {
			got, err := h.Knows(t.Context(), anna, address)
			must(t, err)
			if !got.Equal(want.Truncate(time.Millisecond)) {
				t.Errorf("%s: %v, want %v", address, got, want)
			}
		}
		if got, _ := h.Knows(t.Context(), bert, "otto@x.example"); !got.IsZero() {
			t.Error("another mailbox's acquaintance")
		}
	})
}

func TestPreferences(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		must(t, h.Prefer(ctx, anna, "list", "single"))
		must(t, h.Prefer(ctx, anna, "list", "thread"))
		must(t, h.Prefer(ctx, anna, "gone", "x"))
		must(t, h.Prefer(ctx, anna, "gone", ""))
		got, err := h.Preferences(ctx, anna, "list", "gone", "never")
		must(t, err)
		same(t, "preferences", fmt.Sprint(got), "map[list:thread]")
		id := h.put(FromExchange, "alt", anna)
		must(t, h.Prefer(ctx, anna, "message "+string(id)+" images", "yes"))
		h.setWindow(10 * day)
		h.pass(40)
		h.expire()
		got, err = h.Preferences(ctx, anna, "list", "message "+string(id)+" images")
		must(t, err)
		same(t, "after the message is gone", fmt.Sprint(got), "map[list:thread]")
		got, err = h.Preferences(ctx, bert, "list")
		must(t, err)
		same(t, "another's", len(got), 0)
		if err := h.Prefer(ctx, "nobody", "list", "x"); err == nil {
			t.Error("a mailbox that does not exist has preferences")
		}
	})
}
