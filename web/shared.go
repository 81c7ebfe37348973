package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// openAtFirst is how many shared mailboxes a folder list shows unfolded until somebody folds them.
const openAtFirst = 2

// boxPreference is the name under which the store remembers whether a person has folded a shared mailbox.
func boxPreference(b box) string { return "box " + string(b.id) }

// sharedView adds the shared mailboxes that a person may open to the folder list. When one of them is the
// mailbox shown, its folders are the page's.
func (s *server) sharedView(ctx context.Context, p *views.Page, own, here box) error {
	boxes := s.Directory.Opens(own.id)
	names := make([]string, len(boxes))
	for i, m := range boxes {
		names[i] = boxPreference(sharedBox(m))
	}
	folded, err := s.Mail.Preferences(ctx, own.id, names...)
	if err != nil {
		return err
	}
	for i, m := range boxes {
		b := sharedBox(m)
		folders, err := s.Mail.Folders(ctx, b.id)
		if err != nil {
			if b.id == here.id {
				return err
			}
			s.Log.WarnContext(ctx, "a shared mailbox is not shown", "mailbox", b.id, "err", err)
			continue
		}
		v := views.Box{ID: string(b.id), Name: b.name, Address: b.address, Base: b.base, Folders: foldersView(p.Words, b, folders), Open: len(boxes) <= openAtFirst}
		if chosen := folded[names[i]]; chosen != "" {
			v.Open = chosen == "open"
		}
		for _, f := range folders {
			if f.ID == mailstore.Inbox {
				v.Unread = f.Unread
			}
		}
		if b.id == here.id {
			v.Open, p.Folders, p.Box = true, v.Folders, &v
			if v.Waiting, err = s.Syncback.Unverified(ctx, b.id); err != nil {
				return err
			}
		}
		p.Shared = append(p.Shared, v)
	}
	return nil
}

// foldBox remembers that a person folded a shared mailbox or opened it again.
func (s *server) foldBox(c echo.Context, address string) error {
	target, err := s.Directory.Resolve(address)
	if err != nil || target.Group != nil || !opens(target.Mailboxes[0], page.PersonOf(c).Mailbox) {
		return mailstore.ErrNotFound
	}
	value := "folded"
	if c.FormValue("open") == "1" {
		value = "open"
	}
	if err := s.Mail.Prefer(c.Request().Context(), page.PersonOf(c).Mailbox, boxPreference(sharedBox(target.Mailboxes[0])), value); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// doneBy says in words who did what to a message of a shared mailbox.
func (r *reader) doneBy(id email.MessageID) (said []string) {
	w := r.page.Words
	for _, d := range r.deeds[id] {
		name := w.T("shared.somebody")
		if m, ok := r.server.Directory.Mailbox(d.Actor); ok {
			name = m.Name
		}
		said = append(said, w.T("shared.did."+d.What, "Name", name, "Time", w.Since(d.At, r.server.now())))
	}
	return said
}
