package mta

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"holdover/mailstore"
)

// refusedWords begin the words of a recipient who was refused for good while the report to the
// sender is not yet written; the time and the answer follow. A remote answer cannot begin so: in
// our records it begins with its code.
const refusedWords = "refused for good at "

// recordRefusal makes the durable words of a refusal.
func recordRefusal(at time.Time, words string) string {
	return refusedWords + at.UTC().Format(time.RFC3339) + ": " + words
}

// readRefusal reads them back.
func readRefusal(record string) (at time.Time, words string, ok bool) {
	rest, ok := strings.CutPrefix(record, refusedWords)
	stamp, words, found := strings.Cut(rest, ": ")
	at, err := time.Parse(time.RFC3339, stamp)
	return at, words, ok && found && err == nil
}

// onRecord lists the recipients whose refusal is durable and not yet reported.
func onRecord(all []mailstore.OutRecipient) (refused []mailstore.OutRecipient) {
	for _, r := range all {
		if _, _, ok := readRefusal(r.Words); ok {
			refused = append(refused, r)
		}
	}
	return refused
}

// outcome is what the smart host said about one recipient.
type outcome struct {
	words string // its answer, or ours for what broke
	sent  bool
	final bool // it will not change by trying again
}

// outcomeOf judges an error of MAIL, RCPT or DATA. What is not proven permanent is temporary.
func outcomeOf(err error) outcome {
	var answer *smtp.SMTPError
	if !errors.As(err, &answer) {
		return outcome{words: "the connection broke before an answer came"}
	}
	return outcome{words: wordsOf(answer), final: answer.Code/100 == 5 && !ourFault(answer)}
}

// ourFault names the 5xx that speak of our standing with the smart host, not of the mail:
// authentication (RFC 4954, 6), a host that takes no mail (RFC 7504), syntax and order unless it is
// the address's. No sender is told that a recipient failed because a password expired.
func ourFault(a *smtp.SMTPError) bool {
	switch a.Code {
	case 521, 530, 534, 535, 538:
		return true
	case 500, 501, 502, 503, 504:
		return a.EnhancedCode[1] != 1 // X.1.X is about addresses: RFC 3463, 3.2
	}
	return false
}

// wordsOf is an answer in one line of bounded length, without control characters.
func wordsOf(a *smtp.SMTPError) string {
	words := fmt.Sprintf("%d ", a.Code)
	if a.EnhancedCode[0] > 0 {
		words += fmt.Sprintf("%d.%d.%d ", a.EnhancedCode[0], a.EnhancedCode[1], a.EnhancedCode[2])
	}
	words += strings.Join(strings.FieldsFunc(a.Message, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(words) > 500 {
		words = words[:500]
	}
	return strings.ToValidUTF8(words, "?")
}

// judge makes results of outcomes, in the order of the recipients.
func (out *Outbound) judge(m mailstore.OutMessage, outcomes []outcome) []mailstore.OutRecipient {
	now := out.o.Now()
	results := make([]mailstore.OutRecipient, 0, len(outcomes))
	for i, o := range outcomes {
		r := m.Recipients[i]
		r.Attempts++
		r.Words = o.words
		switch {
		case o.sent:
			r.State = "sent"
		case o.final:
			r.Words, r.Next = recordRefusal(now, o.words), now
		case now.Sub(m.Created) >= out.o.MaxAge:
			late := fmt.Sprintf("4.4.7 not delivered within %s; last answer: %s", days(out.o.MaxAge), o.words)
			r.Words, r.Next = recordRefusal(now, late), now
		default:
			r.Next = now.Add(out.o.Retries[min(r.Attempts, len(out.o.Retries))-1])
		}
		out.log.Info("outbound attempt", "send", m.ID, "message", m.Message, "recipient", i,
			"sent", o.sent, "final", o.final, "attempts", r.Attempts, "words", o.words)
		results = append(results, r)
	}
	return results
}

func days(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return d.String()
}

// postpone leaves a message as it was while the smart host is away: that is no attempt, and no
// recipient grows too old by it.
func (out *Outbound) postpone(m mailstore.OutMessage, cause error) []mailstore.OutRecipient {
	until, first := out.link.bad()
	if first {
		out.log.Warn("the smart host cannot be reached; outbound mail waits", "error", cause)
	}
	results := make([]mailstore.OutRecipient, 0, len(m.Recipients))
	for _, r := range m.Recipients {
		r.Next = until
		results = append(results, r)
	}
	return results
}

// link remembers whether the smart host can be reached, so that a thousand messages make one
// attempt to connect, not a thousand.
type link struct {
	pause time.Duration
	now   func() time.Time

	mu    sync.Mutex
	wait  time.Duration
	until time.Time
}

func (l *link) usable() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.now().Before(l.until)
}

func (l *link) good() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait, l.until = 0, time.Time{}
}

// bad lengthens the wait and says when to try again, and whether the link was good before.
func (l *link) bad() (until time.Time, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.until) { // another worker has found out
		return l.until, false
	}
	first = l.wait == 0
	l.wait = min(max(2*l.wait, l.pause), 60*l.pause)
	l.until = now.Add(l.wait)
	return l.until, first
}
