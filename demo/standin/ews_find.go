package standin

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listValue is how many characters of a value a list shows.
const listValue = 255

// findItem is one page of a folder's items. A page may hold fewer items than it was asked for and
// say that there are more.
func (c *ewsCall) findItem(parent *element) (string, *ewsError) {
	if c.body.attr("Traversal") != "Shallow" {
		return "", &ewsError{code: "ErrorInvalidRequest", words: "The stand-in knows shallow traversals of items only."}
	}
	folder, problem := c.oneFolder(parent)
	if problem != nil {
		return "", problem
	}
	items, err := c.store.Items(c.mailbox, folder.ID)
	if err != nil {
		return "", notFoundFolder()
	}
	items = slices.DeleteFunc(items, func(m Message) bool {
		restriction := c.body.kid("m:Restriction")
		return restriction != nil && !c.fits(m, restriction.kids[0], &problem)
	})
	if problem != nil {
		return "", problem
	}
	if problem := c.sort(items); problem != nil {
		return "", problem
	}
	total := len(items)
	from, to := c.page("m:IndexedPageItemView", total)
	b := new(strings.Builder)
	for _, m := range items[from:to] {
		fields, problem := c.fields(m, nil, listValue)
		if problem != nil {
			return "", problem
		}
		b.WriteString(ewsIdentity(m, "t:Message", fields))
	}
	return fmt.Sprintf(`<m:RootFolder IndexedPagingOffset="%d" TotalItemsInView="%d" IncludesLastItemInRange="%t"><t:Items>%s</t:Items></m:RootFolder>`,
		to, total, to == total, b), nil
}

// page cuts a list as the view asks, and by the limits of its own.
func (c *ewsCall) page(view string, total int) (from, to int) {
	offset, _ := strconv.Atoi(c.body.kid(view).attr("Offset"))
	most := total
	if n, err := strconv.Atoi(c.body.kid(view).attr("MaxEntriesReturned")); err == nil {
		most = n
	}
	if view == "m:IndexedPageItemView" {
		most = min(most, ewsPageMost)
		if rule, met := c.meet(c.r, "ews", "page", c.mailbox); met {
			n, _ := strconv.Atoi(rule.Text)
			most = min(most, n)
		}
	}
	from = min(max(offset, 0), total)
	return from, min(from+max(most, 0), total)
}

func (c *ewsCall) sort(items []Message) *ewsError {
	for _, order := range c.body.kid("m:SortOrder").all() {
		uri := order.kids[0].attr("FieldURI")
		if uri != "item:DateTimeCreated" && uri != "item:DateTimeReceived" {
			return &ewsError{code: "ErrorUnsupportedPathForSortGroup", words: "The property cannot be used for sorting: " + uri}
		}
		slices.SortStableFunc(items, func(a, b Message) int {
			if order.attr("Order") == "Descending" {
				a, b = b, a
			}
			return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.ID, b.ID))
		})
	}
	return nil
}

// fits holds an item to a restriction.
func (c *ewsCall) fits(m Message, r *element, problem **ewsError) bool {
	switch r.name {
	case "t:And":
		return !slices.ContainsFunc(r.kids, func(k *element) bool { return !c.fits(m, k, problem) })
	case "t:Or":
		return slices.ContainsFunc(r.kids, func(k *element) bool { return c.fits(m, k, problem) })
	case "t:Not":
		return !c.fits(m, r.kids[0], problem)
	}
	uri, constant := r.kid("t:FieldURI").attr("FieldURI"), r.kid("t:FieldURIOrConstant", "t:Constant").attr("Value")
	switch uri {
	case "message:InternetMessageId":
		if r.name == "t:IsEqualTo" {
			return strings.EqualFold(m.MessageID, constant)
		}
	case "item:DateTimeCreated", "item:DateTimeReceived":
		if at, err := time.Parse(time.RFC3339, constant); err == nil {
			return compares(r.name, m.Received.Truncate(time.Second).Compare(at))
		}
	}
	*problem = &ewsError{code: "ErrorInvalidRestriction", words: "The stand-in cannot restrict " + uri + " so."}
	return false
}

func compares(operator string, n int) bool {
	switch operator {
	case "t:IsGreaterThan":
		return n > 0
	case "t:IsGreaterThanOrEqualTo":
		return n >= 0
	case "t:IsLessThan":
		return n < 0
	case "t:IsLessThanOrEqualTo":
		return n <= 0
	}
	return n == 0
}
