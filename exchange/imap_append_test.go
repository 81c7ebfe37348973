package exchange

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// TestAppendAll puts many messages over one connection of a real Dovecot: each has its own place, in
// order, and one that cannot go harms no other.
func TestAppendAll(t *testing.T) {
	c := newIMAP(t, IMAPOptions{Address: exchangetest.Dovecot(t, exchangetest.Maildirs(t)), Security: Security{Policy: None}, User: "{local}", Password: exchangetest.Password})
	var puts []Put
	for i := range 100 {
		put := Put{To: Folder{Role: Inbox}, Item: Item{Octets: mail(fmt.Sprintf("viele%d@x.test", i)), Date: time.Now()}}
		switch i {
		case 10:
			put.To = Folder{Role: Sent}
			put.Item.Flags = Flags{Seen: true}
		case 20:
			put.To = Folder{Name: "gibt es nicht"}
		case 30:
			put.Item.Octets = []byte("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("x", 20_000) + "\r\n--b--\r\n")
		}
		puts = append(puts, put)
	}
	done := c.AppendAll(contextOf(t), anna, puts)
	if len(done) != len(puts) {
		t.Fatalf("%d answers to %d messages", len(done), len(puts))
	}
	last := uint32(0)
	for i, d := range done {
		want := error(nil)
		switch i {
		case 20:
			want = ErrNoFolder
		case 30:
			want = ErrRefused
			if errors.Is(d.Err, ErrUnsuited) {
				want = ErrUnsuited
			}
		}
		if want != nil || d.Err != nil {
			if want == nil || !errors.Is(d.Err, want) {
				t.Errorf("message %d: %v, want %v", i, d.Err, want)
			}
			continue
		}
		if i == 10 {
			continue
		}
		if d.Place.UID <= last || d.Place.Folder != "INBOX" {
			t.Errorf("message %d: place %+v after UID %d", i, d.Place, last)
		}
		last = d.Place.UID
	}
	found, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"viele0@x.test", "viele10@x.test", "viele20@x.test", "viele99@x.test"}})
	if err != nil || len(found) != 3 {
		t.Errorf("%d found, %v", len(found), err)
	}
	for _, f := range found {
		if f.MessageID == "viele10@x.test" && (f.Role != Sent || f.Place != done[10].Place) {
			t.Errorf("%+v, want it in Sent at %+v", f, done[10].Place)
		}
	}
}

// TestAppendAllLosesItsConnection: what was answered counts, what was sent to its end without an answer is in
// doubt, and what was not begun is not there.
func TestAppendAllLosesItsConnection(t *testing.T) {
	const answered = 3
	n := 0
	var tags []string
	address := scripted(t, "* OK ready\r\n", func(line string) []byte {
		tag, rest, _ := strings.Cut(line, " ")
		verb, _, _ := strings.Cut(strings.ToUpper(rest), " ")
		switch verb {
		case "CAPABILITY":
			return []byte("* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS\r\n" + tag + " OK done\r\n")
		case "LIST":
			return []byte("* LIST () \"/\" INBOX\r\n" + tag + " OK done\r\n")
		case "LOGIN":
			return []byte(tag + " OK done\r\n")
		case "APPEND":
			tags = append(tags, tag)
			if strings.HasSuffix(line, "+}") {
				return []byte{}
			}
			return []byte("+ go on\r\n")
		}
		if line != "ende" {
			return []byte{} // of a message
		}
		if n++; n == answered+4 {
			return nil
		} else if n > answered { // taken, and not answered
			return []byte{}
		}
		return []byte(fmt.Sprintf("%s OK [APPENDUID 7 %d] done\r\n", tags[n-1], n))
	})
	c := newIMAP(t, IMAPOptions{Address: address, Security: Security{Policy: None}, Call: 20 * time.Second})
	var puts []Put
	for i := range 200 {
		puts = append(puts, Put{To: Folder{Role: Inbox}, Item: Item{Octets: []byte("Message-ID: <a@x.test>\r\n\r\n" + strings.Repeat("kurz\r\n", 100+1000*(i%2)) + "ende"), Date: time.Unix(int64(i), 0)}})
	}
	counts := map[string]int{}
	for i, d := range c.AppendAll(contextOf(t), anna, puts) {
		switch {
		case d.Err == nil && i < answered && d.Place.UID == uint32(i+1) && d.Place.Validity == 7:
			counts["there"]++
		case errors.Is(d.Err, ErrDoubt) && i >= answered:
			counts["in doubt"]++
		case errors.Is(d.Err, ErrUnreachable) && !errors.Is(d.Err, ErrDoubt) && i > answered:
			counts["not begun"]++
		default:
			t.Errorf("message %d: %+v", i, d)
		}
	}
	if counts["there"] != answered || counts["in doubt"] < 4 || counts["not begun"] == 0 {
		t.Errorf("%v", counts)
	}
	t.Log(counts)
}
