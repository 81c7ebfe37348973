package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/archive"
	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// Archive is what the desk asks of the journal reports; *archive.Archive.
type Archive interface {
	Address() (address string, when archive.When)
	Account(ctx context.Context, since time.Time, covers func(email.MailboxID) bool) (archive.Counts, error)
	Open(ctx context.Context, limit int) ([]archive.Line, error)
	Again(ctx context.Context, id, by string) error
	There(ctx context.Context, id, by string) error
}

func (s *server) archiveRoutes() []page.Route {
	return []page.Route{
		page.Get("/desk/archive", page.Admins, s.archivePage),
		page.Post("/desk/archive/:id/again", page.Admins, s.decideReport("again", Archive.Again)),
		page.Post("/desk/archive/:id/there", page.Admins, s.decideReport("there", Archive.There)),
	}
}

// archivePage tells how the reports stand, and by which ways mail came back that Exchange's own journal
// does not see.
func (s *server) archivePage(c echo.Context) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	w := p.Words
	p.Title, p.Flash = w.T("archive.title"), archiveFlash(w, c.QueryParam("done"))
	everybody := func(email.MailboxID) bool { return true }
	ways, err := s.Syncback.Carried(ctx, syncback.Span{}, everybody)
	if err != nil {
		return err
	}
	v := views.Archive{Off: s.Archive == nil, Ways: s.wayLinks(w, ways)}
	if s.Archive == nil {
		return s.Render(c, http.StatusOK, p, views.ArchivePage(p, v))
	}
	address, when := s.Archive.Address()
	v.To = w.T("archive.to", "Address", address, "When", w.T("archive."+strings.ReplaceAll(string(when), " ", "_")))
	counts, err := s.Archive.Account(ctx, time.UnixMilli(0), everybody)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		word string
		n    int
	}{{"sent", counts.Sent}, {"waiting", counts.Waiting}, {"trying", counts.Trying}, {"in_doubt", counts.InDoubt}, {"parked", counts.Parked}} {
		v.Parts = append(v.Parts, views.CountLink{Name: w.T("archive." + one.word), Number: w.Number(one.n)})
	}
	lines, err := s.Archive.Open(ctx, maxLines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		line := views.ArchiveLine{ID: l.ID, MessageID: l.MessageID, Box: s.addressOf(l.Mailbox), Words: l.Words, Remedy: l.Remedy, At: w.At(l.At, s.Time()),
			State: views.Badge{Text: w.T("archive.in_doubt"), Icon: "search", Class: "is-hold"}}
		if l.State == archive.Parked {
			line.State = views.Badge{Text: w.T("archive.parked"), Icon: "alert", Class: "is-bad"}
		}
		v.Open = append(v.Open, line)
	}
	return s.Render(c, http.StatusOK, p, views.ArchivePage(p, v))
}

func (s *server) wayLinks(w *views.Words, ways []syncback.Carried) (links []views.CountLink) {
	for _, way := range ways {
		link := views.CountLink{Name: way.Way, Number: w.N("report.n_messages", way.Messages), Class: "no"}
		if way.Journalled {
			link.Class = "yes"
		}
		links = append(links, link)
	}
	return links
}

// archiveFlash says what the step before did.
func archiveFlash(w *views.Words, done string) *views.Flash {
	switch done {
	case "there", "again", "gone":
		return &views.Flash{Text: w.T("archive.done_" + done)}
	}
	return nil
}

// decideReport notes a person's word about a report in doubt or refused.
func (s *server) decideReport(done string, decide func(a Archive, ctx context.Context, id, by string) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.Archive == nil {
			return echo.ErrNotFound
		}
		err := decide(s.Archive, c.Request().Context(), c.Param("id"), page.PersonOf(c).Name)
		if errors.Is(err, archive.ErrNotOpen) {
			return page.Redirect(c, "/desk/archive?done=gone")
		}
		if err != nil {
			return err
		}
		return page.Redirect(c, "/desk/archive?done="+done)
	}
}

// archiveLine says on an event's page how its reports stand, "" without an archive or reports.
func (s *server) archiveLine(ctx context.Context, w *views.Words, e continuity.Event) (string, error) {
	if s.Archive == nil {
		return "", nil
	}
	c, err := s.Archive.Account(ctx, e.Started, func(m email.MailboxID) bool { return s.Events.Covers(e, m) })
	if err != nil || c.Total == 0 {
		return "", err
	}
	text := w.T("archive.line", "Sent", w.Number(c.Sent), "Total", w.Number(c.Total))
	if open := c.InDoubt + c.Parked; open > 0 {
		text += " " + w.T("archive.line_open", "N", w.Number(open))
	}
	return text, nil
}
