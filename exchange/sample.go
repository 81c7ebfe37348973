package exchange

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Sample is one message as a way shows it, read back by the self test (holdover exchange-test).
type Sample struct {
	Header             []byte // as it would be exported again
	Received, Sent     time.Time
	Flags              Flags
	InReplyTo, Threads string // MAPI properties, where the way shows them
}

// Shown is a folder as a way lists it.
type Shown struct {
	Name  string
	Role  Role     // as this way would use it, "" for none
	Words []string // attributes of LIST, or the well-known name
}

const sampleBudget = 4 << 20

// Sample reads a message back.
func (c *IMAP) Sample(ctx context.Context, mailbox string, at Place) (s Sample, err error) {
	err = c.call(ctx, mailbox, sampleBudget, func(a *account) error {
		uid, err := a.goTo(at)
		if err != nil {
			return err
		}
		header := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
		messages, err := a.client.Fetch(uid, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{header}}).Collect()
		if err != nil {
			return answer("FETCH", err, false)
		}
		if len(messages) == 0 {
			return gone("FETCH")
		}
		s = Sample{Received: messages[0].InternalDate, Flags: readFlags(messages[0].Flags)}
		if len(messages[0].BodySection) > 0 {
			s.Header = messages[0].BodySection[0].Bytes
		}
		return nil
	})
	return s, err
}

// Shown lists the mailbox's folders with their attributes, and what the server says it can after login.
func (c *IMAP) Shown(ctx context.Context, mailbox string) (folders []Shown, can []string, err error) {
	err = c.call(ctx, mailbox, sampleBudget, func(a *account) error {
		all, err := a.client.List("", "*", nil).Collect()
		if err != nil {
			return answer("LIST", err, false)
		}
		a.folders = nil
		used, err := a.list(c.o.Folders)
		if err != nil {
			return err
		}
		for _, data := range all {
			one := Shown{Name: data.Mailbox}
			for _, attr := range data.Attrs {
				one.Words = append(one.Words, oneLine(string(attr)))
			}
			if l, ok := pick(used, Folder{Name: data.Mailbox}); ok {
				one.Role = l.role
			}
			folders = append(folders, one)
		}
		for name := range a.client.Caps() {
			can = append(can, oneLine(string(name)))
		}
		return nil
	})
	return folders, can, err
}

// Sample reads a message back.
func (g *Graph) Sample(ctx context.Context, mailbox string, at Place) (s Sample, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	if !goodID(at.ID) {
		return s, gone("GET message")
	}
	var m struct {
		graphMessage
		Received time.Time `json:"receivedDateTime"`
		Sent     time.Time `json:"sentDateTime"`
	}
	expand := "singleValueExtendedProperties($filter=id eq '" + graphPropParent + "' or id eq '" + graphPropThread + "' or id eq '" + graphPropVerb + "')"
	path := messagePath(at.ID)
	if err := g.read(ctx, mailbox, graphCall{op: "GET message", path: path + query("$select", messageFields+",receivedDateTime,sentDateTime", "$expand", expand)}, &m); err != nil {
		return s, err
	}
	s = Sample{Received: m.Received, Sent: m.Sent, Flags: m.flags(), InReplyTo: m.property(graphPropParent), Threads: m.property(graphPropThread)}
	r, err := g.send(ctx, mailbox, graphCall{op: "GET MIME", method: http.MethodGet, path: path + "/$value", limit: sampleBudget})
	if err != nil {
		return s, err
	}
	s.Header, _ = splitHeader(asCRLF(r.body))
	return s, nil
}

// Shown lists the mailbox's folders.
func (g *Graph) Shown(ctx context.Context, mailbox string) (folders []Shown, can []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	all, err := g.foldersOf(ctx, mailbox, true)
	for _, f := range all {
		one := Shown{Name: f.name, Role: f.role}
		if f.role != "" {
			one.Words = []string{wellKnown(f.role)}
		}
		folders = append(folders, one)
	}
	return folders, nil, err
}

// Sample reads a message back.
func (c *EWS) Sample(ctx context.Context, mailbox string, at Place) (s Sample, err error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	part, err := c.one(ctx, mailbox, question{op: "GetItem", body: func(w *writer) {
		w.in("m:GetItem", func() {
			w.in("m:ItemShape", func() {
				w.text("t:BaseShape", "IdOnly")
				w.text("t:IncludeMimeContent", "true")
				w.in("t:AdditionalProperties", func() {
					for _, uri := range []string{"item:DateTimeReceived", "item:IsDraft", "message:IsRead"} {
						w.field(uri)
					}
				})
			})
			w.items(at.ID)
		})
	}})
	if err != nil {
		return s, err
	}
	n := part.kid("Items").first()
	if itemID(n) != at.ID {
		return s, misfit("GetItem", "another item than the one asked for")
	}
	octets, err := base64.StdEncoding.DecodeString(n.kid("MimeContent").value())
	if err != nil {
		return s, misfit("GetItem", "MIME that is not base64")
	}
	s.Header, _ = splitHeader(asCRLF(octets))
	s.Received, _ = time.Parse(time.RFC3339, n.kid("DateTimeReceived").value())
	s.Flags = Flags{Seen: n.kid("IsRead").value() == "true", Draft: n.kid("IsDraft").value() == "true"}
	return s, nil
}

// Shown lists the mailbox's folders.
func (c *EWS) Shown(ctx context.Context, mailbox string) (folders []Shown, can []string, err error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	all, err := c.list(ctx, mailbox, true)
	for _, l := range all {
		one := Shown{Name: l.name, Role: l.role}
		if id := distinguished[l.role]; id != "" {
			one.Words = []string{id}
		}
		if _, changed, _ := strings.Cut(l.mark, " "); changed != "" {
			one.Words = append(one.Words, "0x670A") // it tells when it changed
		}
		folders = append(folders, one)
	}
	return folders, nil, err
}
