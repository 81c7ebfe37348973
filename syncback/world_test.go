package syncback

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"holdover/email"
	"holdover/exchange"
)

// world is a scripted double of Exchange: mailboxes in memory, and faults where the script says.
// It is no Exchange; it does what exchange.md, section 7, asks of a double for sync-back.
type world struct {
	mu     sync.Mutex
	now    func() time.Time
	boxes  map[string]*worldBox
	script func(op, box string) fault // asked once a call
	calls  map[string]int
	hidden time.Duration                                                  // how long a delivery lies in a queue before it shows
	fate   func(id string) (lost bool, late time.Duration, folder string) // of a delivery, nil: as it should be
	read   int                                                            // folders read by find
	plain  bool                                                           // what is put into folders loses its categories, as over IMAP
	deaf   int                                                            // so many changes of categories are answered with a yes and nothing else
}

type fault int

const (
	fine        fault = iota
	lostBefore        // the answer is lost and nothing happened
	lostAfter         // it happened and the answer is lost
	temporary         // 4xx or NO
	unreachable       // no connection
	refused           // 5xx
	unknown           // 550 5.1.10
	mismatch          // 550 5.7.68
	throttled
)

type worldBox struct {
	messages []*worldMessage
	folders  []string
	uid      uint32
}

type worldMessage struct {
	folder string
	uid    uint32
	id     string // Message-ID
	traces []string
	flags  exchange.Flags
	names  email.Categories
	octets []byte
	date   time.Time
	from   string // envelope sender, for deliveries
	shows  time.Time
	stamp  string // changes when somebody edits it in place, as over EWS and Graph
}

var worldFolders = map[exchange.Role]string{exchange.Inbox: "INBOX", exchange.Drafts: "Entwürfe", exchange.Sent: "Gesendete Elemente",
	exchange.Trash: "Gelöschte Elemente", exchange.Archive: "Archiv", exchange.Junk: "Junk-E-Mail"}

func newWorld(now func() time.Time) *world {
	return &world{now: now, boxes: map[string]*worldBox{}, calls: map[string]int{}, script: func(string, string) fault { return fine }}
}

func (w *world) box(address string) *worldBox {
	b := w.boxes[address]
	if b == nil {
		b = &worldBox{}
		for _, name := range worldFolders {
			b.folders = append(b.folders, name)
		}
		w.boxes[address] = b
	}
	return b
}

func (w *world) add(b *worldBox, folder string, octets []byte, flags exchange.Flags, date time.Time) *worldMessage {
	b.uid++
	m := &worldMessage{folder: folder, uid: b.uid, id: email.Summarize(octets).MessageID, octets: octets, flags: flags, date: date}
	for line := range strings.Lines(string(octets)) {
		if _, after, ok := strings.Cut(line, " id "); ok && strings.HasPrefix(line, "Received:") {
			m.traces = append(m.traces, strings.Fields(strings.ReplaceAll(after, ";", " "))[0])
		}
	}
	b.messages = append(b.messages, m)
	return m
}

// call asks the script and turns a fault into the outcome that a connector would report.
func (w *world) call(op, box string) (effect bool, err error) {
	w.calls[op]++
	fail := func(kind error, code, words string) error {
		return &exchange.Failure{Kind: kind, Op: op, Code: code, Words: words, Remedy: "scripted"}
	}
	switch w.script(op, box) {
	case lostBefore:
		return false, fail(exchange.ErrDoubt, "", "")
	case lostAfter:
		return true, fail(exchange.ErrDoubt, "", "")
	case temporary:
		return false, fail(exchange.ErrTemporary, "451 4.3.2", "Temporary server error")
	case unreachable:
		return false, fail(exchange.ErrUnreachable, "", "connection refused")
	case refused:
		return false, fail(exchange.ErrRefused, "550 5.7.1", "not by policy")
	case unknown:
		return false, fail(exchange.ErrUnknownMailbox, "550 5.1.10", "RecipientNotFound")
	case mismatch:
		return false, fail(exchange.ErrRoute, "550 5.7.68", "TenantInboundAttribution")
	case throttled:
		return false, &exchange.Failure{Kind: exchange.ErrThrottled, Op: op, Code: "BAD", Words: "Request is throttled", After: 30 * time.Second}
	}
	return true, nil
}

