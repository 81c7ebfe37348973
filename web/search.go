package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/search"
	"holdover/views"
	"holdover/web/page"
)

const (
	longestQuery = 500 // letters
	mostPages    = 100
)

// search is GET /search?q=&page=: what was found in all folders. A query is never wrong.
func (s *server) search(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	query := strings.TrimSpace(strings.ToValidUTF8(c.QueryParam("q"), ""))
	if letters := []rune(query); len(letters) > longestQuery {
		query = string(letters[:longestQuery])
	}
	p.Query, p.Title = query, p.Words.T("search.title")
	model := views.Found{Query: query, Asked: query != ""}
	if model.Asked {
		page, err := strconv.Atoi(c.QueryParam("page"))
		if err != nil || page < 1 || page > mostPages {
			page = 1
		}
		if err := s.find(c, &p, &model, page); err != nil {
			return err
		}
		if !model.Failed {
			p.Title = p.Words.N("search.count", model.Total) + ": " + query // heard first when the page has come
		}
	}
	p.First = "list"
	return s.Render(c, http.StatusOK, p, views.SearchPage(p, model))
}

// find asks the index. When it does not answer, the page says so: the folders still work.
func (s *server) find(c echo.Context, p *views.Page, model *views.Found, number int) error {
	ctx, b := c.Request().Context(), boxOf(c)
	elsewhere := func() []views.Chip { return nil }
	if number == 1 {
		elsewhere = s.elsewhere(c, p.Words, model.Query)
	}
	defer func() { model.Elsewhere = elsewhere() }()
	result, err := s.Search.Search(ctx, b.id, model.Query, (number-1)*pageSize, pageSize)
	if err != nil {
		s.Log.Error("search failed", "mailbox", b.id, "err", err)
		model.Failed = true
		return nil
	}
	ids := make([]email.MessageID, len(result.Hits))
	for i, h := range result.Hits {
		ids[i] = h.Message
	}
	messages, err := s.Mail.Messages(ctx, b.id, ids)
	if err != nil {
		return err
	}
	model.Total, model.Partial, model.Count = result.Total, result.Partial, p.Words.N("search.count", result.Total)
	if result.Open {
		model.Count = p.Words.T("search.atleast", "N", p.Words.Number(result.Total/100*100))
	}
	single, err := s.single(ctx, page.PersonOf(c).Mailbox)
	if err != nil {
		return err
	}
	r := rower{words: p.Words, now: s.now(), box: b, self: s.ownAddresses(b), single: single}
	model.Rows = r.hits(p, result.Hits, messages)
	if (number*pageSize < result.Total || result.Open) && number < mostPages {
		model.More = b.search(model.Query, number+1)
	}
	s.chips(p.Words, b, model, result.Chips)
	return s.hitTools(c, p, model)
}

// hits makes rows of what the store still has; the index may be a moment behind.
func (r *rower) hits(p *views.Page, hits []search.Hit, messages []mailstore.Message) []views.Row {
	byID := map[email.MessageID]mailstore.Message{}
	for _, m := range messages {
		byID[m.ID] = m
	}
	var rows []views.Row
	for _, h := range hits {
		m, ok := byID[h.Message]
		if !ok {
			continue
		}
		r.folder = m.Folder
		row := r.row(mailstore.ThreadRow{ID: m.Thread, Latest: m, Count: 1, Flagged: m.Flags.Flagged, Categories: m.Categories})
		row.ID, row.Day = string(m.ID), ""
		row.Unread = !m.Flags.Seen
		if !r.single {
			row.URL = r.box.inThread(m.Folder, m.Thread, m.ID)
		}
		row.Folder = folderNameOf(p, m.Folder)
		if len(h.Subject) > 0 {
			row.Subject = piecesView(h.Subject)
		}
		if len(h.Snippet) > 0 {
			row.Snippet = piecesView(h.Snippet)
		}
		rows = append(rows, row)
	}
	return rows
}

func piecesView(pieces []search.Piece) []views.Piece {
	list := make([]views.Piece, len(pieces))
	for i, p := range pieces {
		list[i] = views.Piece(p)
	}
	return list
}

func folderNameOf(p *views.Page, id mailstore.FolderID) string {
	for _, f := range p.Folders {
		if f.ID == string(id) {
			return f.Name
		}
	}
	return ""
}

// chips shows the query as understood, each condition with the search without it, and what could narrow it.
func (s *server) chips(w *views.Words, b box, model *views.Found, understood []search.Chip) {
	for _, chip := range understood {
		model.InFolder = model.InFolder || chip.Field == "folder"
		model.Chips = append(model.Chips, views.Chip{Text: chipText(w, chip), URL: b.search(chip.Without, 1)})
	}
	for _, add := range []struct{ words, term string }{
		{"search.week", "after:" + s.now().AddDate(0, 0, -7).Format("2006-01-02")},
		{"search.unread", "is:unread"}, {"search.attached", "has:attachment"},
	} {
		if !strings.Contains(model.Query, strings.SplitAfter(add.term, ":")[0]) {
			model.Narrow = append(model.Narrow, views.Chip{Text: w.T(add.words), URL: b.search(model.Query+" "+add.term, 1)})
		}
	}
}

// chipText words a condition; one without words of its own is shown as the search names it.
func chipText(w *views.Words, chip search.Chip) string {
	text, negated := strings.CutPrefix(chip.Text, "-")
	key := "chip." + chip.Field
	switch chip.Field {
	case "":
		key = "chip.text"
	case "is", "has":
		key += text
	case "folder":
		if name := w.T("folder." + text); name != "folder."+text {
			text = name
		}
	}
	said := w.T(key, "Text", text)
	if said == key {
		said = strings.TrimSpace(chip.Field + " " + text)
	}
	if negated {
		said = w.T("chip.not", "What", said)
	}
	return said
}

func (b box) search(query string, page int) string {
	values := url.Values{"q": {query}}
	if page > 1 {
		values.Set("page", strconv.Itoa(page))
	}
	return b.base + "/search?" + values.Encode()
}
