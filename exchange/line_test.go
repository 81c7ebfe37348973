package exchange

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestLine: cutting it ends what is open, in use or at rest; no password is read and nothing dialled
// until it is mended.
func TestLine(t *testing.T) {
	certificate, caFile, _ := selfSigned(t)
	hang := make(chan struct{})
	var logins, read atomic.Int32
	address := serveTLS(t, &authDouble{passwords: &logins}, &certificate)
	line := NewLine()
	c := newSMTP(t, SMTPOptions{Address: address, Security: Security{CAFile: caFile, Name: "exchange.test"}, User: "holdover", Dial: line.Dial,
		Secret: func() (string, error) {
			read.Add(1)
			if line.IsCut() {
				return "", ErrCut
			}
			return "geheim", nil
		}})
	deliver := func() error {
		_, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("l@x.test"))
		return err
	}
	if err := deliver(); err != nil || logins.Load() != 1 || read.Load() != 1 {
		t.Fatalf("%v, %d logins, read %d times", err, logins.Load(), read.Load())
	}
	slow := scripted(t, "220 x\r\n", func(command string) []byte {
		if strings.HasPrefix(command, "MAIL") {
			close(hang)
			return []byte{} // and is silent for as long as the connection lives
		}
		return []byte("250 ok\r\n")
	})
	waits := newSMTP(t, SMTPOptions{Address: slow, Security: Security{Policy: None}, Dial: line.Dial})
	ended := make(chan error, 1)
	go func() {
		_, err := waits.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("s@x.test"))
		ended <- err
	}()
	<-hang
	if n := line.Cut(); n != 2 {
		t.Errorf("%d connections were cut, want the resting and the busy one", n)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a call succeeded over a line that was cut")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the call under way goes on")
	}
	if err := deliver(); !errors.Is(err, ErrUnreachable) || !errors.Is(err, ErrCut) || read.Load() != 1 {
		t.Errorf("over a cut line: %v, the password was read %d times", err, read.Load())
	}
	line.Mend()
	if err := deliver(); err != nil || logins.Load() != 2 {
		t.Errorf("mended: %v, %d logins", err, logins.Load())
	}
}