func (w *world) Deliver(ctx context.Context, from string, to []string, octets []byte) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	effect, err := w.call("deliver", to[0])
	if effect {
		m := w.add(w.box(to[0]), "INBOX", octets, exchange.Flags{}, w.now())
		m.from, m.shows = from, w.now().Add(w.hidden)
		w.befall(w.box(to[0]), m)
	}
	return "2.6.0 queued", err
}

// befall lets a delivery be lost, late or elsewhere.
func (w *world) befall(b *worldBox, m *worldMessage) {
	if w.fate == nil {
		return
	}
	lost, late, folder := w.fate(m.id)
	m.shows = m.shows.Add(late)
	if folder != "" {
		m.folder = folder
	}
	if lost {
		b.messages = b.messages[:len(b.messages)-1]
	}
}

func (w *world) name(b *worldBox, f exchange.Folder) (string, error) {
	want := worldPath(f)
	for _, name := range b.folders {
		if strings.EqualFold(name, want) {
			return name, nil
		}
	}
	return "", &exchange.Failure{Kind: exchange.ErrNoFolder, Op: "LIST", Words: "no such folder", Remedy: "create it"}
}

func (w *world) Find(ctx context.Context, mailbox string, q exchange.Query) ([]exchange.Copy, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.call("find", mailbox); err != nil {
		return nil, &exchange.Failure{Kind: exchange.ErrUnreachable, Op: "find", Err: err}
	}
	b := w.box(mailbox)
	in := b.folders
	if q.Folders != nil {
		in = nil
		for _, f := range q.Folders {
			name, err := w.name(b, f)
			if err != nil {
				return nil, err
			}
			in = append(in, name)
		}
	}
	w.read += len(in)
	asked := map[string]bool{}
	for _, id := range q.MessageIDs {
		asked[id] = true
	}
	var found []exchange.Copy
	for _, m := range b.messages {
		if slices.Contains(in, m.folder) && asked[m.id] && !m.shows.After(w.now()) && !m.date.Before(q.Since) {
			c := exchange.Copy{Place: exchange.Place{Folder: m.folder, Validity: 1, UID: m.uid}, MessageID: m.id, Traces: m.traces, Flags: m.flags, Categories: email.Categories{}.With(m.names...), Stamp: m.stamp}
			for role, name := range worldFolders {
				if name == m.folder {
					c.Role = role
				}
				if strings.HasPrefix(m.folder, name+"/") {
					c.Below = role
				}
			}
			found = append(found, c)
		}
	}
	return found, nil
}

func (w *world) Append(ctx context.Context, mailbox string, to exchange.Folder, item exchange.Item) (exchange.Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	name, err := w.name(b, to)
	if err != nil {
		return exchange.Place{}, err
	}
	effect, err := w.call("append", mailbox)
	var place exchange.Place
	if effect {
		m := w.add(b, name, item.Octets, item.Flags, item.Date)
		if !w.plain {
			m.names = item.Categories
		}
		place = exchange.Place{Folder: name, Validity: 1, UID: m.uid}
	}
	return place, err
}

func (w *world) at(b *worldBox, p exchange.Place) *worldMessage {
	for _, m := range b.messages {
		if m.uid == p.UID && m.folder == p.Folder {
			return m
		}
	}
	return nil
}

func (w *world) SetFlags(ctx context.Context, mailbox string, at exchange.Place, f exchange.Flags) (exchange.Flags, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.at(w.box(mailbox), at)
	if m == nil {
		return exchange.Flags{}, &exchange.Failure{Kind: exchange.ErrGone, Op: "STORE"}
	}
	effect, err := w.call("flags", mailbox)
	if effect {
		f.Draft = m.flags.Draft
		m.flags = f
	}
	return m.flags, err
}

