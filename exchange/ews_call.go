package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// answerBudget is how many octets one answer may have: a page of 100 items, or 50 headers.
const answerBudget = 32 << 20

// question is one operation on behalf of a mailbox.
type question struct {
	op      string // e.g. CreateItem
	parts   int    // things asked for, each with an answer of its own
	changes bool   // a lost answer leaves it open whether it took effect
	body    func(*writer)
}

// ask makes one call and reads its answer. An error of single parts is the caller's to read.
func (c *EWS) ask(ctx context.Context, mailbox string, q question) (a ewsAnswer, err error) {
	var line *ewsLine
	select {
	case line = <-c.lines:
	case <-ctx.Done():
		return a, &Failure{Kind: ErrTemporary, Op: "wait for a connection", Err: ctx.Err()}
	}
	defer func() { c.lines <- line }()
	r := &request{mailbox: mailbox, body: envelope(mailbox, q.body), budget: answerBudget}
	err = protect(func() error {
		reply, err := line.do(ctx, r)
		if err != nil {
			return c.broken(q, r, err)
		}
		a, err = c.read(q, r, reply)
		return err
	})
	return a, err
}

// one asks for one thing and makes an error of Exchange's the call's.
func (c *EWS) one(ctx context.Context, mailbox string, q question) (*node, error) {
	q.parts = 1
	a, err := c.ask(ctx, mailbox, q)
	if err != nil {
		return nil, err
	}
	if s := readError(a.parts[0]); s.code != "" {
		return nil, c.failure(q.op, s, q.changes)
	}
	return a.parts[0], nil
}

// broken words what went wrong below HTTP's answer.
func (c *EWS) broken(q question, r *request, err error) error {
	var f *Failure
	switch {
	case errors.As(err, &f):
		return err
	case q.changes && r.sent.Load():
		return &Failure{Kind: ErrDoubt, Op: q.op, Err: err}
	case errors.Is(err, errFlood):
		return &Failure{Kind: ErrTemporary, Op: q.op, Err: err}
	}
	return startFailure(q.op, err)
}

// read makes sense of an HTTP answer.
func (c *EWS) read(q question, r *request, reply httpReply) (ewsAnswer, error) {
	if reply.status != http.StatusOK && reply.status != http.StatusInternalServerError {
		return ewsAnswer{}, c.refused(q, r, reply)
	}
	a, fault, err := readAnswer(reply.octets, q.op, q.parts)
	switch {
	case err != nil && q.changes:
		return a, &Failure{Kind: ErrDoubt, Op: q.op, Code: httpCode(reply), Err: err}
	case err != nil:
		return a, &Failure{Kind: ErrTemporary, Op: q.op, Code: httpCode(reply), Words: oneLine(err.Error()),
			Remedy: "Check the address of Exchange's web services: something else seems to answer there."}
	case fault != nil:
		return a, c.failure(q.op, readFault(fault), q.changes)
	}
	return a, nil
}

func httpCode(reply httpReply) string { return "HTTP " + strconv.Itoa(reply.status) }

// refused words an HTTP status that carries no answer of EWS.
func (c *EWS) refused(q question, r *request, reply httpReply) error {
	f := &Failure{Kind: ErrTemporary, Op: q.op, Code: httpCode(reply), Words: http.StatusText(reply.status)}
	large := len(r.body) > 1<<20
	switch status := reply.status; {
	case status == http.StatusUnauthorized:
		f.Kind = ErrLogin
		f.Remedy = fmt.Sprintf("Check the service account and its password, and that Exchange's EWS directory allows %s authentication.", c.o.Auth)
	case status == http.StatusForbidden:
		f.Kind = ErrRoute
		f.Remedy = "EWS is switched off there. Exchange Online takes no EWS: use Graph or IMAP for it. On-premises look at EwsEnabled of the organisation and at what stands in front of Exchange."
	case status == http.StatusRequestEntityTooLarge, status == http.StatusNotFound && large: // IIS says 404.13
		f.Kind, f.Remedy = ErrUnsuited, "The message is larger than Exchange's web services take: raise the limit there or use another way."
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		f.Kind, f.After = ErrThrottled, c.retryAfter(reply)
	case status >= 500 && q.changes:
		f.Kind = ErrDoubt // a proxy gave up waiting; Exchange may not have
	case status >= 500:
		f.Kind = ErrUnreachable
	case status >= 300 && status < 400:
		f.Kind = ErrRoute
		f.Remedy = "The address of the web services points elsewhere; credentials do not follow. Enter the address of EWS itself."
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone:
		f.Kind, f.Remedy = ErrRoute, "No web services at this address: it ends in /EWS/Exchange.asmx."
	}
	return f
}

func (c *EWS) retryAfter(reply httpReply) time.Duration {
	text := reply.header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(c.o.Now()), 0), time.Hour)
	}
	return 30 * time.Second
}

// limited gives a call its longest time.
func (c *EWS) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.o.Call)
}
