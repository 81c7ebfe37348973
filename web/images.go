package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// Pictures fetches pictures from the internet, safely (package pictures).
type Pictures interface {
	Fetch(ctx context.Context, address string) (kind string, octets []byte, err error)
}

// Names under which the store remembers that remote images were asked for.
func imagesOf(id email.MessageID) string   { return "message " + string(id) + " images" }
func imagesBy(sender email.Address) string { return "images by " + strings.ToLower(sender.Addr) }

// consent says whether a person asked for the remote images of a message: of this one, or of all by its
// sender. The latter does not hold where a server that is believed calls the sender forged.
func (s *server) consent(ctx context.Context, mailbox email.MailboxID, id email.MessageID, m *email.Message) (once, always bool, err error) {
	if s.Pictures == nil || len(m.From) == 0 {
		return false, false, nil
	}
	sender := imagesBy(m.From[0])
	chosen, err := s.Mail.Preferences(ctx, mailbox, imagesOf(id), sender)
	if err != nil || chosen[sender] == "" {
		return chosen[imagesOf(id)] != "", false, err
	}
	verdict := m.Verdict(s.Trusted)
	return chosen[imagesOf(id)] != "", verdict == nil || verdict.DMARC != "fail", nil
}

// askImages is POST /m/:id/images: images=once|always|never, back=where to go on.
func (s *server) askImages(c echo.Context) error {
	ctx, mailbox, id := c.Request().Context(), boxOf(c).id, email.MessageID(c.Param("id"))
	m, _, err := s.read(c)
	if err != nil {
		return err
	}
	if s.Pictures == nil || len(m.From) == 0 {
		return mailstore.ErrNotFound
	}
	name, value := imagesOf(id), "yes"
	switch c.FormValue("images") {
	case "once":
	case "always":
		name = imagesBy(m.From[0])
	case "never":
		if err := s.Mail.Prefer(ctx, mailbox, name, ""); err != nil {
			return err
		}
		name, value = imagesBy(m.From[0]), ""
	default:
		return page.ErrBad
	}
	if err := s.Mail.Prefer(ctx, mailbox, name, value); err != nil {
		return err
	}
	return page.Redirect(c, unfolded(localPath(c.FormValue("back")), id))
}

// remoteImage is GET /m/:id/image/:n: the n-th remote image of a message, fetched by this server, once a
// person asked for it. The address stands in the message and nowhere else, so nobody can have another
// one fetched. Messages attached to it get none.
func (s *server) remoteImage(c echo.Context) error {
	ctx, id := c.Request().Context(), email.MessageID(c.Param("id"))
	m, _, err := s.read(c)
	if err != nil {
		return err
	}
	once, always, err := s.consent(ctx, boxOf(c).id, id, m)
	if err != nil {
		return err
	}
	if !once && !always {
		return mailstore.ErrNotFound
	}
	n, err := strconv.Atoi(c.Param("n"))
	images := m.RemoteImages()
	if err != nil || n < 0 || n >= len(images) {
		return mailstore.ErrNotFound
	}
	kind, octets, err := s.Pictures.Fetch(ctx, images[n])
	if err != nil {
		s.Log.Debug("remote image not shown", "message", id, "number", n)
		return c.NoContent(http.StatusNotFound)
	}
	return s.file(c, kind, "inline", "", octets)
}

// images says what became of a message's remote images.
func (r *reader) images(view *views.Message, m *email.Message) error {
	if r.server.Pictures == nil || !view.HTML || len(m.From) == 0 {
		return nil
	}
	count := 0
	for _, address := range m.RemoteImages() {
		if address != email.UnnamedImage {
			count++
		}
	}
	if count == 0 {
		return nil
	}
	once, always, err := r.server.consent(r.ctx, r.box.id, email.MessageID(view.ID), m)
	switch {
	case always:
		view.Images = &views.Images{Always: true, Sender: m.From[0].Addr}
	case !once:
		view.Images = &views.Images{Blocked: count, Sender: m.From[0].Addr}
	}
	return err
}
