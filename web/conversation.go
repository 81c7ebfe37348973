package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// threadSize is how many messages of a thread are shown unless all are asked for (?all=1).
const threadSize = 30

// conversation is GET /mail/:folder/:thread: the thread beside the list it was opened from.
func (s *server) conversation(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	thread := mailstore.ThreadID(c.Param("thread"))
	l, err := s.listView(c, &p, thread)
	if err != nil {
		return err
	}
	model, err := s.conversationView(c, &p, l, thread)
	if err != nil {
		return err
	}
	p.Live, p.Title = true, model.Subject
	return s.Render(c, http.StatusOK, p, views.ConversationPage(p, l, model))
}

func (s *server) conversationView(c echo.Context, p *views.Page, l views.List, thread mailstore.ThreadID) (views.Conversation, error) {
	ctx, b := c.Request().Context(), boxOf(c)
	all, err := s.Mail.Conversation(ctx, b.id, thread)
	if err == nil && len(all) == 0 {
		err = mailstore.ErrNotFound
	}
	if err != nil {
		return views.Conversation{}, err
	}
	model := views.Conversation{Folder: l.Folder, FolderName: l.Name, Thread: string(thread),
		Targets: l.Targets, Known: l.Known, ForGood: l.ForGood, Archived: l.Archived, Seen: true}
	if all, err = onlyAsked(c, &model, all); err != nil {
		return views.Conversation{}, err
	}
	shown := all
	asked := func(m mailstore.Message) bool { return string(m.ID) == c.QueryParam(openQuery) }
	if len(all) > threadSize && c.QueryParam("all") != "1" && !slices.ContainsFunc(all[:len(all)-threadSize], asked) {
		shown = all[len(all)-threadSize:]
		model.Earlier, model.EarlierURL = len(all)-threadSize, b.thread(mailstore.FolderID(l.Folder), thread)+"?all=1"
	}
	states, err := s.Syncback.States(ctx, b.id, idsOf(shown))
	if err != nil {
		return views.Conversation{}, err
	}
	r := reader{server: s, ctx: ctx, page: p, box: b, self: s.ownAddresses(b),
		folder: mailstore.FolderID(l.Folder), states: states}
	if b.shared {
		if r.deeds, err = s.Mail.Deeds(ctx, b.id, idsOf(shown)); err != nil {
			return views.Conversation{}, err
		}
	}
	if r.sent, err = s.Mail.SentOf(ctx, b.id, idsOf(shown)); err != nil {
		return views.Conversation{}, err
	}
	for i, m := range shown {
		view, err := r.message(m, i == len(shown)-1 || asked(m))
		if err != nil {
			return views.Conversation{}, err
		}
		model.Messages = append(model.Messages, view)
	}
	if model.Single == "" {
		if err := r.held(&model, thread); err != nil {
			return views.Conversation{}, err
		}
	}
	model.Subject = subjectOf(p.Words, all)
	for _, m := range all {
		r.note(&model, m)
	}
	return model, nil
}

// subjectOf is the subject of the first message: later ones only add prefixes.
func subjectOf(w *views.Words, all []mailstore.Message) string {
	for _, m := range all {
		if m.Subject != "" {
			return m.Subject
		}
	}
	return w.T("list.nosubject")
}

// note takes from each message what concerns the conversation as a whole.
func (r *reader) note(model *views.Conversation, m mailstore.Message) {
	if m.Folder == r.folder && !m.Flags.Seen {
		model.Seen = false
	}
	model.Flagged = model.Flagged || m.Flags.Flagged
	if m.Flags.Draft || m.Folder == mailstore.Drafts {
		return
	}
	model.Reply = string(m.ID)
	others := addressSet{}
	for _, a := range append(append(append([]email.Address{}, m.From...), m.To...), m.Cc...) {
		if !r.self.has(a.Addr) {
			others.add(a.Addr)
		}
	}
	model.ManyWriters = len(others) > 1
}
