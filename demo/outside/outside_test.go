package outside_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"holdover/demo/outside"
)

func TestSinkKeepsWhatItGot(t *testing.T) {
	sink, err := outside.Start("127.0.0.1:0", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	const text = "Subject: =?utf-8?q?M=C3=BCll?=\r\nMessage-ID: <b@firma.test>\r\nIn-Reply-To: <a@out.test>\r\nReferences: <0@out.test>\r\n <a@out.test>\r\n\r\nText\r\n"
	arrival := sink.Arrival()
	if err := send(sink, text, "x@out.test"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrival:
	default:
		t.Error("nobody was told of the arrival")
	}
	if err := send(sink, "no header at all", "x@out.test"); err != nil {
		t.Fatal(err)
	}
	got := sink.Messages(0)
	if len(got) != 2 {
		t.Fatalf("%d messages, want 2", len(got))
	}
	m := got[0]
	if m.Subject != "Müll" || m.References != "<0@out.test> <a@out.test>" || m.InReplyTo != "<a@out.test>" || string(m.Octets) != text {
		t.Errorf("kept %+v", m)
	}
	if rest := sink.Messages(1); len(rest) != 1 || rest[0].ID != 2 {
		t.Errorf("after 1 come %+v", rest)
	}
}

func TestSinkRefuses(t *testing.T) {
	sink, err := outside.Start("127.0.0.1:0", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	sink.Refuse(func(_, to string) error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no " + to}
	})
	var answer *smtp.SMTPError
	if err := send(sink, "a: b\r\n\r\n", "x@out.test"); !errors.As(err, &answer) || answer.Code != 550 {
		t.Errorf("got %v, want 550", err)
	}
}

func send(sink *outside.Sink, text, to string) error {
	c, err := smtp.Dial(sink.Addr())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("a@firma.test", []string{to}, strings.NewReader(text))
}
