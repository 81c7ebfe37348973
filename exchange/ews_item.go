package exchange

import (
	"context"
	"slices"
	"strconv"

	"holdover/email"
)

// ewsItem is what identifies an item and its marks as Exchange has them now.
type ewsItem struct {
	id, changeKey string
	kind          string // element of the schema: Message, MeetingRequest …
	parent        string // id of its folder
	messageID     string
	traces        []string
	flags         Flags
	categories    email.Categories
	verb          int // last verb executed, 0: none
}

func decimal(n int) string { return strconv.Itoa(n) }

// get reads items by id. Each answer must be about the item that was asked for; one that is gone
// is left out.
func (c *EWS) get(ctx context.Context, mailbox string, ids []string, header bool) ([]ewsItem, error) {
	var items []ewsItem
	for batch := range slices.Chunk(ids, ewsBatch) {
		a, err := c.ask(ctx, mailbox, question{op: "GetItem", parts: len(batch), body: func(w *writer) { getItems(w, batch, header) }})
		if err != nil {
			return nil, err
		}
		for i, part := range a.parts {
			if s := readError(part); s.code != "" {
				if err := c.failure("GetItem", s, false); !isGone(err) {
					return nil, err
				}
				continue
			}
			item := readItem(part.kid("Items").first())
			if item.id != batch[i] {
				return nil, misfit("GetItem", "another item than the one asked for")
			}
			items = append(items, item)
		}
	}
	return items, nil
}

func getItems(w *writer, ids []string, header bool) {
	fields := []func(){
		func() { w.field("item:ParentFolderId") }, func() { w.field("item:Categories") }, func() { w.field("item:IsDraft") }, func() { w.field("item:Flag") },
		func() { w.field("message:InternetMessageId") }, func() { w.field("message:IsRead") },
		func() { w.propertyName(propVerb, "Integer") },
	}
	if header {
		fields = append(fields, func() { w.propertyName(propHeader, "String") })
	}
	w.in("m:GetItem", func() {
		w.shape("m:ItemShape", fields...)
		w.items(ids...)
	})
}

func readItem(n *node) ewsItem {
	verb, _ := strconv.Atoi(n.extended(propVerb))
	item := ewsItem{
		id: itemID(n), changeKey: n.kid("ItemId").attr("ChangeKey"), parent: n.kid("ParentFolderId").attr("Id"), verb: verb,
		messageID: bare(n.kid("InternetMessageId").value()), kind: "Message",
		flags: Flags{
			Seen: n.kid("IsRead").value() == "true", Draft: n.kid("IsDraft").value() == "true",
			Flagged: n.kid("Flag", "FlagStatus").value() == "Flagged", Answered: replied[verb],
		},
	}
	var names []string
	for _, name := range n.kid("Categories").all() {
		names = append(names, name.value())
	}
	item.categories = shownCategories(names)
	if n != nil && meeting[n.Local] {
		item.kind = n.Local
	}
	if text := n.extended(propHeader); text != "" {
		_, item.traces = readFields([]byte(text))
	}
	return item
}

var (
	replied = map[int]bool{verbReply: true, 103: true}
	meeting = map[string]bool{"MeetingMessage": true, "MeetingRequest": true, "MeetingResponse": true, "MeetingCancellation": true}
)

// details reads the candidates of a folder and keeps those that were asked for; all is false when
// one went away between list and reading: it may be somewhere else by now.
func (c *EWS) details(ctx context.Context, mailbox string, folder listed, candidates []string, wanted map[string]bool) (copies []Copy, all bool, err error) {
	items, err := c.get(ctx, mailbox, candidates, true)
	if err != nil {
		return nil, false, err
	}
	for _, item := range items {
		if item.parent != folder.id {
			return nil, false, misfit("GetItem", "an item of another folder")
		}
		if wanted[item.messageID] {
			copies = append(copies, Copy{Below: folder.below, Place: Place{Folder: folder.name, ID: item.id}, MessageID: item.messageID,
				Traces: item.traces, Flags: item.flags, Categories: item.categories, Role: folder.role, Stamp: item.changeKey})
		}
	}
	return copies, len(items) == len(candidates), nil
}
