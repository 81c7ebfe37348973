package exchange

import (
	"crypto/tls"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

func tlsClient(conn net.Conn, config *tls.Config) net.Conn { return tls.Client(conn, config) }

var backoff = regexp.MustCompile(`(?i)back-?off time: *(\d{1,9})`)

// answer is the one place where the end of an IMAP command becomes an outcome. A tagged answer is
// definite; a connection that breaks during a command that changes something leaves it in doubt.
func answer(op string, err error, mutates bool) error {
	if err == nil {
		return nil
	}
	var tagged *imap.Error
	if errors.As(err, &tagged) && tagged.Type != imap.StatusResponseTypeBye {
		return answerFailure(op, tagged)
	}
	if mutates {
		return &Failure{Kind: ErrDoubt, Op: op, Err: err}
	}
	return &Failure{Kind: ErrUnreachable, Op: op, Err: err}
}

// answerFailure reads a NO or BAD. Exchange's dialect says most in words (exchange.md, section 5).
func answerFailure(op string, e *imap.Error) *Failure {
	f := &Failure{Kind: ErrTemporary, Op: op, Code: string(e.Type), Words: oneLine(e.Text)}
	if e.Code != "" {
		f.Code += " [" + oneLine(string(e.Code)) + "]"
	}
	words := strings.ToLower(e.Text)
	switch {
	case strings.Contains(words, "throttled"), e.Code == imap.ResponseCodeLimit:
		f.Kind, f.After = ErrThrottled, 30*time.Second
		if m := backoff.FindStringSubmatch(e.Text); m != nil {
			ms, _ := strconv.Atoi(m[1])
			f.After = min(time.Duration(ms)*time.Millisecond, time.Hour)
		}
	case e.Code == imap.ResponseCodeTryCreate, e.Code == imap.ResponseCodeNonExistent, strings.Contains(words, "doesn't exist"):
		f.Kind, f.Remedy = ErrNoFolder, "Create the folder in Exchange or map it in the configuration, then retry."
	case e.Code == imap.ResponseCodeOverQuota, strings.Contains(words, "quota"):
		f.Kind, f.Remedy = ErrRefused, "The mailbox in Exchange is full: make room there, then retry."
	case strings.Contains(words, "maximum size"), e.Code == imap.ResponseCode("TOOBIG"):
		f.Kind, f.Remedy = ErrRefused, "The message is larger than Exchange takes by IMAP: raise the limit there, then retry."
	case strings.Contains(words, "command argument error"):
		f.Kind, f.Remedy = ErrRefused, "Exchange cannot take this message by IMAP (long lines, size or quota): put it back by hand."
	}
	return f
}

// usable says whether the connection may serve the next call: only after a plain refusal.
func usable(err error) bool {
	var f *Failure
	if !errors.As(err, &f) {
		return false
	}
	if strings.Contains(strings.ToLower(f.Words), "not connected") { // "User is authenticated but not connected."
		return false
	}
	switch f.Kind {
	case ErrTemporary, ErrRefused, ErrNoFolder, ErrGone:
		return true
	}
	return false
}

// greetFailure words what went wrong before the login.
func greetFailure(op string, err error) error {
	failure := startFailure(op, err)
	var said *imap.Error
	var f *Failure
	if errors.As(err, &said) && errors.As(failure, &f) {
		f.Code, f.Words, f.Err = string(said.Type), oneLine(said.Text), nil
	}
	return failure
}