func (w *world) SetCategories(ctx context.Context, mailbox string, at exchange.Place, change email.CategoryChange) (email.Categories, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at == (exchange.Place{}) { // as IMAP does
		return nil, &exchange.Failure{Kind: exchange.ErrUnsuited, Op: "STORE", Words: "no categories this way", Remedy: "scripted"}
	}
	m := w.at(w.box(mailbox), at)
	if m == nil {
		return nil, &exchange.Failure{Kind: exchange.ErrGone, Op: "categories"}
	}
	effect, err := w.call("categories", mailbox)
	if w.deaf--; effect && w.deaf < 0 {
		m.names = m.names.After(change)
	}
	return m.names, err
}

func (w *world) Move(ctx context.Context, mailbox string, at exchange.Place, to exchange.Folder) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	name, err := w.name(b, to)
	if err != nil {
		return err
	}
	m := w.at(b, at)
	if m == nil {
		return &exchange.Failure{Kind: exchange.ErrGone, Op: "MOVE"}
	}
	effect, err := w.call("move", mailbox)
	if effect {
		b.uid++
		m.folder, m.uid = name, b.uid
	}
	return err
}

func (w *world) Remove(ctx context.Context, mailbox string, at exchange.Place) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	effect, err := w.call("remove", mailbox)
	if effect {
		b.messages = slices.DeleteFunc(b.messages, func(m *worldMessage) bool { return m.uid == at.UID && m.folder == at.Folder })
	}
	return err
}

func (w *world) Create(ctx context.Context, mailbox string, f exchange.Folder) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	effect, err := w.call("create", mailbox)
	if _, missing := w.name(b, f); effect && missing != nil {
		for path := f.Name; ; { // those above it too
			i := strings.LastIndex(path, "/")
			if i < 0 {
				break
			}
			path = path[:i]
			if above, missing := w.name(b, exchange.Folder{Role: f.Role, Name: path}); missing != nil {
				b.folders = append(b.folders, above)
			}
		}
		b.folders = append(b.folders, worldPath(f))
	}
	return err
}

func (w *world) Rename(ctx context.Context, mailbox string, f exchange.Folder, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	was, err := w.name(b, f)
	if err != nil {
		return err
	}
	to := was[:strings.LastIndex(was, "/")+1] + name
	for _, other := range b.folders {
		if other != was && strings.EqualFold(other, to) {
			return &exchange.Failure{Kind: exchange.ErrTaken, Op: "RENAME"}
		}
	}
	effect, err := w.call("rename", mailbox)
	if effect {
		b.rename(was, to)
	}
	return err
}

func (w *world) Discard(ctx context.Context, mailbox string, f exchange.Folder) (kept bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.box(mailbox)
	was, err := w.name(b, f)
	if err != nil {
		return false, err
	}
	for _, m := range b.messages {
		kept = kept || m.folder == was
	}
	for _, other := range b.folders {
		kept = kept || strings.HasPrefix(other, was+"/")
	}
	if kept {
		return true, nil
	}
	effect, err := w.call("discard", mailbox)
	if effect {
		b.rename(was, worldFolders[exchange.Trash]+"/"+was[strings.LastIndex(was, "/")+1:])
	}
	return false, err
}

// rename moves a folder with all that is in it.
func (b *worldBox) rename(was, to string) {
	path := func(name string) string {
		if name == was || strings.HasPrefix(name, was+"/") {
			return to + name[len(was):]
		}
		return name
	}
	for i, f := range b.folders {
		b.folders[i] = path(f)
	}
	for _, m := range b.messages {
		m.folder = path(m.folder)
	}
}

// worldPath is a folder's path in the world.
func worldPath(f exchange.Folder) string {
	switch {
	case f.Name == "":
		return worldFolders[f.Role]
	case f.Role != "":
		return worldFolders[f.Role] + "/" + f.Name
	}
	return f.Name
}

// copies lists what the person sees of a Message-ID.
func (w *world) copies(address, id string) (found []worldMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.box(address).messages {
		if m.id == id {
			found = append(found, *m)
		}
	}
	return found
}

// removals counts what only a deletion in Exchange would cause.
func (w *world) removals() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls["remove"] + w.calls["move"]
}

func (w *world) count(op string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[op]
}

func (m worldMessage) String() string {
	return fmt.Sprintf("%s in %s %+v", m.id, m.folder, m.flags)
}
