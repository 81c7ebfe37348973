package exchange

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	findBudget = 256 << 20 // octets of one look-up
	findChunk  = 500       // messages of one FETCH
	searchFew  = 4         // up to so many Message-IDs are searched for one by one before the folder is read
)

// Find looks for copies by Message-ID. Its answer is complete: every folder asked for was read
// to the end, so a Message-ID that is not in it is absent there. An error proves nothing.
//
// People move mail while we look. What was moved out of a folder still to be read into one already
// read is not found: so whoever is missing is looked for again, in the opposite order. What was
// moved the other way is seen twice: so where there are two it is asked which of them are there.
func (c *IMAP) Find(ctx context.Context, mailbox string, q Query) (copies []Copy, err error) {
	if len(q.MessageIDs) == 0 {
		return nil, nil
	}
	err = c.call(ctx, mailbox, findBudget, func(a *account) error {
		folders, err := a.wanted(c.o.Folders, q.Folders)
		if err != nil {
			return err
		}
		if copies, err = a.lookThrough(folders, q); err != nil {
			return err
		}
		if again := q.without(copies); len(folders) > 1 && len(again.MessageIDs) > 0 {
			backwards := slices.Clone(folders)
			slices.Reverse(backwards)
			more, err := a.lookThrough(backwards, again)
			if err != nil {
				return err
			}
			copies = append(copies, more...)
		}
		copies, err = a.present(copies)
		return err
	})
	if err != nil {
		return nil, err
	}
	return copies, nil
}

// without is the same question about the ids that are not among the copies.
func (q Query) without(copies []Copy) Query {
	var missing []string
	for _, id := range q.MessageIDs {
		if !slices.ContainsFunc(copies, func(c Copy) bool { return c.MessageID == id }) {
			missing = append(missing, id)
		}
	}
	q.MessageIDs = missing
	return q
}

func (a *account) lookThrough(folders []listed, q Query) (copies []Copy, err error) {
	for _, folder := range folders {
		found, err := a.look(folder, q)
		if err != nil {
			return nil, err
		}
		copies = append(copies, found...)
	}
	return copies, nil
}

// present leaves out the copies of a message found in several folders that are no longer there.
func (a *account) present(copies []Copy) ([]Copy, error) {
	in := map[string]map[string]bool{}
	for _, c := range copies {
		if in[c.MessageID] == nil {
			in[c.MessageID] = map[string]bool{}
		}
		in[c.MessageID][c.Folder] = true
	}
	var kept []Copy
	left := map[string]int{}
	for _, c := range copies {
		if len(in[c.MessageID]) > 1 {
			data, err := a.examine(c.Folder)
			if err != nil {
				return nil, err
			}
			err = a.there(imap.UIDSetNum(imap.UID(c.UID)), "FETCH")
			if errors.Is(err, ErrGone) || err == nil && data.UIDValidity != c.Validity {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		kept = append(kept, c)
		left[c.MessageID]++
	}
	if len(left) < len(in) {
		return nil, &Failure{Kind: ErrTemporary, Op: "FETCH", Words: "a message is moved from folder to folder while it is looked for", After: time.Second}
	}
	return kept, nil
}

// wanted resolves the folders of a query; nil is all of them, read anew so that none is missed.
func (a *account) wanted(mapping map[Role]string, asked []Folder) ([]listed, error) {
	if asked == nil {
		a.folders = nil
		return a.list(mapping)
	}
	var folders []listed
	for _, f := range asked {
		l, err := a.find(mapping, f)
		if err != nil {
			return nil, err
		}
		folders = append(folders, l)
	}
	return folders, nil
}

// look reads one folder. SEARCH HEADER is quick but may miss ids with odd characters, so whoever
// it does not find is looked for by reading the Message-IDs themselves (exchange.md, section 5).
func (a *account) look(folder listed, q Query) ([]Copy, error) {
	data, err := a.examine(folder.name)
	if err != nil || data.NumMessages == 0 {
		return nil, err
	}
	missing := map[string]bool{}
	for _, id := range q.MessageIDs {
		missing[id] = true
	}
	var copies []Copy
	if len(q.MessageIDs) <= searchFew {
		if copies, err = a.search(q.MessageIDs, missing); err != nil {
			return nil, err
		}
	}
	if len(missing) > 0 {
		read, err := a.read(folder.name, data.UIDValidity, q.Since, missing)
		if err != nil {
			return nil, err
		}
		copies = append(copies, read...)
	}
	for i := range copies {
		copies[i].Folder, copies[i].Validity, copies[i].Role, copies[i].Below = folder.name, data.UIDValidity, folder.role, folder.below
	}
	return copies, nil
}

func (a *account) examine(folder string) (*imap.SelectData, error) {
	a.selected = ""
	data, err := a.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	return data, answer("EXAMINE", err, false)
}

// search asks for each id and takes those found out of missing.
func (a *account) search(ids []string, missing map[string]bool) ([]Copy, error) {
	var candidates imap.UIDSet
	for _, id := range ids {
		data, err := a.client.UIDSearch(&imap.SearchCriteria{
			Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + id + ">"}},
		}, nil).Wait()
		if err != nil {
			if definite := answer("SEARCH", err, false); usable(definite) {
				continue // refused, e.g. for its charset: reading the folder will tell
			} else {
				return nil, definite
			}
		}
		if set, ok := data.All.(imap.UIDSet); ok {
			candidates.AddSet(set)
		}
	}
	copies, err := a.fetch(candidates, missing)
	for _, found := range copies {
		delete(missing, found.MessageID)
	}
	return copies, err
}

