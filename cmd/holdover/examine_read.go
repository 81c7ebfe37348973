package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/exchange"
)

// certificates says what a way's certificate, and ours for it, may be used for.
func (e *exam) certificates(x examined) {
	const server, own = "its certificate is made for servers", "our certificate may be used as a client's"
	door := x.end.door(&e.conf.Exchange)
	if door.Security.Policy == exchange.None {
		fmt.Fprintf(e.out, "%s: no TLS is configured: nothing shows who answers.\n", x.key)
	} else if shown, err := door.Look(e.ctx); err != nil {
		e.say(x, server, unknown, "%s", saw(err))
	} else {
		v := isNot
		if len(shown.Usage) == 0 || slices.Contains(shown.Usage, "server") || slices.Contains(shown.Usage, "any") {
			v = isSo
		}
		trouble := ""
		if shown.Trouble != "" {
			trouble = ", not trusted here: " + shown.Trouble
		}
		e.say(x, server, v, "%s, by %s, until %s, usage %q, pin %s%s", shown.Subject, shown.Issuer, shown.Expires.Format(time.DateOnly), shown.Usage, shown.Pin, trouble)
	}
	if door.Security.Certificate == "" {
		return
	}
	shown, err := door.Security.Own()
	switch {
	case err != nil:
		e.say(x, own, unknown, "%s", err)
	case len(shown.Usage) == 0 || slices.Contains(shown.Usage, "client") || slices.Contains(shown.Usage, "any"):
		e.say(x, own, isSo, "%s, until %s, usage %q", shown.Subject, shown.Expires.Format(time.DateOnly), shown.Usage)
	default: // public authorities leave this usage out nowadays; whether Exchange minds is the question
		e.say(x, own, isNot, "%s, until %s, usage %q: a server may refuse it", shown.Subject, shown.Expires.Format(time.DateOnly), shown.Usage)
	}
}

// folders says by what the folders are known: attribute, well-known name, or known name only.
func (e *exam) folders(x examined, b box) {
	const sent = "Sent is known by more than its name"
	folders, can, err := b.Shown(e.ctx, e.ask.Mailbox)
	if err != nil {
		e.say(x, "the test mailbox opens", unknown, "%s", saw(err))
		return
	}
	names := []string{}
	v, words := unknown, "no folder is used for what was sent"
	for _, f := range folders {
		if f.Role != "" {
			names = append(names, fmt.Sprintf("%s=%q", f.Role, f.Name))
		}
		if f.Role == exchange.Sent {
			v, words = isNot, fmt.Sprintf("%q bears %q and is taken by its name", f.Name, f.Words)
			if slices.ContainsFunc(f.Words, func(w string) bool { return strings.EqualFold(w, `\Sent`) || w == "sentitems" }) {
				v, words = isSo, fmt.Sprintf("%q bears %q", f.Name, f.Words)
			}
		}
	}
	e.say(x, "the test mailbox opens", isSo, "%d folders; in use: %s", len(folders), strings.Join(names, ", "))
	e.say(x, sent, v, "%s", words)
	if len(can) > 0 {
		slices.Sort(can)
		v := isNot
		if slices.Contains(can, "MOVE") && slices.Contains(can, "UIDPLUS") {
			v = isSo
		}
		e.say(x, "MOVE and UIDPLUS are offered after login", v, "%s", strings.Join(can, " "))
	}
}

// hurry asks so fast that Exchange may ask to slow down, and shows in which words.
func (e *exam) hurry(x examined, b box) {
	what := fmt.Sprintf("Exchange asks to slow down within %d look-ups", e.ask.Lookups)
	began := e.now()
	for n := range e.ask.Lookups {
		_, err := b.Find(e.ctx, e.ask.Mailbox, exchange.Query{MessageIDs: []string{fmt.Sprintf("nobody-%s-%d@holdover.invalid", e.token, n)},
			Folders: []exchange.Folder{{Role: exchange.Drafts}}, Since: e.now().AddDate(0, 0, -1)})
		var f *exchange.Failure
		switch {
		case errors.Is(err, exchange.ErrThrottled) && errors.As(err, &f):
			e.say(x, what, isSo, "after %d: %s; for %v", n, saw(err), f.After)
			return
		case err != nil:
			e.say(x, what, unknown, "after %d: %s", n, saw(err))
			return
		}
	}
	e.say(x, what, isNot, "none asked for it in %v", e.now().Sub(began).Round(time.Millisecond))
}
