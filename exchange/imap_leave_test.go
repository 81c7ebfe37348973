package exchange

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAppendAllLeavesTheFolder: what was opened to look into is left before messages are put, and never by CLOSE, which
// would remove what a person has marked as deleted.
func TestAppendAllLeavesTheFolder(t *testing.T) {
	for _, c := range []struct {
		offered, answer string
		want            []string
		there           bool
	}{
		{"UNSELECT", "OK done", []string{"EXAMINE", "UNSELECT", "APPEND", "APPEND"}, true},
		{"UNSELECT", "NO not now", []string{"EXAMINE", "UNSELECT", "APPEND", "APPEND"}, true},
		{"UNSELECT", "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds", []string{"EXAMINE", "UNSELECT"}, false},
		{"", "", []string{"EXAMINE", "APPEND", "APPEND"}, true},
	} {
		var mu sync.Mutex
		var said []string
		pending := ""
		address := scripted(t, "* OK ready\r\n", func(line string) []byte {
			mu.Lock()
			defer mu.Unlock()
			tag, rest, _ := strings.Cut(line, " ")
			verb, _, _ := strings.Cut(strings.ToUpper(rest), " ")
			if slices.Contains([]string{"EXAMINE", "UNSELECT", "CLOSE", "APPEND"}, verb) {
				said = append(said, verb)
			}
			switch verb {
			case "CAPABILITY":
				return []byte("* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS " + c.offered + "\r\n" + tag + " OK done\r\n")
			case "LIST":
				return []byte("* LIST () \"/\" INBOX\r\n" + tag + " OK done\r\n")
			case "EXAMINE":
				return []byte("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] set\r\n" + tag + " OK [READ-ONLY] done\r\n")
			case "UNSELECT":
				return []byte(tag + " " + c.answer + "\r\n")
			case "APPEND":
				pending = tag
				return []byte("+ go on\r\n")
			case "LOGIN", "NOOP":
				return []byte(tag + " OK done\r\n")
			}
			if line == "ende" {
				return []byte(pending + " OK [APPENDUID 7 1] done\r\n")
			}
			return []byte{}
		})
		box := newIMAP(t, IMAPOptions{Address: address, Security: Security{Policy: None}, Call: 20 * time.Second})
		if _, err := box.Find(contextOf(t), anna, Query{MessageIDs: []string{"a@x.test"}, Folders: []Folder{{Role: Inbox}}}); err != nil {
			t.Fatal(err)
		}
		put := Put{To: Folder{Role: Inbox}, Item: Item{Octets: []byte("Message-ID: <a@x.test>\r\n\r\n" + strings.Repeat("lang\r\n", 1000) + "ende"), Date: time.Now()}}
		for i, d := range box.AppendAll(contextOf(t), anna, []Put{put, put}) {
			if (d.Err == nil) != c.there {
				t.Errorf("%q answered %q: message %d: %v", c.offered, c.answer, i, d.Err)
			}
		}
		mu.Lock()
		if !slices.Equal(said, c.want) {
			t.Errorf("%q answered %q: said %v, want %v", c.offered, c.answer, said, c.want)
		}
		mu.Unlock()
	}
}
