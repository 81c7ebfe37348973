package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"holdover/email"
)

// A message that is no draft goes in four steps: its MIME is posted, which makes a draft; the draft
// is read as Exchange understood it; that is posted into its folder with the MAPI properties that
// make it no draft, and give it its dates; and the draft is taken away.
//
// So that a crash leaves no litter, the draft bears a Message-ID of its own, made from the
// message's, and both that and the draft's id are noted before the step after (Item.Note). Tidy
// takes the draft away by what was noted. A look-up for the message never finds the draft.

const sideDomain = "@recreate.holdover.invalid" // RFC 2606: nobody's

// sideID is the Message-ID of the draft on the side: the same for each attempt with a message.
func sideID(octets []byte) string {
	sum := sha256.Sum256(octets)
	return hex.EncodeToString(sum[:16]) + sideDomain
}

func (g *Graph) recreate(ctx context.Context, mailbox string, to graphFolder, item Item, octets []byte) (Place, error) {
	textOnly, err := recreatable(octets)
	if err != nil {
		return Place{}, unsuited(oneLine(err.Error()))
	}
	header, _ := splitHeader(octets)
	messageID, traces := readFields(header)
	if messageID == "" {
		return Place{}, unsuited("without a Message-ID it could never be found again")
	}
	side := sideID(octets)
	if err := item.note("m:" + side); err != nil {
		return Place{}, &Failure{Kind: ErrTemporary, Op: "note", Err: err}
	}
	draft, err := g.postMIME(ctx, mailbox, withMessageID(octets, side), side)
	if err != nil {
		if !errors.Is(err, ErrDoubt) {
			item.note("")
		}
		return Place{}, err
	}
	if err := item.note("i:" + draft.ID); err != nil {
		return Place{}, &Failure{Kind: ErrTemporary, Op: "note", Err: err}
	}
	made, err := g.rebuild(ctx, mailbox, to, item, draft.ID, rebuilt{messageID: messageID, traces: traces, textOnly: textOnly, header: headerOf(octets)})
	if g.tidied(ctx, mailbox, draft.ID) {
		item.note("") // what is noted too much costs one look
	}
	return made, err
}

// tidied takes the draft away even when our own time is over.
func (g *Graph) tidied(ctx context.Context, mailbox, id string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return g.drop(ctx, mailbox, id) == nil
}

func (i Item) note(ref string) error {
	if i.Note == nil {
		return nil
	}
	return i.Note(ref)
}

// rebuilt is what the message itself says; Exchange's reading of it gives the rest.
type rebuilt struct {
	messageID string
	traces    []string
	textOnly  bool
	header    netmail.Header
}

func headerOf(octets []byte) netmail.Header {
	header, _ := splitHeader(octets)
	m, err := netmail.ReadMessage(strings.NewReader(string(header) + "\r\n"))
	if err != nil {
		return netmail.Header{}
	}
	return m.Header
}

// rebuild posts what Exchange made of the draft into the folder.
func (g *Graph) rebuild(ctx context.Context, mailbox string, to graphFolder, item Item, draft string, r rebuilt) (Place, error) {
	payload, err := g.payload(ctx, mailbox, draft, item, r)
	if err != nil {
		return Place{}, err
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return Place{}, unsuited("Exchange's reading of it cannot be written")
	}
	call := graphCall{op: "POST message", path: "/mailFolders/" + url.PathEscape(to.id) + "/messages", kind: "application/json", body: body}
	made, err := g.post(ctx, mailbox, call, r.messageID)
	if err != nil {
		return Place{}, err
	}
	if made.Draft || made.bareID() != r.messageID {
		// Exchange did not take the properties: take it away again, another way may carry it.
		if err := g.Remove(ctx, mailbox, Place{ID: made.ID}); err != nil {
			return Place{}, &Failure{Kind: ErrDoubt, Op: call.op, Words: "Graph made a draft of it, or gave it another Message-ID", Err: err}
		}
		return Place{}, unsuited("Graph made a draft of it, or gave it another Message-ID; it was taken away again")
	}
	return Place{Folder: to.name, ID: made.ID}, nil
}

// understood is what is carried over from Exchange's own reading of the MIME, as it is.
type understood struct {
	ID         string          `json:"id,omitempty"`
	Subject    string          `json:"subject"`
	Body       json.RawMessage `json:"body,omitempty"`
	From       json.RawMessage `json:"from,omitempty"`
	Sender     json.RawMessage `json:"sender,omitempty"`
	To         json.RawMessage `json:"toRecipients,omitempty"`
	Cc         json.RawMessage `json:"ccRecipients,omitempty"`
	Bcc        json.RawMessage `json:"bccRecipients,omitempty"`
	ReplyTo    json.RawMessage `json:"replyTo,omitempty"`
	Importance string          `json:"importance,omitempty"`
	Attached   bool            `json:"hasAttachments,omitempty"`
}

type payload struct {
	understood
	MessageID   string            `json:"internetMessageId"`
	Read        bool              `json:"isRead"`
	Flag        *graphFlag        `json:"flag,omitempty"`
	Categories  email.Categories  `json:"categories,omitempty"`
	Properties  []graphProperty   `json:"singleValueExtendedProperties"`
	Attachments []json.RawMessage `json:"attachments,omitempty"`
}

