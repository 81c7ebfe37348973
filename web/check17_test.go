package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// fixedMailbox delivers the mailbox of the search tests to Katrin, under the ids that their expectations name.
func (h *house) fixedMailbox() {
	h.t.Helper()
	octets, err := os.ReadFile("../search/testdata/mailbox.txt")
	must(h.t, err)
	h.clock.Pass(time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC).Sub(h.clock.Now()))
	own, err := h.mail.CreateFolder(context.Background(), mailstore.FromPortal, h.box(katrin), "", "Projekte 2026")
	must(h.t, err)
	for i, block := range strings.Split(string(octets), "\n=== ")[1:] {
		head, body, _ := strings.Cut(block+"\n", "\n")
		var id, folder, flags, received string
		if _, err := fmt.Sscan(head, &id, &folder, &flags, &received); err != nil {
			h.t.Fatalf("%s: %v", head, err)
		}
		at, err := time.Parse(time.RFC3339, received)
		must(h.t, err)
		if folder == "projekte01ab" {
			folder = string(own)
		}
		body = fmt.Sprintf("Message-ID: <fixed%d@x.example>\n%s", i, body)
		_, err = h.mail.Deliver(context.Background(), mailstore.Arrival{ID: email.MessageID(id), To: []mailstore.Recipient{{Mailbox: h.box(katrin), Address: katrin}},
			From: "x@kunde.example", Origin: mailstore.FromExchange, Folder: mailstore.FolderID(folder), At: at, Octets: []byte(strings.ReplaceAll(body, "\n", "\r\n")),
			Flags: mailstore.Flags{Seen: strings.Contains(flags, "seen"), Flagged: strings.Contains(flags, "flagged"), Answered: strings.Contains(flags, "answered"), Draft: strings.Contains(flags, "draft")}})
		must(h.t, err)
	}
}

// TestCheck17_Search: every query of the search tests, typed into the page, shows the hits that the list names, newest first:
// all operators in their German and English spellings, umlauts written in every way.
func TestCheck17_Search(t *testing.T) {
	h := newHouse(t)
	h.fixedMailbox()
	h.found("/search?q=xylophon", 1)
	octets, err := os.ReadFile("../search/testdata/queries.txt")
	must(t, err)
	asked := 0
	for line := range strings.Lines(string(octets)) {
		query, want, ok := strings.Cut(strings.TrimSpace(line), "=>")
		if query = strings.TrimSpace(query); !ok || strings.HasPrefix(query, "#") {
			continue
		}
		rows := h.as(katrin).page("/search?q=" + url.QueryEscape(query)).Find("li.row")
		var got []string
		for i := range rows.Length() {
			got = append(got, strings.TrimPrefix(rows.Eq(i).AttrOr("id", ""), "t-"))
		}
		if strings.Join(got, " ") != strings.TrimSpace(want) {
			t.Errorf("%s finds %s, want %s", query, got, want)
		}
		asked++
	}
	t.Logf("%d queries", asked)
	if asked < 250 {
		t.Errorf("only %d queries", asked)
	}
}

// TestCheck17_Hostile: what looks like the syntax of this or another search program, cut off or piled up, is text: never
// an error, never markup, whoever asks.
func TestCheck17_Hostile(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Rotor"})
	pieces := []string{`"`, `(`, `)`, `AND`, `OR`, `NOT`, `-`, `*`, `from:`, `size:`, `received:`, `in:`, `is:`, `\`, `/`, `~`, `^2`, `[a TO b]`, `{x}`, `'; DROP TABLE message; --`, `%00`, "\x00", "\xff", "\u202e", "🙂", `<b>`, `${jndi:x}`}
	for i, a := range pieces {
		for j, b := range pieces {
			query := a + b + pieces[(i*7+j)%len(pieces)] + "rotor"
			if w := h.as(katrin).do("GET", "/search?q="+url.QueryEscape(query), nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<b>rotor") {
				t.Fatalf("%q: %d", query, w.Code)
			}
		}
	}
	for _, raw := range []string{"/search?q=%", "/search?q=%zz", "/search?q[]=x", "/search?q=a&q=b", "/search?" + strings.Repeat("q=a&", 2000)} {
		r, err := http.NewRequest(http.MethodGet, "http://x"+raw, nil)
		if err != nil {
			continue // no such request can be made
		}
		if w := h.as(katrin).do("GET", r.URL.RequestURI(), nil); w.Code >= 500 {
			t.Errorf("%.30s: %d", raw, w.Code)
		}
	}
}
