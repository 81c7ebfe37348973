package standin

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// picked is a message and its number in the folder at the time of picking.
type picked struct {
	*message
	number uint32
	flags  []imap.Flag
}

// pick answers the messages a set names; the caller holds the store's lock.
func (s *session) pick(set imap.NumSet) (all []picked) {
	for i, m := range s.folder.messages {
		if number := uint32(i) + 1; s.named(set, number, m.uid) {
			all = append(all, picked{message: m, number: number, flags: m.flagList()})
		}
	}
	return all
}

// named reads "*" as the highest number there is.
func (s *session) named(set imap.NumSet, number uint32, uid imap.UID) bool {
	last := len(s.folder.messages)
	switch set := set.(type) {
	case imap.SeqSet:
		client := s.view.EncodeSeqNum(number)
		for _, r := range set {
			if client != 0 && within(client, r.Start, r.Stop, uint32(last)) {
				return true
			}
		}
	case imap.UIDSet:
		for _, r := range set {
			if within(uint32(uid), uint32(r.Start), uint32(r.Stop), uint32(s.folder.messages[last-1].uid)) {
				return true
			}
		}
	}
	return false
}

func within(n, start, stop, star uint32) bool {
	if start == 0 {
		start = star
	}
	if stop == 0 {
		stop = star
	}
	return min(start, stop) <= n && n <= max(start, stop)
}

// Fetch marks as read when a body is asked for without PEEK.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	if err := s.fault("fetch"); err != nil {
		return err
	}
	marks := slices.ContainsFunc(o.BodySection, func(b *imap.FetchItemBodySection) bool {
		return !b.Peek && b.Specifier != imap.PartSpecifierHeader
	})
	s.store.lock()
	all := s.pick(set)
	if marks && !s.readOnly {
		for i := range all {
			s.mark(&all[i], imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen}, nil)
		}
	}
	s.store.mu.Unlock()
	for _, m := range all {
		if err := m.write(w.CreateMessage(s.view.EncodeSeqNum(m.number)), o, marks); err != nil {
			return err
		}
	}
	return nil
}

