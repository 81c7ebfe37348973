package exchange

import (
	"context"
	"errors"
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
	r := &request{mailbox: mailbox, body: envelope(mailbox, q.body)}
	err = protect(func() error {
		answer, err := line.do(ctx, r)
		if err != nil {
			return c.lost(q, r, err)
		}
		a, err = c.read(q, r, answer)
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

// lost words a call without a usable HTTP answer.
func (c *EWS) lost(q question, r *request, err error) error {
	var f *Failure
	if errors.As(err, &f) {
		return err
	}
	f = broken(q.op, err, q.changes && r.sent)
	if errors.Is(err, errFlood) && f.Kind != ErrDoubt {
		f.Kind = ErrTemporary
	}
	return f
}

// read makes sense of an HTTP answer.
func (c *EWS) read(q question, r *request, answer reply) (ewsAnswer, error) {
	if answer.status != http.StatusOK && answer.status != http.StatusInternalServerError {
		return ewsAnswer{}, c.refused(q, r, answer)
	}
	a, fault, err := readAnswer(answer.body, q.op, q.parts)
	switch {
	case err != nil && q.changes:
		return a, &Failure{Kind: ErrDoubt, Op: q.op, Code: httpCode(answer), Err: err}
	case err != nil:
		return a, &Failure{Kind: ErrTemporary, Op: q.op, Code: httpCode(answer), Words: oneLine(err.Error()),
			Remedy: "Check the address of Exchange's web services: something else seems to answer there."}
	case fault != nil:
		return a, c.failure(q.op, readFault(fault), q.changes)
	}
	return a, nil
}

func httpCode(r reply) string { return "HTTP " + strconv.Itoa(r.status) }

// refused words an HTTP status that carries no answer of EWS.
func (c *EWS) refused(q question, r *request, answer reply) error {
	f := &Failure{Kind: ErrTemporary, Op: q.op, Code: httpCode(answer), Words: http.StatusText(answer.status)}
	large := len(r.body) > 1<<20
	switch status := answer.status; {
	case status == http.StatusUnauthorized:
		f.Kind = ErrLogin
		f.Remedy = "Check the service account and its password, and that Exchange's EWS directory allows NTLM authentication."
		if c.o.Auth == "basic" {
			f.Remedy = "Check the service account and its password, and that Exchange's EWS directory allows Basic authentication."
		}
	case status == http.StatusForbidden:
		f.Kind = ErrRoute
		f.Remedy = "EWS is switched off there. Exchange Online takes no EWS: use Graph or IMAP for it. On-premises look at EwsEnabled of the organisation and at what stands in front of Exchange."
	case status == http.StatusRequestEntityTooLarge, status == http.StatusNotFound && large: // IIS says 404.13
		f.Kind, f.Remedy = ErrUnsuited, "The message is larger than Exchange's web services take: raise the limit there or use another way."
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		f.Kind, f.After = ErrThrottled, retryAfter(answer.header, c.o.Now())
		if f.After == 0 {
			f.After = 30 * time.Second
		}
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

// limited gives a call its longest time.
func (c *EWS) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.o.Call)
}
