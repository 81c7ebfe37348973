package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// pauseUnsaid is how long a mailbox rests when Graph asks to slow down and does not say for how long.
const pauseUnsaid = 30 * time.Second

// refusal is the one place where an answer above 299 becomes an outcome.
func (g *Graph) refusal(c graphCall, r reply) *Failure {
	code, words := readGraphError(r.body)
	f := &Failure{Kind: ErrTemporary, Op: c.op, Code: strings.TrimSpace(fmt.Sprintf("%d %s", r.status, code)), Words: words}
	if kind, remedy, ok := graphCode(code); ok {
		f.Kind, f.Remedy = kind, remedy
		return f
	}
	switch {
	case r.status < 400:
		f.Kind, f.Remedy = ErrUnreachable, "Graph points elsewhere; nothing is followed. Correct exchange.graph.url."
	case r.status == http.StatusTooManyRequests, r.status == http.StatusServiceUnavailable:
		f.Kind, f.After = ErrThrottled, retryAfter(r.header, g.o.Now())
		if f.After <= 0 {
			f.After = pauseUnsaid
		}
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		f.Kind, f.Remedy = ErrLogin, "Check the permission Mail.ReadWrite of Holdover's application, its consent, and whether this mailbox is within its scope."
	case r.status == http.StatusNotFound && c.method == http.MethodPost && strings.HasPrefix(c.path, "/mailFolders"):
		f.Kind, f.Remedy = ErrNoFolder, remedyFolder
	case r.status == http.StatusNotFound:
		f.Kind, f.After = ErrGone, time.Second
	case r.status == http.StatusRequestEntityTooLarge:
		f.Kind, f.Remedy = ErrUnsuited, "Graph does not take a message of this size: it goes by IMAP, or by hand."
	case r.status == http.StatusInsufficientStorage:
		f.Kind, f.Remedy = ErrRefused, remedyFull
	case r.status == http.StatusConflict, r.status == http.StatusPreconditionFailed, r.status == http.StatusLocked:
	case r.status >= 500 && c.changes: // 504 came after storing, in the field; 500 and 502 may
		f.Kind = ErrDoubt
	case r.status >= 500:
		f.Kind = ErrUnreachable
	default:
		f.Kind, f.Remedy = ErrRefused, "Graph does not take this: put it back by another way or by hand."
	}
	return f
}

// graphCode knows Graph's own words, which say more than its numbers.
func graphCode(code string) (kind error, remedy string, ok bool) {
	switch strings.ToLower(code) {
	case "mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "mailboxnothostedinexchangeonline":
		return ErrElsewhere, "The mailbox is not in Exchange Online: give it back by the on-premises way.", true
	case "errormailboxmoveinprogress":
		return ErrTemporary, "", true
	case "erroritemnotfound":
		return ErrGone, "", true
	case "errorfoldernotfound", "errorparentfoldernotfound":
		return ErrNoFolder, remedyFolder, true
	case "errorinvaliduser", "errornonexistentmailbox", "request_resourcenotfound", "resourcenotfound", "mailboxnotfound":
		return ErrUnknownMailbox, "Create the mailbox in Exchange or correct its address in the directory, then retry.", true
	case "errorquotaexceeded", "quotaexceeded":
		return ErrRefused, remedyFull, true
	case "errormessagesizeexceeded", "errorattachmentsizelimitexceeded", "requestbodytoolarge":
		return ErrUnsuited, "Graph does not take a message of this size: it goes by IMAP, or by hand.", true
	}
	return nil, "", false
}

// readGraphError reads code and words of an error; what is no JSON has neither.
func readGraphError(body []byte) (code, words string) {
	var a struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	code = oneLine(a.Error.Code)
	if len(code) > 60 || strings.Contains(code, " ") {
		code = ""
	}
	return code, oneLine(a.Error.Message)
}

// errNotAsked: the answer is not what was asked for.
var errNotAsked = errors.New("the answer is not what was asked for")

// readJSON reads an answer; what cannot be read proves nothing.
func readJSON(op string, r reply, into any) error {
	if err := json.Unmarshal(r.body, into); err != nil {
		return &Failure{Kind: ErrUnreachable, Op: op, Code: fmt.Sprint(r.status), Err: fmt.Errorf("%w: %w", errNotAsked, err)}
	}
	return nil
}

func rubbish(op, what string) error {
	return &Failure{Kind: ErrUnreachable, Op: op, Err: fmt.Errorf("%w: %s", errNotAsked, what)}
}