func (m *picked) write(w *imapserver.FetchResponseWriter, o *imap.FetchOptions, marked bool) error {
	w.WriteUID(m.uid)
	if o.Flags || marked {
		w.WriteFlags(m.flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(m.at)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(m.claimed())
	}
	if o.Envelope {
		w.WriteEnvelope(&imap.Envelope{
			Subject: decoded(m.header.get("Subject")), MessageID: strings.Trim(m.header.get("Message-ID"), "<>"),
			InReplyTo: strings.Fields(strings.NewReplacer("<", " ", ">", " ").Replace(m.header.get("In-Reply-To"))),
		})
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(m.octets)))
	}
	for _, section := range o.BodySection {
		octets := m.section(section)
		body := w.WriteBodySection(section, int64(len(octets)))
		if _, err := body.Write(octets); err != nil {
			return err
		}
		if err := body.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

// section cuts what was asked for out of the stored octets; only nested parts are parsed.
func (m *message) section(o *imap.FetchItemBodySection) []byte {
	if len(o.Part) > 0 {
		return imapserver.ExtractBodySection(bytes.NewReader(m.octets), o)
	}
	var octets []byte
	switch {
	case o.Specifier == imap.PartSpecifierText:
		octets = m.octets[m.header.end:]
	case o.Specifier == imap.PartSpecifierNone:
		octets = append(m.reordered(), m.octets[m.header.end:]...)
	case len(o.HeaderFields) > 0:
		octets = m.fields(func(name string) bool { return holds(o.HeaderFields, name) })
	case len(o.HeaderFieldsNot) > 0:
		octets = m.fields(func(name string) bool { return !holds(o.HeaderFieldsNot, name) })
	case o.Specifier == imap.PartSpecifierHeader:
		octets = m.reordered()
	}
	if p := o.Partial; p != nil {
		from := min(p.Offset, int64(len(octets)))
		octets = octets[from:min(from+p.Size, int64(len(octets)))]
	}
	return octets
}

// claimed is the size that Exchange tells: that of another rendering of the message.
func (m *message) claimed() int64 { return int64(len(m.octets)) + 2*int64(len(m.header.fields)) + 1 }

// reordered is the header with the empty line below, as Exchange writes it anew: the trace on top
// as it was, then the fields that it knows in its own order, then the rest as it was.
func (m *message) reordered() []byte {
	known := []string{"received", "from", "to", "cc", "subject", "thread-topic", "thread-index", "date", "message-id", "references", "in-reply-to"}
	rank := func(f field) int {
		if i := slices.Index(known, strings.ToLower(f.name)); i >= 0 {
			return i
		}
		return len(known)
	}
	sorted := slices.Clone(m.header.fields)
	slices.SortStableFunc(sorted, func(a, b field) int { return rank(a) - rank(b) })
	var out []byte
	for _, f := range sorted {
		out = append(out, f.raw...)
	}
	return append(out, m.octets[len(out):m.header.end]...)
}

func (m *message) fields(keep func(string) bool) []byte {
	var out bytes.Buffer
	m.header.filtered(&out, keep)
	return out.Bytes()
}

func holds(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Store changes flags. Exchange keeps only its own flags; others vanish without a word.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, change *imap.StoreFlags, _ *imap.StoreOptions) error {
	if err := s.fault("store"); err != nil {
		return err
	}
	if err := s.writable(); err != nil {
		return err
	}
	s.store.lock()
	all := s.pick(set)
	for i := range all {
		s.mark(&all[i], change.Op, change.Flags, s.view)
	}
	s.store.mu.Unlock()
	if change.Silent {
		return nil
	}
	for _, m := range all {
		if err := m.write(w.CreateMessage(s.view.EncodeSeqNum(m.number)), &imap.FetchOptions{Flags: true}, false); err != nil {
			return err
		}
	}
	return nil
}

// mark changes one message's flags under the lock and tells the other sessions.
func (s *session) mark(m *picked, op imap.StoreFlagsOp, flags []imap.Flag, source *imapserver.SessionTracker) {
	if op == imap.StoreFlagsSet {
		m.message.flags = map[imap.Flag]bool{}
	}
	for _, flag := range flags {
		known, ok := permanent(flag)
		if !ok {
			continue
		}
		if op == imap.StoreFlagsDel {
			delete(m.message.flags, known)
		} else {
			m.message.flags[known] = true
		}
		if known == imap.FlagFlagged {
			m.unshown = false
		}
	}
	m.flags = m.flagList()
	m.changes++
	s.folder.tracker.QueueMessageFlags(m.number, m.uid, m.flags, source)
	s.store.journal.state(s.mailbox, s.folder.name, m.message)
}

// Copy gives the copies new UIDs and new ids.
func (s *session) Copy(set imap.NumSet, to string) (*imap.CopyData, error) {
	s.store.lock()
	defer s.store.mu.Unlock()
	return s.each(set, to, func(target *folder, m *message) imap.UID {
		return s.store.add(s.mailbox, target, m.copyOf(m.octets))
	})
}

// each puts the messages of a set into a folder and notes what became of their UIDs; the caller holds the lock.
func (s *session) each(set imap.NumSet, to string, put func(*folder, *message) imap.UID) (*imap.CopyData, error) {
	target, err := s.store.folder(s.mailbox, to)
	if err != nil {
		return nil, err
	}
	data := &imap.CopyData{UIDValidity: target.validity}
	for _, m := range s.pick(set) {
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(put(target, m.message))
	}
	return data, nil
}

// Move is RFC 6851; a move into the folder itself is refused.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	if err := s.fault("move"); err != nil {
		return err
	}
	if err := s.writable(); err != nil {
		return err
	}
	if strings.EqualFold(to, s.folder.name) {
		return no("Source and target folder are the same.")
	}
	s.store.lock()
	data, err := s.each(set, to, func(target *folder, m *message) imap.UID {
		return s.store.transfer(s.mailbox, s.folder, target, m).uid
	})
	s.store.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.fault("moved"); err != nil {
		return err
	}
	if len(data.SourceUIDs) == 0 {
		return nil
	}
	return w.WriteCopyData(data) // the expunges follow by Poll
}

// Expunge removes what is marked \Deleted; the server tells the numbers by Poll.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if err := s.writable(); err != nil {
		return err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	gone := map[imap.UID]bool{}
	for _, m := range s.folder.messages {
		if m.flags[imap.FlagDeleted] && (uids == nil || uids.Contains(m.uid)) {
			gone[m.uid] = true
		}
	}
	s.store.remove(s.mailbox, s.folder, gone)
	return nil
}
