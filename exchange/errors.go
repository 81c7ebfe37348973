package exchange

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The outcomes of a call that did not succeed. Except after ErrDoubt nothing has changed in Exchange.
var (
	ErrTemporary      = errors.New("refused for now")
	ErrRefused        = errors.New("refused for good")
	ErrDoubt          = errors.New("the answer was lost: the call may have taken effect")
	ErrThrottled      = errors.New("asked to slow down")
	ErrUnknownMailbox = errors.New("no such mailbox")
	ErrUnreachable    = errors.New("does not answer")
	ErrRoute          = errors.New("the connector does not fit") // 5.7.64, 5.7.68: stop the route, no item is at fault
	ErrLogin          = errors.New("did not let us in")
	ErrNoFolder       = errors.New("no such folder")
	ErrTaken          = errors.New("a folder of that name is there")
	ErrGone           = errors.New("the message is no longer at its place")
	ErrUnsuited       = errors.New("this way cannot carry it")   // signed, too large: another way may; nothing was sent
	ErrElsewhere      = errors.New("the mailbox lies elsewhere") // moved between on-premises and Online: ask there
)

// Failure is what every method of this room answers instead of success.
type Failure struct {
	Kind   error         // one of the outcomes above
	Op     string        // what was being done, e.g. "RCPT"
	Code   string        // Exchange's code, e.g. "550 5.7.1" or "NO"; may be empty
	Words  string        // Exchange's own words, one line, at most 300 bytes; may be empty
	Remedy string        // what a person can do; may be empty
	After  time.Duration // not before; 0: the caller decides
	Err    error         // what lies below, may be nil
}

func (f *Failure) Error() string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%s: Exchange %v", f.Op, f.Kind)
	if f.Code != "" || f.Words != "" {
		fmt.Fprintf(b, ": %s", f.Answer())
	}
	if f.Err != nil {
		fmt.Fprintf(b, ": %v", f.Err)
	}
	return b.String()
}

// Answer is Exchange's code and words as one line.
func (f *Failure) Answer() string { return strings.TrimSpace(f.Code + " " + f.Words) }

func (f *Failure) Unwrap() []error {
	if f.Err == nil {
		return []error{f.Kind}
	}
	return []error{f.Kind, f.Err}
}

// oneLine makes a stranger's words fit for a log and a page: one line, printable, cut at 300 bytes.
func oneLine(words string) string {
	words = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, " "))
	words = strings.Join(strings.Fields(words), " ")
	if len(words) > 300 {
		words = strings.ToValidUTF8(words[:300], "")
	}
	return words
}
