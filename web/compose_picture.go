package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
)

// Pictures in a text stand in the store as cid: and on the page as an address of ours. What the two name is
// decided by email.Draft: only parts of the same draft are kept.

var pictureSource = regexp.MustCompile(`src="[^"<>]*/compose/[^"/<>]+/picture/([a-z0-9.@_-]+)"`)

// namedPictures turns the page's addresses of pictures into their Content-IDs.
func namedPictures(markup string) string {
	return pictureSource.ReplaceAllString(markup, `src="cid:$1"`)
}

// shownPictures is the way back, for the form of a draft; base is the address of its pictures.
func shownPictures(markup, base string) string {
	return strings.ReplaceAll(markup, `src="cid:`, `src="`+base)
}

// pictures is where the pictures of a message are, as its form shows them.
func (b box) pictures(id email.MessageID) string {
	return b.base + "/compose/" + string(id) + "/picture/"
}

// picture is GET /compose/:draft/picture/:cid: a picture in the text of a draft, or of an own message that is
// written anew.
func (s *server) picture(c echo.Context) error {
	octets, err := s.Mail.Raw(c.Request().Context(), boxOf(c).id, email.MessageID(c.Param("draft")))
	if err != nil {
		return err
	}
	d, err := email.OpenDraft(octets)
	if err != nil {
		return mailstore.ErrNotFound
	}
	at := slices.IndexFunc(d.Attachments, func(a email.Attachment) bool { return a.CID != "" && a.CID == c.Param("cid") })
	if at < 0 {
		return mailstore.ErrNotFound
	}
	kind := http.DetectContentType(d.Attachments[at].Octets)
	if !picture(kind) {
		return mailstore.ErrNotFound
	}
	return s.file(c, kind, "inline", d.Attachments[at].Name, d.Attachments[at].Octets)
}

// addedPicture tells the editor what became of a picture.
type addedPicture struct {
	URL  string `json:"url"`
	Name string `json:"name"`
}

func (b box) added(form composeForm, id email.MessageID) (list []addedPicture) {
	for _, a := range form.Files {
		if a.CID != "" {
			list = append(list, addedPicture{URL: b.pictures(id) + a.CID, Name: a.Name})
		}
	}
	return list
}