// index is what was read of a folder's Message-IDs on this connection. Messages are immutable and
// UIDs only grow while UIDVALIDITY stays (RFC 9051, 2.3.1.1), so only what is newer is read again.
type index struct {
	validity uint32
	since    time.Time // read from there on; zero: from the beginning
	next     imap.UID
	uids     map[string][]imap.UID
}

// indexMost bounds the memory of a connection's indexes; beyond it a folder is read each time.
const indexMost = 300_000

func (a *account) indexOf(folder string, validity uint32, since time.Time) *index {
	x := a.indexes[folder]
	if x == nil || x.validity != validity || len(x.uids) > indexMost || (!x.since.IsZero() && (since.IsZero() || since.Before(x.since))) {
		x = &index{validity: validity, since: since, next: 1, uids: map[string][]imap.UID{}}
		if a.indexes == nil || len(a.indexes) > 100 {
			a.indexes = map[string]*index{}
		}
		a.indexes[folder] = x
	}
	return x
}

// read goes through the Message-IDs of the folder's messages since a day; what a copy looks like
// now is asked anew, so that one that was deleted meanwhile is not found.
func (a *account) read(folder string, validity uint32, since time.Time, missing map[string]bool) ([]Copy, error) {
	x := a.indexOf(folder, validity, since)
	if err := a.catchUp(x); err != nil {
		delete(a.indexes, folder) // half of it may be read: begin anew next time
		return nil, err
	}
	var candidates imap.UIDSet
	for id := range missing {
		candidates.AddNum(x.uids[id]...)
	}
	return a.fetch(candidates, missing)
}

// catchUp reads what is newer than the index.
func (a *account) catchUp(x *index) error {
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: x.next, Stop: 0}}}}
	if !x.since.IsZero() {
		criteria.Since = x.since.UTC().AddDate(0, 0, -1) // SINCE has days only, in the server's zone
	}
	data, err := a.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return answer("SEARCH", err, false)
	}
	all, _ := data.All.(imap.UIDSet)
	from := x.next
	return inChunks(all, func(chunk imap.UIDSet) error {
		section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true}
		messages, err := a.client.Fetch(chunk, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil {
			return answer("FETCH", err, false)
		}
		for _, m := range messages {
			if m.UID < from { // n:* always names the last message, however old
				continue
			}
			x.next = max(x.next, m.UID+1)
			for _, body := range m.BodySection {
				if id, _ := readFields(body.Bytes); id != "" {
					x.uids[id] = append(x.uids[id], m.UID)
				}
			}
		}
		return nil
	})
}

// fetch reads what identifies the candidates and keeps those whose Message-ID was asked for.
func (a *account) fetch(candidates imap.UIDSet, wanted map[string]bool) ([]Copy, error) {
	var copies []Copy
	err := inChunks(candidates, func(chunk imap.UIDSet) error {
		section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID", "Received"}, Peek: true}
		messages, err := a.client.Fetch(chunk, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil {
			return answer("FETCH", err, false)
		}
		for _, m := range messages {
			for _, body := range m.BodySection {
				if id, traces := readFields(body.Bytes); wanted[id] && m.UID != 0 {
					copies = append(copies, Copy{Place: Place{UID: uint32(m.UID)}, MessageID: id, Traces: traces, Flags: readFlags(m.Flags)})
				}
			}
		}
		return nil
	})
	return copies, err
}

// inChunks cuts a set that a server gave into bounded pieces; "*" and absurd ranges are refused.
func inChunks(set imap.UIDSet, f func(imap.UIDSet) error) error {
	var chunk imap.UIDSet
	n, total := 0, 0
	for _, r := range set {
		if r.Start == 0 || r.Stop == 0 || r.Stop < r.Start || r.Stop-r.Start > 2_000_000 {
			return &Failure{Kind: ErrUnreachable, Op: "SEARCH", Err: fmt.Errorf("a set of messages that cannot be: %v", r)}
		}
		for uid := r.Start; uid <= r.Stop && uid >= r.Start; uid++ {
			chunk.AddNum(uid)
			if n, total = n+1, total+1; n == findChunk {
				if err := f(chunk); err != nil {
					return err
				}
				chunk, n = nil, 0
			}
			if total > 2_000_000 {
				return &Failure{Kind: ErrUnreachable, Op: "SEARCH", Err: errFlood}
			}
		}
	}
	if n == 0 {
		return nil
	}
	return f(chunk)
}

var traceID = regexp.MustCompile(`(?i)\sid\s+<?([^\s;<>]+)`)

// readFields takes the Message-ID and the id clauses of Received lines out of a piece of header.
func readFields(header []byte) (messageID string, traces []string) {
	for _, field := range headerFields(asCRLF(header)) {
		_, value, _ := strings.Cut(string(field), ":")
		value = strings.NewReplacer("\r\n", "").Replace(value)
		switch fieldName(field) {
		case "message-id":
			if messageID == "" {
				messageID = strings.Trim(strings.TrimSpace(value), "<>")
			}
		case "received":
			if m := traceID.FindStringSubmatch(value); m != nil {
				traces = append(traces, m[1])
			}
		}
	}
	return messageID, traces
}

func readFlags(flags []imap.Flag) (f Flags) {
	for _, flag := range flags {
		switch strings.ToLower(string(flag)) {
		case `\seen`:
			f.Seen = true
		case `\flagged`:
			f.Flagged = true
		case `\answered`:
			f.Answered = true
		case `\draft`:
			f.Draft = true
		}
	}
	return f
}
