package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// pipelines says whether a transaction may go as one group (RFC 2920): where the server offers it, to one
// recipient. With more, one of them refused would leave a DATA that is answered 354 and cannot be taken back.
func (c *session) pipelines(from string, to []string) bool {
	ok, _ := c.client.Extension("PIPELINING")
	return ok && len(to) == 1 && !strings.ContainsAny(from+to[0], "\r\n")
}

// deliverTogether sends MAIL, RCPT and DATA without waiting for the answers in between, which are all
// read: a message costs two waits instead of four. The library has no call for it, so this is said on its connection.
func (c *session) deliverTogether(from, to string, options *smtp.MailOptions, octets []byte) (string, error) {
	group := "MAIL FROM:<" + from + ">" + c.parameters(options) + "\r\nRCPT TO:<" + to + ">\r\nDATA\r\n"
	c.conn.SetDeadline(time.Now().Add(c.client.CommandTimeout))
	defer c.conn.SetDeadline(time.Time{})
	if _, err := c.conn.Write([]byte(group)); err != nil {
		return "", replyFailure("MAIL", err)
	}
	lines := textproto.NewReader(bufio.NewReader(c.conn))
	var failed error // the first: what follows from it says less
	for _, ask := range []struct {
		op     string
		expect int
	}{{"MAIL", 250}, {"RCPT", 25}, {"DATA", 354}} {
		c.conn.SetReadDeadline(time.Now().Add(c.client.CommandTimeout))
		_, _, err := lines.ReadResponse(ask.expect)
		switch {
		case err != nil && failed == nil:
			failed = replyFailure(ask.op, answerOf(err))
		case err == nil && failed != nil && ask.op == "DATA":
			// It waits for a message that nobody is to get. Without a final dot there is none (RFC 5321, 4.1.1.4).
			c.client.Close()
		}
	}
	if failed != nil {
		return "", failed
	}
	return c.text(lines, octets)
}

// parameters are those of MAIL, as the library sets them.
func (c *session) parameters(o *smtp.MailOptions) (p string) {
	if ok, _ := c.client.Extension("8BITMIME"); ok {
		p += " BODY=8BITMIME"
	}
	if ok, _ := c.client.Extension("SIZE"); ok && o.Size != 0 {
		p += fmt.Sprintf(" SIZE=%d", o.Size)
	}
	if o.UTF8 {
		p += " SMTPUTF8"
	}
	return p
}

// text sends the message and its final dot, and reads the answer that counts.
func (c *session) text(lines *textproto.Reader, octets []byte) (string, error) {
	c.conn.SetDeadline(time.Now().Add(c.client.SubmissionTimeout))
	w := textproto.NewWriter(bufio.NewWriterSize(c.conn, 1<<14)).DotWriter()
	if _, err := w.Write(octets); err != nil {
		return "", &Failure{Kind: ErrUnreachable, Op: "DATA", Err: err}
	}
	err := w.Close()
	if err == nil {
		var words string
		if _, words, err = lines.ReadResponse(250); err == nil {
			return oneLine(words), nil
		}
	}
	var reply *smtp.SMTPError
	if err = answerOf(err); errors.As(err, &reply) {
		return "", replyFailure("final dot", reply)
	}
	return "", &Failure{Kind: ErrDoubt, Op: "final dot", Err: err}
}

// answerOf gives a reply the library's shape, with its enhanced code (RFC 2034) apart.
func answerOf(err error) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return err
	}
	reply := &smtp.SMTPError{Code: said.Code, Message: said.Msg}
	first, rest, _ := strings.Cut(said.Msg, " ")
	parts := strings.Split(first, ".")
	if len(parts) != 3 {
		return reply
	}
	var enhanced smtp.EnhancedCode
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return reply
		}
		enhanced[i] = n
	}
	reply.EnhancedCode, reply.Message = enhanced, strings.ReplaceAll(rest, "\n"+first+" ", "\n")
	return reply
}

// greeted is a connection that was greeted before it was protected (RFC 3207, 4.2): no second greeting
// comes, and the library waits for one.
type greeted struct {
	net.Conn
	said bool
}

func (g *greeted) Read(b []byte) (int, error) {
	if !g.said {
		g.said = true
		return copy(b, "220 greeted before STARTTLS\r\n"), nil
	}
	return g.Conn.Read(b)
}
