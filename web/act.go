package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// deed is what a person does to threads of one folder, or to messages that the search found anywhere.
type deed struct {
	action string             // read, unread, flag, unflag, archive, delete, move, and those of category.go
	folder mailstore.FolderID // "" for what the search found
	to     mailstore.FolderID // of move, archive and delete
	picked []string           // threads, or single messages
	single bool               // they are messages
	sure   bool               // deleting for good was confirmed
	names  email.CategoryChange
}

func yes(b bool) *bool { return &b }

// marks are the actions that set a flag.
var marks = map[string]mailstore.FlagChange{
	"read": {Seen: yes(true)}, "unread": {Seen: yes(false)}, "flag": {Flagged: yes(true)}, "unflag": {Flagged: yes(false)},
}

// act is POST /mail/:folder/act: action on the picked threads, then back to the list with the
// offer to undo it. back=here returns to the open conversation, back=none to nowhere.
func (s *server) act(c echo.Context) error {
	if c.FormValue("action") == "undo" {
		return s.undoStep(c)
	}
	d, err := readDeed(c)
	if err != nil {
		return err
	}
	if err := s.pickHits(c, &d); err != nil {
		return err
	}
	if len(d.picked) == 0 {
		return page.Redirect(c, s.unchanged(c, d))
	}
	if d.forGood() && !d.sure {
		return s.askForGood(c, d)
	}
	if d.action == newCategory {
		return s.askCategory(c, d, nil)
	}
	made, answered, err := s.target(c, &d)
	if err != nil || answered {
		return err
	}
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	messages, err := s.messagesHere(ctx, mailbox, d)
	if err != nil {
		return err
	}
	back, err := s.do(ctx, mailbox, d, messages)
	if err != nil && d.action == categorise {
		return s.askCategory(c, d, err)
	}
	if err != nil {
		return err
	}
	if back.mailbox != "" {
		back.made = made
	}
	if c.FormValue("back") == "none" { // the script marked it read: the page renews itself
		return c.NoContent(http.StatusNoContent)
	}
	return page.Redirect(c, s.afterwards(c, d, messages, back))
}

func readDeed(c echo.Context) (deed, error) {
	form, err := c.FormParams()
	if err != nil {
		return deed{}, page.ErrBad
	}
	d := deed{action: form.Get("action"), folder: mailstore.FolderID(c.Param("folder")), to: mailstore.FolderID(form.Get("to")), sure: form.Get("sure") == "1", single: form.Get("single") == "1"}
	most := pageSize
	if d.found() {
		d.single, most = true, mostHits
	}
	if d.picked = form["pick"]; len(d.picked) > most {
		return deed{}, page.ErrBad
	}
	switch {
	case d.readCategories(form):
	case d.action == "archive":
		d.to = mailstore.Archive
	case d.action == "delete":
		d.to = mailstore.Trash
	case d.action == "find", d.action == "" && d.to == "" && form.Get("find") != "":
		d.action = "find"
	case d.to != "":
		d.action = "move"
	case marks[d.action] == (mailstore.FlagChange{}):
		return deed{}, page.ErrBad
	}
	return d, nil
}

// found says that the messages are hits of a search, wherever they lie.
func (d deed) found() bool { return d.folder == "" }

// place is the address of the list on which it is done.
func (d deed) place(b box) string {
	if d.found() {
		return b.base + "/search"
	}
	return b.folder(d.folder)
}

// forGood says that the messages are not moved but removed.
func (d deed) forGood() bool { return d.action == "delete" && d.folder == mailstore.Trash }

// messagesHere are the messages picked that lie in the folder: what lies elsewhere stays as it is.
func (s *server) messagesHere(ctx context.Context, mailbox email.MailboxID, d deed) ([]mailstore.Message, error) {
	if d.found() {
		return s.Mail.Messages(ctx, mailbox, messageIDs(d.picked))
	}
	var here []mailstore.Message
	for _, id := range d.picked {
		all, err := s.pickedBy(ctx, mailbox, d, id)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			if m.Folder == d.folder {
				here = append(here, m)
			}
		}
	}
	return here, nil
}

// pickedBy are the messages of one tick: a thread's, or the one itself.
func (s *server) pickedBy(ctx context.Context, mailbox email.MailboxID, d deed, id string) ([]mailstore.Message, error) {
	if !d.single {
		return s.Mail.Conversation(ctx, mailbox, mailstore.ThreadID(id))
	}
	one, err := s.Mail.Message(ctx, mailbox, email.MessageID(id))
	return []mailstore.Message{one}, err
}

// do carries the deed out and answers the step back; a zero step cannot be taken back.
func (s *server) do(ctx context.Context, mailbox email.MailboxID, d deed, messages []mailstore.Message) (step, error) {
	if change, ok := marks[d.action]; ok {
		return s.mark(ctx, mailbox, d, change, messages)
	}
	if d.action == categorise || d.action == uncategorise {
		return s.categorise(ctx, mailbox, d, messages)
	}
	if d.forGood() {
		return step{}, s.Mail.Delete(ctx, mailstore.FromPortal, mailbox, idsOf(messages))
	}
	back := step{mailbox: mailbox, moves: map[mailstore.FolderID][]email.MessageID{}}
	var ids []email.MessageID
	for _, m := range messages {
		if m.Folder != d.to {
			ids, back.moves[m.Folder] = append(ids, m.ID), append(back.moves[m.Folder], m.ID)
		}
	}
	if len(ids) == 0 {
		return step{}, nil
	}
	return back, s.Mail.Move(ctx, mailstore.FromPortal, mailbox, ids, d.to)
}

