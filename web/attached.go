package web

import (
	"errors"
	"strconv"
	"strings"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// A place names a leaf of a message, also one of a message attached to it: "3" is the leaf with this
// number, "3.0" the first leaf of the message that leaf 3 is.

const (
	deepestAttached = 3  // messages in messages that are opened in place
	mostAttached    = 10 // messages attached to one that are opened in place
)

// below is the place of a leaf of the message at in, "" being the outer one.
func below(in string, index int) string {
	if in == "" {
		return strconv.Itoa(index)
	}
	return in + "." + strconv.Itoa(index)
}

// attachedAt goes down to the message at a place; "" is m itself. ErrNotFound: there is none.
func attachedAt(m *email.Message, place string) (*email.Message, error) {
	if place == "" {
		return m, nil
	}
	steps := strings.Split(place, ".")
	if len(steps) > deepestAttached {
		return nil, mailstore.ErrNotFound
	}
	for _, step := range steps {
		index, err := strconv.Atoi(step)
		if err != nil {
			return nil, mailstore.ErrNotFound
		}
		if m = m.Attached(index); m == nil {
			return nil, mailstore.ErrNotFound
		}
	}
	return m, nil
}

// leafAt finds the message and the number of the leaf at a place.
func leafAt(m *email.Message, place string) (*email.Message, int, error) {
	in, last, nested := "", place, false
	if i := strings.LastIndexByte(place, '.'); i >= 0 {
		in, last, nested = place[:i], place[i+1:], true
	}
	index, err := strconv.Atoi(last)
	if err != nil || nested && in == "" {
		return nil, 0, mailstore.ErrNotFound
	}
	m, err = attachedAt(m, in)
	return m, index, err
}

// documentAt finds what is shown as HTML at a place: a message, or a file that is a page.
func documentAt(m *email.Message, place string) (*email.Message, error) {
	found, err := attachedAt(m, place)
	if !errors.Is(err, mailstore.ErrNotFound) {
		return found, err
	}
	in, index, err := leafAt(m, place)
	if err != nil {
		return nil, err
	}
	if found = in.Page(index); found == nil {
		return nil, mailstore.ErrNotFound
	}
	return found, nil
}

// attached opens the messages attached to the message at a place; what cannot be opened stays a file.
func (r *reader) attached(id, in string, m *email.Message) (opened []views.Attached, files []views.File) {
	depth := 0
	if in != "" {
		depth = strings.Count(in, ".") + 1
	}
	for _, part := range m.Attachments {
		if isTechnical(part) {
			continue // said in words
		}
		if depth < deepestAttached && r.opened < mostAttached {
			if inner := m.Attached(part.Index); inner != nil && inner.Problem == "" {
				r.opened++
				if in == "" {
					r.bundled++
				}
				opened = append(opened, r.attachedMessage(id, below(in, part.Index), part, inner))
				continue
			}
		}
		file := fileView(r.page.Words, r.box, id, in, part)
		file.Damaged = m.DamagedPart(part.Index)
		file.View = r.server.previewOf(r.box, id, below(in, part.Index), part)
		if in == "" && !(file.Damaged && nothingOf(m, part)) {
			r.bundled++
		}
		files = append(files, file)
	}
	return opened, files
}

// isTechnical says whether a part is a report's for machines, which is told in words instead.
func isTechnical(part email.Part) bool {
	return part.Type == "message/delivery-status" || part.Type == "message/disposition-notification"
}

func (r *reader) attachedMessage(id, place string, part email.Part, m *email.Message) views.Attached {
	w := r.page.Words
	a := views.Attached{ID: id + "-" + strings.ReplaceAll(place, ".", "-"), Subject: m.Subject, From: inFull(m.From), To: r.people(m.To), Save: r.box.part(id, place) + "?save=1",
		Print: r.box.message(id, "print") + "?in=" + place, Damaged: m.Damaged()}
	if strings.TrimSpace(a.Subject) == "" {
		a.Subject = w.T("list.nosubject")
	}
	if !m.Date.IsZero() {
		a.When = w.At(m.Date.In(r.server.Zone), r.server.now())
	}
	a.Attached, a.Files = r.attached(id, place, m)
	if m.HasHTML() {
		a.Body = r.box.message(id, "body") + "?in=" + place
		return a
	}
	fresh, quoted := m.Folded()
	a.Text, a.Quoted = linked(fresh), linked(quoted)
	return a
}
