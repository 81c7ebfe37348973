package exchange

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Append puts a message into a folder. Graph makes drafts of MIME and nothing else, so all that is
// no draft goes by re-creation (graph_recreate.go). What neither can carry is ErrUnsuited, before
// anything was sent.
func (g *Graph) Append(ctx context.Context, mailbox string, to Folder, item Item) (Place, error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	octets := asCRLF(item.Octets)
	if len(octets) > g.o.Largest {
		return Place{}, unsuited(fmt.Sprintf("the message has %d octets, Graph takes %d", len(octets), g.o.Largest))
	}
	folder, err := g.folder(ctx, mailbox, to)
	if err != nil {
		return Place{}, err
	}
	if item.Flags.Draft != (folder.role == Drafts) {
		return Place{}, unsuited("Graph keeps drafts in Drafts and nothing else there")
	}
	if !item.Flags.Draft {
		return g.recreate(ctx, mailbox, folder, item, octets)
	}
	header, _ := splitHeader(octets)
	id, _ := readFields(header)
	made, err := g.postMIME(ctx, mailbox, octets, id)
	if err != nil {
		return Place{}, err
	}
	if id != "" && made.bareID() != id { // it could never be found again
		if err := g.drop(ctx, mailbox, made.ID); err != nil {
			return Place{}, &Failure{Kind: ErrDoubt, Op: "POST message", Words: "Graph gave the draft another Message-ID", Err: err}
		}
		return Place{}, unsuited("Graph gave the draft another Message-ID; it was taken away again")
	}
	return Place{Folder: folder.name, ID: made.ID}, nil
}

func unsuited(words string) error {
	return &Failure{Kind: ErrUnsuited, Op: "POST message", Words: words, Remedy: "Give this message back by IMAP, or by hand."}
}

// postMIME makes a draft in Drafts. Only 201 is success: 200 was seen in the field with nothing stored.
func (g *Graph) postMIME(ctx context.Context, mailbox string, octets []byte, messageID string) (made graphMessage, err error) {
	body := make([]byte, base64.StdEncoding.EncodedLen(len(octets)))
	base64.StdEncoding.Encode(body, octets)
	return g.post(ctx, mailbox, graphCall{op: "POST message", path: "/messages", kind: "text/plain", body: body}, messageID)
}

// post makes a message and reads what was made.
func (g *Graph) post(ctx context.Context, mailbox string, call graphCall, messageID string) (made graphMessage, err error) {
	call.method, call.changes, call.limit = http.MethodPost, true, 2*pageBudget
	r, err := g.send(ctx, mailbox, call)
	if err != nil {
		return made, err
	}
	if r.status != http.StatusCreated {
		return made, g.lie(ctx, mailbox, call, r, messageID)
	}
	if err := json.Unmarshal(r.body, &made); err != nil || !goodID(made.ID) {
		return made, &Failure{Kind: ErrDoubt, Op: call.op, Code: "201", Err: fmt.Errorf("%w: no message in it", errNotAsked)}
	}
	return made, nil
}

// lie deals with a success that is none: looked for at once, absent means that this way cannot
// carry the message, and anything else leaves it in doubt.
func (g *Graph) lie(ctx context.Context, mailbox string, call graphCall, r reply, messageID string) error {
	f := &Failure{Kind: ErrDoubt, Op: call.op, Code: fmt.Sprint(r.status), Words: "Graph answered success and made nothing"}
	if messageID == "" {
		return f
	}
	copies, err := g.Find(ctx, mailbox, Query{MessageIDs: []string{messageID}})
	if err == nil && len(copies) == 0 {
		f.Kind, f.Remedy = ErrUnsuited, "Give this message back by IMAP, or by hand."
	}
	return f
}

// drop takes away a draft that we made on the side, and nothing that has become something else.
func (g *Graph) drop(ctx context.Context, mailbox, id string) error {
	m, err := g.message(ctx, mailbox, id)
	if isGone(err) || err == nil && !m.Draft {
		return nil
	}
	if err != nil {
		return err
	}
	err = g.Remove(ctx, mailbox, Place{ID: id})
	if errors.Is(err, ErrDoubt) { // absolute: once more
		err = g.Remove(ctx, mailbox, Place{ID: id})
	}
	return err
}
