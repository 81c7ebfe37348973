package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// undoSend takes a held message back into its form, or says plainly that it is too late.
func (s *server) undoSend(c echo.Context) error {
	draft, err := s.Mail.Undo(c.Request().Context(), boxOf(c).id, mailstore.SendID(c.Param("send")))
	if errors.Is(err, mailstore.ErrTooLate) {
		p, err := s.page(c)
		if err != nil {
			return err
		}
		p.Title = p.Words.T("undo.title")
		return s.Render(c, http.StatusConflict, p, views.UndoLatePage(p))
	}
	if err != nil {
		return err
	}
	return page.Redirect(c, boxOf(c).base+"/compose?"+url.Values{"draft": {string(draft)}, "done": {"unsent"}}.Encode())
}

// sentFlash is the bar after sending. It stands on any page that the redirect leads to, and tells what
// the server knows now: while the message is held it can be undone.
func (s *server) sentFlash(c echo.Context, w *views.Words) *views.Flash {
	rows, err := s.Mail.Submissions(c.Request().Context(), boxOf(c).id, pageSize)
	if err != nil {
		return nil
	}
	home := s.homeHint(c.Request().Context(), page.PersonOf(c).Mailbox)
	for _, row := range rows {
		if string(row.ID) != c.QueryParam("send") {
			continue
		}
		var to []email.Address
		for _, r := range row.Recipients {
			to = append(to, email.Address{Addr: r.Address})
		}
		if row.Held && row.Release.After(s.Now()) {
			return &views.Flash{Text: w.T("sent.sending", "People", views.Names(w, to)), Undo: boxOf(c).base + "/undo/" + string(row.ID), Timed: true, Home: home}
		}
		return &views.Flash{Text: w.T("sent.gone", "People", views.Names(w, to)), Home: home}
	}
	return nil
}