// mark sets a flag where it is not set yet. Flagging, and marking unread, concern a thread's newest message.
func (s *server) mark(ctx context.Context, mailbox email.MailboxID, d deed, change mailstore.FlagChange, messages []mailstore.Message) (step, error) {
	if (d.action == "flag" || d.action == "unread") && !d.single {
		messages = newestOfEach(messages)
	}
	var ids []email.MessageID
	for _, m := range messages {
		if change.Seen != nil && m.Flags.Seen != *change.Seen || change.Flagged != nil && m.Flags.Flagged != *change.Flagged {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return step{}, nil
	}
	var back mailstore.FlagChange
	if change.Seen != nil {
		back.Seen = yes(!*change.Seen)
	}
	if change.Flagged != nil {
		back.Flagged = yes(!*change.Flagged)
	}
	err := s.Mail.SetFlags(ctx, mailstore.FromPortal, mailbox, ids, change)
	return step{mailbox: mailbox, flags: back, flagged: ids}, err
}

func newestOfEach(messages []mailstore.Message) []mailstore.Message {
	at := map[mailstore.ThreadID]int{}
	var newest []mailstore.Message
	for _, m := range messages { // a thread's messages come oldest first
		if i, ok := at[m.Thread]; ok {
			newest[i] = m
			continue
		}
		at[m.Thread] = len(newest)
		newest = append(newest, m)
	}
	return newest
}

func idsOf(messages []mailstore.Message) []email.MessageID {
	ids := make([]email.MessageID, 0, len(messages))
	for _, m := range messages {
		ids = append(ids, m.ID)
	}
	return ids
}

// afterwards is the page that shows what was done. Opening a conversation marks it read: that
// needs no notice, and leads back to it.
func (s *server) afterwards(c echo.Context, d deed, messages []mailstore.Message, back step) string {
	if c.FormValue("back") == "here" && len(d.picked) == 1 {
		if !d.single {
			return boxOf(c).thread(d.folder, mailstore.ThreadID(d.picked[0]))
		}
		if len(messages) == 1 {
			return boxOf(c).single(d.folder, messages[0].Thread, messages[0].ID)
		}
	}
	said := d.action
	if d.forGood() {
		said = "forgood"
	}
	query := url.Values{"done": {said}, "n": {strconv.Itoa(len(d.picked))}}
	if d.single {
		query.Set("single", "1")
	}
	if back.mailbox != "" {
		query.Set("undo", s.undos.offer(back))
	}
	if at := c.FormValue("at"); at != "" {
		return backTo(at, query)
	}
	return d.place(boxOf(c)) + "?" + query.Encode()
}

// unchanged is the page for who did nothing.
func (s *server) unchanged(c echo.Context, d deed) string {
	if at := c.FormValue("at"); at != "" {
		return backTo(at, nil)
	}
	return d.place(boxOf(c))
}

// undoStep takes back what an earlier act did.
func (s *server) undoStep(c echo.Context) error {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	last, ok := s.undos.take(mailbox, c.FormValue("word"))
	if !ok {
		return mailstore.ErrTooLate
	}
	for folder, ids := range last.moves {
		if err := s.Mail.Move(ctx, mailstore.FromPortal, mailbox, ids, folder); err != nil {
			return err
		}
	}
	if len(last.flagged) > 0 {
		if err := s.Mail.SetFlags(ctx, mailstore.FromPortal, mailbox, last.flagged, last.flags); err != nil {
			return err
		}
	}
	if len(last.named) > 0 {
		if err := s.Mail.SetCategories(ctx, mailstore.FromPortal, mailbox, last.named, last.names); err != nil {
			return err
		}
	}
	if err := s.undoFolders(ctx, mailbox, last); err != nil {
		return err
	}
	if at := c.FormValue("at"); at != "" {
		return page.Redirect(c, backTo(at, url.Values{"done": {"undone"}}))
	}
	if c.Param("folder") == "" {
		return page.Redirect(c, boxOf(c).base+"/folders?done=undone")
	}
	return page.Redirect(c, boxOf(c).folder(mailstore.FolderID(c.Param("folder")))+"?done=undone")
}

// askForGood is the question before removing: a page of its own, which survives everything.
func (s *server) askForGood(c echo.Context, d deed) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Here, p.Title = string(d.folder), p.Words.T("forgood.title")
	picks := make([]string, len(d.picked))
	for i, id := range d.picked {
		picks[i] = strings.TrimSpace(id)
	}
	return s.Render(c, http.StatusOK, p, views.ForGood(p, boxOf(c).folder(d.folder), picks, d.single))
}
