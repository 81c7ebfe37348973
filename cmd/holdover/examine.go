package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"holdover/exchange"
	"holdover/syncback/traffic"
)

// exchangeTestCommand asks a real Exchange what the documents leave open (docs/unverified.md).
type exchangeTestCommand struct {
	withConfig
	Mailbox string        `placeholder:"ADDRESS" help:"Test mailbox that you made for this; no other mailbox is opened. Without it only certificates are looked at."`
	Write   bool          `help:"Also run the checks that put messages into the test mailbox. They are taken away again."`
	Wait    time.Duration `default:"3m" help:"How long to wait for mail to arrive."`
	Settle  time.Duration `default:"1m" help:"How long a second copy may take once the first is there."`
	Largest size          `default:"36MiB" help:"Largest message that is tried."`
	Lookups int           `default:"30" help:"Look-ups in a row, to see how Exchange asks to slow down."`
}

// Run prints one line for each thing seen. It opens neither database nor Maildir, so it may run
// beside the service. Its end is good when every check that ran could tell.
func (c exchangeTestCommand) Run(s *session) error {
	conf, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	if c.Mailbox != "" && !goodMailAddress(c.Mailbox) {
		return fmt.Errorf("--mailbox %q is no mail address", c.Mailbox)
	}
	if c.Write && c.Mailbox == "" {
		return errors.New("--write needs --mailbox: name a mailbox that was made for tests")
	}
	conf.Exchange.Graph.Largest, conf.Exchange.EWS.Largest = c.Largest+1<<20, c.Largest+1<<20 // Exchange's limits are asked for, not ours
	h := &house{conf: conf, log: s.log, line: exchange.NewLine()}
	defer h.close()
	ways, err := h.openWays()
	if err != nil {
		return err
	}
	e := &exam{ask: c, ctx: s.ctx, out: s.out, conf: conf, token: strings.ToLower(rand.Text()[:10]), now: time.Now}
	for i, end := range conf.Exchange.endpoints() {
		e.ways = append(e.ways, examined{end.key, ways[i], end})
	}
	e.run()
	if e.unclear > 0 || e.left > 0 {
		return errFindings
	}
	return nil
}

// examined is one configured way.
type examined struct {
	key string // its section
	traffic.Way
	end endpoint
}

// box is a way that opens mailboxes, as far as the self test needs it.
type box interface {
	traffic.Mailboxes
	Sample(ctx context.Context, mailbox string, at exchange.Place) (exchange.Sample, error)
	Shown(ctx context.Context, mailbox string) (folders []exchange.Shown, can []string, err error)
}

func (x examined) box() (box, bool) {
	b, ok := x.Mail.(box)
	return b, ok
}

// verdict is what a check came to.
type verdict string

const (
	isSo    verdict = "found"
	isNot   verdict = "not so"
	unknown verdict = "could not tell"
)

// exam is one run of the self test.
type exam struct {
	ask   exchangeTestCommand
	ctx   context.Context
	out   io.Writer
	conf  *config
	ways  []examined
	token string // in the Message-IDs of this run
	now   func() time.Time

	made    int
	ids     []string // of all messages made
	unclear int
	left    int
}

func (e *exam) run() {
	fmt.Fprintf(e.out, "Self test of the ways into Exchange. Each line: section, question, answer, and the server's own words.\n")
	for _, x := range e.ways {
		e.certificates(x)
	}
	if e.ask.Mailbox == "" {
		fmt.Fprintln(e.out, "Not run: everything that opens a mailbox (name a test mailbox with --mailbox).")
		return
	}
	for _, x := range e.ways {
		if b, ok := x.box(); ok {
			e.folders(x, b)
			e.hurry(x, b)
		}
	}
	if !e.ask.Write {
		fmt.Fprintln(e.out, "Not run: everything that puts messages into the test mailbox (--write).")
		return
	}
	defer e.clean()
	for _, x := range e.ways {
		if b, ok := x.box(); ok {
			e.keeps(x, b)
			e.sizes(x, b)
		} else if x.SMTP != nil {
			e.delivers(x)
		}
	}
}

// say prints one answer.
func (e *exam) say(x examined, what string, v verdict, words string, args ...any) {
	if v == unknown {
		e.unclear++
	}
	fmt.Fprintf(e.out, "%s: %s: %s: %s\n", x.key, what, v, fmt.Sprintf(words, args...))
}

// saw is a failure in the server's own words.
func saw(err error) string {
	var f *exchange.Failure
	if errors.As(err, &f) {
		words := f.Op + ": " + f.Kind.Error()
		if f.Answer() != "" {
			words += ": " + f.Answer()
		}
		if f.Err != nil {
			words += ": " + f.Err.Error()
		}
		return words
	}
	return err.Error()
}

// letter is a message of this run; more stands in its header. size 0 is a short one.
func (e *exam) letter(date time.Time, more string, size int64) (id string, octets []byte) {
	_, domain, _ := strings.Cut(e.ask.Mailbox, "@")
	e.made++
	id = fmt.Sprintf("holdover-test-%s-%d@%s", e.token, e.made, domain)
	e.ids = append(e.ids, id)
	var b strings.Builder
	fmt.Fprintf(&b, "Message-ID: <%s>\r\nDate: %s\r\nFrom: <%s>\r\nTo: <%[3]s>\r\nSubject: Holdover exchange-test, may be deleted\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"This message was made by \"holdover exchange-test\" and is taken away by it.\r\n", id, date.Format(time.RFC1123Z), e.ask.Mailbox, more)
	line := strings.Repeat("0123456789abcdef", 4) + "\r\n"
	for int64(b.Len()) < size {
		b.WriteString(line)
	}
	return id, []byte(b.String())
}

// clean takes away what this run has made, over each way that finds some of it.
func (e *exam) clean() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), 2*time.Minute)
	defer cancel()
	if len(e.ids) == 0 {
		return
	}
	looked := false
	for _, x := range e.ways {
		b, ok := x.box()
		if !ok {
			continue
		}
		copies, err := b.Find(ctx, e.ask.Mailbox, exchange.Query{MessageIDs: e.ids, Since: e.now().AddDate(-2, 0, 0)})
		looked = looked || err == nil
		for _, c := range copies {
			if err := b.Remove(ctx, e.ask.Mailbox, c.Place); err != nil {
				e.left++
				fmt.Fprintf(e.out, "%s: left behind in %q: <%s>: %s. Delete it by hand.\n", x.key, c.Folder, c.MessageID, saw(err))
			}
		}
	}
	if !looked {
		e.left++
		fmt.Fprintf(e.out, "Nothing could be looked up to be taken away: delete what bears %q in its Message-ID by hand.\n", e.token)
		return
	}
	fmt.Fprintf(e.out, "Taken away again: what bears %q in its Message-ID.\n", e.token)
}
