package kills_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/demo/standin"
)

// outside counts per token what the world received.
func (r *run) outside() map[string]int {
	counts := map[string]int{}
	for _, m := range r.stage.Outside.Messages(0) {
		counts[tokenOf(m.Subject)]++
	}
	return counts
}

func tokenOf(subject string) string {
	words := strings.Fields(subject)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// place is one mailbox and folder of the stand-in.
type place struct{ mailbox, folder, token string }

// inExchange finds everything of the ledger in the stand-in.
func (r *run) inExchange() map[place][]standin.Message {
	found := map[place][]standin.Message{}
	for _, box := range r.stage.Exchange.Store().Mailboxes() {
		for _, m := range r.stage.Exchange.Store().Messages(box, "") {
			at := place{box, m.Folder, tokenOf(m.Subject)}
			found[at] = append(found[at], m)
		}
	}
	return found
}

// wanted is where a message must lie once each.
func (i *item) wanted() (all []place) {
	for _, to := range i.to {
		all = append(all, place{to, standin.Inbox, i.token})
	}
	if i.kind == "sent" {
		all = append(all, place{i.from, standin.Sent, i.token})
	}
	return all
}

// missing counts what has not arrived yet, read marks included, and what is still too much: a draft
// that was told to Exchange is taken back a moment after its message has gone out.
func (r *run) missing() (n int) {
	exchange, world := r.inExchange(), r.outside()
	count := map[string]int{}
	for at, all := range exchange {
		count[at.token] += len(all)
	}
	for _, i := range r.ledger.acked() {
		n += max(0, count[i.token]-len(i.wanted()))
		for _, at := range i.wanted() {
			if len(exchange[at]) == 0 {
				n++
			}
		}
		if i.outside != "" && world[i.token] == 0 {
			n++
		}
		if i.read {
			if m := exchange[place{i.to[0], standin.Inbox, i.token}]; len(m) > 0 && !m[0].Seen {
				n++
			}
		}
	}
	return n
}

// settle waits until nothing is missing. It gives up when nothing has moved for a while.
func (r *run) settle(ctx context.Context) {
	last, since := -1, time.Now()
	for ctx.Err() == nil {
		n := r.missing()
		if n == 0 {
			return
		}
		if n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > time.Minute {
			return // check names what is missing
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// verdict is what the checker found.
type verdict struct {
	lost, doubled, torn, unread []string
	outsideTwice                int
	accepted, sent, read        int
}

func (r *run) check() (v verdict) {
	exchange, world := r.inExchange(), r.outside()
	count := map[string]int{} // over all folders and mailboxes
	where := map[string][]string{}
	for at, all := range exchange {
		count[at.token] += len(all)
		where[at.token] = append(where[at.token], fmt.Sprintf("%d in %s of %s", len(all), at.folder, at.mailbox))
	}
	for _, i := range r.ledger.acked() {
		v.count(i)
		for _, at := range i.wanted() {
			switch n := len(exchange[at]); {
			case n == 0:
				v.lost = append(v.lost, fmt.Sprint(at))
			case n > 1:
				v.doubled = append(v.doubled, fmt.Sprint(n, at))
			}
			if i.kind == "in" && slices.ContainsFunc(exchange[at], func(m standin.Message) bool { return m.Body != i.body }) {
				v.torn = append(v.torn, fmt.Sprint(at))
			}
		}
		if n, want := count[i.token], len(i.wanted()); n > want {
			v.doubled = append(v.doubled, fmt.Sprintf("%s (%s) stands in %d places instead of %d: %s", i.token, i.kind, n, want, strings.Join(where[i.token], ", ")))
		}
		if i.outside != "" && world[i.token] == 0 {
			v.lost = append(v.lost, i.token+" to the outside")
		}
		v.outsideTwice += max(0, world[i.token]-1)
		if m := exchange[place{first(i.to), standin.Inbox, i.token}]; i.read && len(m) > 0 && !m[0].Seen {
			v.unread = append(v.unread, i.token)
		}
	}
	return v
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func (v *verdict) count(i *item) {
	if i.kind == "in" {
		v.accepted++
	} else {
		v.sent++
	}
	if i.read {
		v.read++
	}
}
