package search

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// TestManyHits: with more hits than are asked for one by one, states are answered as with few, whether they are known
// beforehand or not, every page continues the one before, and what is said about their number is true.
func TestManyHits(t *testing.T) {
	const messages = 2600
	s := newMemory()
	holds := map[string]func(i int) bool{
		"wasser":                       func(i int) bool { return i%50 != 7 },
		"wasser is:flagged":            func(i int) bool { return i%50 != 7 && i%20 == 3 },
		"-luft is:unflagged":           func(i int) bool { return i%5 != 0 && i%50 != 7 && i%20 != 3 },
		"is:unread -luft":              func(i int) bool { return i%5 != 0 && i%50 != 7 && i%3 == 0 },
		"is:read":                      func(i int) bool { return i%50 != 7 && i%3 != 0 },
		"is:unread OR is:flagged":      func(i int) bool { return i%50 != 7 && (i%3 == 0 || i%20 == 3) },
		"is:flagged OR luft":           func(i int) bool { return i%50 != 7 && (i%20 == 3 || i%5 == 0) },
		"in:trash wasser":              func(i int) bool { return i%50 == 7 },
		"in:anywhere is:unread":        func(i int) bool { return i%3 == 0 },
		"in:projekte* OR is:answered":  func(i int) bool { return i%4 == 1 }, // nothing is called so: folders have no star
		`-in:"Projekte 2026" luft`:     func(i int) bool { return i%5 == 0 && i%11 != 1 },
		`in:"Projekte 2026" is:unread`: func(i int) bool { return i%50 != 7 && i%11 == 1 && i%3 == 0 },
		"is:answered wasser":           func(i int) bool { return i%50 != 7 && i%4 == 1 },
	}
	id := func(i int) email.MessageID { return email.MessageID(fmt.Sprintf("m%05d", i)) }
	for i := range messages {
		folder := mailstore.Inbox
		switch {
		case i%50 == 7:
			folder = mailstore.Trash
		case i%11 == 1:
			folder = "projekte01ab"
		}
		text := "Wasser"
		if i%5 == 0 {
			text += " und Luft"
		}
		s.put(box, mailstore.Message{ID: id(i), Folder: folder, Received: today().Add(time.Duration(i/2) * time.Second), // two in each second
			Flags: mailstore.Flags{Seen: i%3 != 0, Flagged: i%20 == 3, Answered: i%4 == 1}}, []byte("Subject: "+text+"\r\n\r\nx\r\n"))
	}
	x := openIn(t, t.TempDir(), s)
	complete(t, x)
	for _, most := range []int{-1, 1 << 30} {
		x.ask = most
		for query, want := range holds {
			var ids []string
			for i := messages - 1; i >= 0; i-- {
				if want(i) {
					ids = append(ids, string(id(i)))
				}
			}
			var got []string
			total, open := 0, false
			for page := 0; page == 0 || len(got) == page*maxPage; page++ {
				r, err := x.Search(t.Context(), box, query, page*maxPage, maxPage)
				must(t, err)
				for _, h := range r.Hits {
					got = append(got, string(h.Message))
				}
				total, open = r.Total, r.Open
			}
			if strings.Join(got, " ") != strings.Join(ids, " ") {
				t.Errorf("%s finds %d, want %d (%d)", query, len(got), len(ids), most)
			}
			if total != len(ids) || open {
				t.Errorf("%s says %d, open %v, and has %d (%d)", query, total, open, len(ids), most)
			}
			some, least, open, err := x.Find(t.Context(), box, query, maxFind)
			must(t, err)
			if len(some) != min(len(ids), maxFind) || least > len(ids) || !open && least != len(ids) || least < min(len(ids), exactUpTo) {
				t.Errorf("%s: %d ids of %d, open %v, of %d (%d)", query, len(some), least, open, len(ids), most)
			}
		}
	}
}