func (g *Graph) payload(ctx context.Context, mailbox, draft string, item Item, r rebuilt) (p payload, err error) {
	call := graphCall{op: "GET draft", limit: 2 * pageBudget,
		path: messagePath(draft) + query("$select", "id,subject,body,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,importance,hasAttachments")}
	if r.textOnly {
		call.prefer = `outlook.body-content-type="text"`
	}
	if err := g.read(ctx, mailbox, call, &p.understood); err != nil {
		return p, err
	}
	if p.ID != draft {
		return p, rubbish(call.op, "another message")
	}
	if p.Attachments, err = g.attachments(ctx, mailbox, draft); err != nil {
		return p, err
	}
	p.ID, p.Attached, p.Categories = "", false, item.Categories
	p.MessageID, p.Read, p.Properties = "<"+r.messageID+">", item.Flags.Seen, r.properties(item)
	if item.Flags.Flagged {
		p.Flag = &graphFlag{Status: "flagged"}
	}
	return p, nil
}

// attachments are read whole; one that Exchange keeps as an item of its own cannot be written anew.
func (g *Graph) attachments(ctx context.Context, mailbox, draft string) (list []json.RawMessage, err error) {
	page, err := readPages[json.RawMessage](ctx, g, mailbox, "GET attachments", messagePath(draft)+"/attachments"+query("$top", "100"), mostParts)
	if err != nil {
		return nil, err
	}
	for _, raw := range page.items {
		var a struct {
			Type    string `json:"@odata.type"`
			Name    string `json:"name"`
			Kind    string `json:"contentType"`
			Inline  bool   `json:"isInline"`
			Content string `json:"contentBytes"`
			ID      string `json:"contentId,omitempty"`
		}
		if err := json.Unmarshal(raw, &a); err != nil || a.Type != "#microsoft.graph.fileAttachment" {
			return nil, unsuited("one of its attachments is an item of its own in Exchange")
		}
		again, err := json.Marshal(a)
		if err != nil {
			return nil, rubbish("GET attachments", "an attachment that cannot be written")
		}
		list = append(list, again)
	}
	return list, nil
}

// properties are what Graph has no name for, or ignores in its own names: dates, threading, traces.
func (r rebuilt) properties(item Item) []graphProperty {
	read := map[bool]string{true: "1", false: "0"}[item.Flags.Seen]
	received := item.Date
	sent, err := r.header.Date()
	if err != nil {
		sent = received
	}
	if received.IsZero() {
		received = sent
	}
	list := []graphProperty{{graphPropFlags, read}}
	for id, at := range map[string]time.Time{graphPropReceived: received, graphPropSent: sent} {
		if !at.IsZero() {
			list = append(list, graphProperty{id, at.UTC().Format("2006-01-02T15:04:05Z")})
		}
	}
	for id, value := range map[string]string{graphPropParent: r.header.Get("In-Reply-To"), graphPropThread: r.header.Get("References")} {
		if value = oneSpaced(value); value != "" && len(value) < 30_000 {
			list = append(list, graphProperty{id, value})
		}
	}
	if item.Flags.Answered {
		list = append(list, graphProperty{graphPropVerb, graphReplied}, graphProperty{graphPropIcon, iconReplied})
	}
	if len(r.traces) > 0 {
		list = append(list, graphProperty{graphPropHeader, traceHeader(r.header["Received"])})
	}
	return list
}

func oneSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// traceHeader writes the Received lines, newest first and at most 4 KiB, by which mail is known again.
func traceHeader(received []string) string {
	var b strings.Builder
	for _, value := range received {
		line := "Received: " + oneSpaced(value) + "\r\n"
		if b.Len()+len(line) > 4<<10 {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// withMessageID makes the copy that becomes the draft on the side.
func withMessageID(octets []byte, id string) []byte {
	done := false
	copied := editHeader(octets, func(name string, field []byte) []byte {
		switch {
		case name == "message-id" && !done:
			done = true
			return []byte("Message-ID: <" + id + ">\r\n")
		case name == "message-id", name == "disposition-notification-to", name == "return-receipt-to":
			return nil // asked for once already
		}
		return field
	})
	return copied
}

// Tidy takes away what an interrupted Append may have left; ref is what it noted last. Nothing there is success.
func (g *Graph) Tidy(ctx context.Context, mailbox, ref string) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	kind, value, _ := strings.Cut(ref, ":")
	switch {
	case ref == "":
		return nil
	case kind == "i" && goodID(value):
		return g.drop(ctx, mailbox, value)
	case kind == "m" && strings.HasSuffix(value, sideDomain):
		drafts, err := g.Find(ctx, mailbox, Query{MessageIDs: []string{value}, Folders: []Folder{{Role: Drafts}}})
		for _, d := range drafts {
			if err == nil {
				err = g.drop(ctx, mailbox, d.ID)
			}
		}
		return err
	}
	return &Failure{Kind: ErrRefused, Op: "tidy", Words: fmt.Sprintf("%q is nothing that was noted here", oneLine(ref))}
}
