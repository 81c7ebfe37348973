package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Check opens a mailbox, changes nothing, and says in lines for an administrator what was seen.
func (c *EWS) Check(ctx context.Context, mailbox string) ([]string, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	a, err := c.ask(ctx, mailbox, question{op: "GetFolder", parts: 1, body: func(w *writer) {
		w.in("m:GetFolder", func() {
			w.shape("m:FolderShape")
			w.in("m:FolderIds", func() { w.empty("t:DistinguishedFolderId", "Id", "msgfolderroot") })
		})
	}})
	if err != nil {
		return nil, err
	}
	if s := readError(a.parts[0]); s.code != "" {
		return nil, c.failure("GetFolder", s, false)
	}
	lines := []string{fmt.Sprintf("Exchange %s let %s in by %s", a.server, c.o.User, c.o.Auth)}
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return lines, err
	}
	lines = append(lines, fmt.Sprintf("the service account may impersonate the mailbox; %d folders hold mail", len(folders)))
	for _, role := range []Role{Inbox, Drafts, Sent, Archive, Trash, Junk} {
		if l, ok := pick(folders, Folder{Role: role}); ok {
			lines = append(lines, fmt.Sprintf("%s is the folder %q", role, oneLine(l.name)))
		} else {
			lines = append(lines, fmt.Sprintf("%s: no folder; map it in exchange.folders if there is one", role))
		}
	}
	return lines, nil
}

// trialID is the Message-ID of trial items: whoever finds one may delete it.
const trialID = "trial.%d@holdover.invalid"

// Trial puts a small message into Drafts of a probe mailbox, reads back what Exchange made of it and
// removes it for good. Its lines say which of our assumptions held: what is unverified about
// Exchange should show here and not in a drain. An item that could not be removed is named.
func (c *EWS) Trial(ctx context.Context, mailbox string) (lines []string, err error) {
	now := c.o.Now().UTC().Truncate(time.Second)
	id, received := fmt.Sprintf(trialID, now.UnixNano()), now.Add(-49*time.Hour)
	octets := fmt.Sprintf("Received: from trial.invalid by trial.invalid with ESMTP id trialtrace;\r\n\t%s\r\nMessage-ID: <%s>\r\nDate: %s\r\n"+
		"From: Holdover <%s>\r\nTo: %s\r\nSubject: Holdover: trial, may be deleted\r\nX-Holdover-Trial: yes\r\n\r\nThis item may be deleted.\r\n",
		now.Format(time.RFC1123Z), id, now.Format(time.RFC1123Z), headerSafe(mailbox), headerSafe(mailbox))
	drafts := Folder{Role: Drafts}
	at, err := c.Append(ctx, mailbox, drafts, Item{Octets: []byte(octets), Flags: Flags{Seen: true}, Date: received})
	if err != nil {
		return nil, err
	}
	defer func() {
		if left := c.Remove(context.WithoutCancel(ctx), mailbox, at); left != nil {
			lines, err = append(lines, "the trial item could not be removed: delete it from Drafts"), errors.Join(err, left)
		}
	}()
	copies, err := c.Find(ctx, mailbox, Query{MessageIDs: []string{id}, Folders: []Folder{drafts}})
	if err != nil {
		return nil, err
	}
	found := Copy{}
	for _, copy := range copies {
		if copy.ID == at.ID {
			found = copy
		}
	}
	item, err := c.trialItem(ctx, mailbox, at.ID)
	if err != nil {
		return nil, err
	}
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return nil, err
	}
	folder, _ := pick(folders, drafts)
	hold := func(what string, held bool, saw string) {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", map[bool]string{true: "held", false: "did NOT hold"}[held], what, oneLine(saw)))
	}
	hold("the Message-ID finds the item", found.ID == at.ID, fmt.Sprintf("%d found", len(copies)))
	hold("an item with 0x0E07 is no draft", !found.Flags.Draft, fmt.Sprintf("draft %t", found.Flags.Draft))
	hold("0x0E07 makes it read", found.Flags.Seen, fmt.Sprintf("read %t", found.Flags.Seen))
	got := item.kid("DateTimeReceived").value()
	hold("0x0E06 is its received date", got == ewsTime(received), "asked "+ewsTime(received)+", shown "+got)
	hold("its header can be read back (0x007D)", len(found.Traces) == 1 && found.Traces[0] == "trialtrace", fmt.Sprintf("trace %q", found.Traces))
	hold("a folder tells when it changed (0x670A)", len(folder.mark) > 3, "shown "+folder.mark)
	return lines, nil
}

// trialItem reads what Find does not.
func (c *EWS) trialItem(ctx context.Context, mailbox, id string) (*node, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	part, err := c.one(ctx, mailbox, question{op: "GetItem", body: func(w *writer) {
		w.in("m:GetItem", func() {
			w.shape("m:ItemShape", func() { w.field("item:DateTimeReceived") })
			w.items(id)
		})
	}})
	if err != nil {
		return nil, err
	}
	return part.kid("Items").first(), nil
}
