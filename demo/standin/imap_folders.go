package standin

import (
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// List shows \Sent, \Drafts, \Trash and \Junk although SPECIAL-USE is not announced.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if err := s.fault("list"); err != nil {
		return err
	}
	for _, data := range s.listing(ref, patterns, o) {
		if err := w.WriteList(&data); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) listing(ref string, patterns []string, o *imap.ListOptions) (all []imap.ListData) {
	s.store.lock()
	defer s.store.mu.Unlock()
	for _, f := range s.store.boxes[s.mailbox].folders {
		for _, pattern := range patterns {
			if !imapserver.MatchList(f.name, '/', ref, pattern) {
				continue
			}
			data := imap.ListData{Mailbox: f.name, Delim: '/', Attrs: []imap.MailboxAttr{imap.MailboxAttrHasNoChildren}}
			if f.attr != "" && !s.exchange.strange("no-attributes") {
				data.Attrs = append(data.Attrs, f.attr)
			}
			if o.ReturnStatus != nil {
				data.Status = f.status(o.ReturnStatus)
			}
			all = append(all, data)
			break
		}
	}
	return all
}

func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	if err := s.fault("status"); err != nil {
		return nil, err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	f, err := s.store.folder(s.mailbox, name)
	if err != nil {
		return nil, err
	}
	return f.status(o), nil
}

func (f *folder) status(o *imap.StatusOptions) *imap.StatusData {
	data := &imap.StatusData{Mailbox: f.name}
	number := func(wanted bool, n int) *uint32 {
		if !wanted {
			return nil
		}
		v := uint32(n)
		return &v
	}
	data.NumMessages = number(o.NumMessages, len(f.messages))
	data.NumUnseen = number(o.NumUnseen, f.count(imap.FlagSeen, false))
	data.NumDeleted = number(o.NumDeleted, f.count(imap.FlagDeleted, true))
	data.NumRecent = number(o.NumRecent, 0)
	if o.UIDNext {
		data.UIDNext = f.next
	}
	if o.UIDValidity {
		data.UIDValidity = f.validity
	}
	return data
}

func (s *session) Create(name string, _ *imap.CreateOptions) error {
	if err := s.fault("create"); err != nil {
		return err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	_, err := s.store.create(s.mailbox, strings.TrimSuffix(name, "/"))
	return err
}

func (s *session) Delete(string) error { return no("DELETE is not allowed in the stand-in.") }

func (s *session) Rename(name, to string, _ *imap.RenameOptions) error {
	if err := s.fault("rename"); err != nil {
		return err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	f, err := s.store.folder(s.mailbox, name)
	if err != nil {
		return err
	}
	if err := s.store.rename(s.mailbox, f, to); err != nil {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists, Text: "The folder cannot have this name."}
	}
	return nil
}

func (s *session) Subscribe(string) error   { return nil }
func (s *session) Unsubscribe(string) error { return nil }
