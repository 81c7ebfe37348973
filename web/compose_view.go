package web

import (
	"cmp"
	"fmt"
	"strconv"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// manyAside is from how many recipients on an answer to all says that the sender wished it elsewhere.
const manyAside = 10

// composeNotes are what a page says besides the form.
type composeNotes struct {
	faults   []fieldError
	sending  bool // the person wanted to send
	stored   bool // what was typed is in the store
	conflict *sheet
	gone     bool
	mine     *sheet                   // what was kept of this form beside the conflict, nil: nothing
	resent   *mailstore.SubmissionRow // what this form has sent, when it holds something else now
	refused  []refusedFile
	doubts   []doubt
}

func (s *server) composeView(p views.Page, sh sheet, token string, f composeForm, n composeNotes) views.Compose {
	w := p.Words
	v := views.Compose{Heading: heading(sh), Action: p.At("/compose"), Subject: f.Subject, Text: f.Text, HTML: shownPictures(f.HTML, p.At(box{}.pictures(cmp.Or(sh.id, sh.shown)))), Editor: s.assets.URL("rich.js"), Draft: string(sh.id), Sender: sh.draft.From.Addr,
		Quote: sh.draft.Quote, QuoteLead: sh.draft.QuoteLead, Limit: s.limit(w), Octets: s.MaxUpload}
	if p.Person != nil && v.Sender == "" {
		v.Sender = p.Person.Address
	}
	v.Hidden = []views.Field{{Name: "token", Value: token}, {Name: "version", Value: strconv.Itoa(sh.version)}, {Name: "owner", Value: sh.writer.mark}, {Name: "lang", Value: w.Lang}}
	if sh.id != "" {
		v.Action = p.At("/compose/") + string(sh.id)
		if !sh.draft.Date.IsZero() { // one that is gone was not
			v.Saved = sh.draft.Date.In(s.Zone).Format("15:04")
		}
	} else if sh.of != "" {
		v.Hidden = append(v.Hidden, views.Field{Name: "mode", Value: sh.mode}, views.Field{Name: "of", Value: sh.of})
	}
	if sh.aside >= manyAside {
		v.ReplyTo = w.T("writing.replyto", "People", views.Names(w, sh.asked), "N", w.Number(sh.aside))
		v.ReplyToURL = p.At("/compose?mode=reply&of=" + sh.of)
	}
	v.Senders, v.Unable = sh.writer.senders, sh.writer.unable
	v.Signatures, v.Templates = s.inserts(w)
	v.To = s.line(w, "to", f.To, n.faults)
	v.Cc = s.line(w, "cc", f.Cc, n.faults)
	v.Bcc = s.line(w, "bcc", f.Bcc, n.faults)
	v.Files = draftFiles(w, sh.draft, n.refused)
	if n.mine != nil {
		v.Files = draftFiles(w, n.mine.draft, n.refused)
		v.Hidden = append(v.Hidden, views.Field{Name: "aside", Value: "1"})
	}
	v.Faults = s.faults(w, n.faults, "")
	v.Heads = w.N("compose.notdone", len(v.Faults))
	if n.sending {
		v.Heads = w.N("compose.faults", len(v.Faults))
	}
	v.Doubts = doubtWords(w, n.doubts)
	v.Safe = w.T("compose.safe_here")
	if n.stored {
		v.Safe = w.T("compose.safe")
	}
	if n.conflict != nil {
		other := n.conflict.draft
		v.Conflict = &views.Conflict{To: addressLine(other.To), Subject: other.Subject, Text: other.Text, OpenURL: p.At(box{}.compose(*n.conflict))}
	} else if n.gone {
		v.Conflict = &views.Conflict{Gone: true}
	} else if n.resent != nil {
		was := s.resentView(w, *n.resent)
		v.Resent = &was
	}
	return v
}

func heading(sh sheet) string {
	switch {
	case sh.mode == string(email.ReplyList):
		return "reply"
	case sh.mode == string(email.ForwardFile):
		return "forward"
	case sh.id != "" && sh.draft.InReplyTo != "":
		return "reply"
	case sh.id != "":
		return "draft"
	case sh.mode != "" && sh.mode != again:
		return sh.mode
	}
	return "new"
}

func (s *server) line(w *views.Words, name, typed string, faults []fieldError) views.RecipientLine {
	return views.RecipientLine{Name: name, Label: w.T("compose." + name), Value: typed, Faults: s.faults(w, faults, name), Groups: s.groupsOn(w, name, typed)}
}

// faults words what is to mend, of one field or of all.
func (s *server) faults(w *views.Words, faults []fieldError, field string) []views.Fault {
	var list []views.Fault
	for _, e := range faults {
		if field != "" && e.Field != field {
			continue
		}
		f := views.Fault{Field: e.Field, Text: w.T(e.Word, "Piece", e.Piece, "Limit", s.limit(w), "Size", w.Size(e.Size))}
		if e.Better != nil {
			name := e.Better.Name
			if name == "" {
				name = e.Better.Addr
			}
			f.Meant = w.T("compose.meant", "Name", name)
			f.Fix = fmt.Sprintf("fix:%s:%s", e.Field, e.Piece)
		}
		list = append(list, f)
	}
	return list
}

func draftFiles(w *views.Words, d email.Draft, refused []refusedFile) []views.DraftFile {
	var list []views.DraftFile
	for n, a := range d.Attachments {
		if a.CID != "" && d.ShowsPictures() {
			continue // it stands in the text
		}
		list = append(list, views.DraftFile{Name: named(w, a.Name), Size: w.Size(int64(len(a.Octets))), Octets: len(a.Octets), Index: n})
	}
	for _, r := range refused {
		list = append(list, views.DraftFile{Name: named(w, r.Name), Size: w.Size(r.Size), Refused: true})
	}
	return list
}

func named(w *views.Words, name string) string {
	if name == "" {
		return w.T("compose.unnamed")
	}
	return name
}

// limit is the most that attachments may have, as people read it.
func (s *server) limit(w *views.Words) string {
	const mb = 1 << 20
	if s.MaxUpload%mb == 0 {
		return w.Number(int(s.MaxUpload/mb)) + " MB"
	}
	return w.Size(s.MaxUpload)
}
