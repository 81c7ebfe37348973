package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// Actions on categories: a button names one to put on or to take off; newcategory asks for a name
// first, on a page of its own, and comes back with it.
const (
	categorise   = "categorise"
	uncategorise = "uncategorise"
	newCategory  = "newcategory"
)

// readCategories reads what of the form is about categories; false: nothing is.
func (d *deed) readCategories(form url.Values) bool {
	switch {
	case form.Has(categorise):
		d.action, d.names.Add = categorise, email.Categories{form.Get(categorise)}
	case form.Has(uncategorise):
		d.action, d.names.Remove = uncategorise, email.Categories{form.Get(uncategorise)}
	case d.action == newCategory && form.Has("category"):
		d.action, d.names.Add = categorise, email.Categories{form.Get("category")}
	case d.action != newCategory:
		return false
	}
	return true
}

// wrongNames are the errors that a person can mend, with the words that say so.
var wrongNames = []struct {
	err   error
	words string
}{
	{email.ErrCategoryEmpty, "category.empty"}, {email.ErrCategoryLong, "category.long"},
	{email.ErrCategoryLetters, "category.letters"}, {email.ErrCategoriesMany, "category.toomany"},
}

// askCategory asks for a name, again when there was something wrong with the last one.
func (s *server) askCategory(c echo.Context, d deed, wrong error) error {
	a := views.AskCategory{Folder: d.place(boxOf(c)), Picks: d.picked, Single: d.single, At: c.FormValue("at"), Typed: c.FormValue("category"),
		Longest: strconv.Itoa(email.LongestCategory)}
	if a.At != "" {
		a.At = localPath(a.At)
	}
	status := http.StatusOK
	for _, w := range wrongNames {
		if errors.Is(wrong, w.err) {
			status, a.Problem = http.StatusUnprocessableEntity, w.words
		}
	}
	if a.Problem == "" && wrong != nil {
		return wrong
	}
	if a.Problem == "category.toomany" {
		a.Longest = strconv.Itoa(email.MostCategories)
	}
	known, err := s.Mail.Categories(c.Request().Context(), boxOf(c).id)
	if err != nil {
		return err
	}
	a.Known = known[:min(len(known), mostSuggested)]
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Here, p.Title = string(d.folder), p.Words.T("category.asktitle")
	return s.Render(c, status, p, views.NewCategory(p, a))
}

// categorise puts a name on where it is not, or takes it off where it is. As with flags putting one on concerns
// a thread's newest message, taking one off all of them.
func (s *server) categorise(ctx context.Context, mailbox email.MailboxID, d deed, messages []mailstore.Message) (step, error) {
	if d.action == categorise && !d.single {
		messages = newestOfEach(messages)
	}
	known, err := s.Mail.Categories(ctx, mailbox)
	if err != nil {
		return step{}, err
	}
	for i, name := range d.names.Add { // as the mailbox spells it, if it knows it
		if j := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, strings.TrimSpace(name)) }); j >= 0 {
			d.names.Add[i] = known[j]
		}
	}
	var ids []email.MessageID
	for _, m := range messages {
		if !m.Flags.Draft && !m.Categories.After(d.names).Same(m.Categories) {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		_, err := email.ReadCategory(append(d.names.Add, d.names.Remove...)[0])
		return step{}, err
	}
	err = s.Mail.SetCategories(ctx, mailstore.FromPortal, mailbox, ids, d.names)
	return step{mailbox: mailbox, named: ids, names: email.CategoryChange{Add: d.names.Remove, Remove: d.names.Add}}, err
}

// What menus offer, and what the field for another one suggests: a mailbox's history may have hundreds.
const (
	mostOffered   = 12
	mostSuggested = 200
)

// offered are the names used most, in alphabetic order.
func offered(known email.Categories) []string {
	names := slices.Clone(known[:min(len(known), mostOffered)])
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names
}

// backTo is where a form leads that names its own page: there, with what was done.
func backTo(at string, said url.Values) string {
	u, err := url.Parse(localPath(at))
	if err != nil {
		return "/mail/inbox"
	}
	query := u.Query()
	for _, name := range []string{"done", "n", "single", "undo"} {
		query.Del(name)
	}
	for name := range said {
		query.Set(name, said.Get(name))
	}
	u.RawQuery = query.Encode()
	return u.String()
}
