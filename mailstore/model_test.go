package mailstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdover/email"
)

// model is a store as simple as it can be: what one mailbox must show.
type model struct {
	shown map[email.MessageID]*modelMessage
	held  map[SendID]*modelSend
	moves []FolderID
}

type modelMessage struct {
	folder  FolderID
	subject string
	flags   Flags
	names   email.Categories
	version int
	octets  []byte
}

type modelSend struct {
	sub   Submission
	draft *modelMessage
}

// walk does random things to a house and to a model of Anna's mailbox.
type walk struct {
	*house
	model
	rnd  *rand.Rand
	n    int
	sent [][]byte // delivered octets, to send again
}

// TestRandomWalk does random things, crashes included, and compares the store with the model after
// each crash; at the end Check derives every invariant. The seed is printed and can be given.
func TestRandomWalk(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		seed := uint64(time.Now().UnixNano())
		if text := os.Getenv("HOLDOVER_SEED"); text != "" {
			var err error
			seed, err = strconv.ParseUint(text, 10, 64)
			must(t, err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("HOLDOVER_SEED=%d", seed)
			}
		})
		w := &walk{house: h, rnd: rand.New(rand.NewPCG(seed, 1)), model: model{
			shown: map[email.MessageID]*modelMessage{}, held: map[SendID]*modelSend{},
			moves: []FolderID{Inbox, Archive, Trash, Junk}}}
		for range 250 {
			w.step()
			if t.Failed() {
				return
			}
		}
		w.crash()
		w.compare()
	})
}

func (w *walk) step() {
	switch k := w.rnd.IntN(100); {
	case k < 25:
		w.arrive()
	case k < 30:
		w.arriveAgain()
	case k < 40:
		w.mark()
	case k < 45:
		w.name()
	case k < 58:
		w.relocate()
	case k < 63:
		w.remove()
	case k < 80:
		w.write()
	case k < 88:
		w.send()
	case k < 92:
		w.takeBack()
	case k < 96:
		w.goOut()
	case k < 98:
		f, err := w.CreateFolder(w.t.Context(), FromPortal, anna, "", fmt.Sprint("Ordner ", w.n))
		must(w.t, err)
		w.n++
		w.moves = append(w.moves, f)
	default:
		w.crash()
		w.compare()
	}
	w.clock.add(time.Second)
}

func (w *walk) next(answers bool) []byte {
	w.n++
	subject := fmt.Sprint("Thema ", w.rnd.IntN(8))
	var refs []string
	if answers {
		for range w.rnd.IntN(4) {
			refs = append(refs, fmt.Sprintf("m%d@x.example", w.rnd.IntN(w.n+3))) // also such as come later, or never
		}
	}
	return mail(fmt.Sprintf("m%d@x.example", w.n), subject, refs...)
}

func (w *walk) arrive() {
	octets := w.next(true)
	flags := Flags{Seen: w.rnd.IntN(3) == 0, Flagged: w.rnd.IntN(5) == 0}
	f := w.moves[w.rnd.IntN(len(w.moves))]
	id, err := w.Deliver(w.t.Context(), Arrival{To: to(anna), Origin: FromOutside, Folder: f, Flags: flags, Octets: octets,
		At: w.clock.Now().Add(-time.Duration(w.rnd.IntN(3)) * time.Second)})
	must(w.t, err)
	w.sent = append(w.sent, octets)
	w.shown[id] = &modelMessage{folder: f, flags: flags, octets: octets}
}

func (w *walk) arriveAgain() {
	if len(w.sent) > 0 {
		w.deliver(w.sent[w.rnd.IntN(len(w.sent))], anna)
	}
}

// some picks messages that are shown, drafts or others.
func (w *walk) some(drafts bool, most int) []email.MessageID {
	var ids []email.MessageID
	for id, m := range w.shown {
		if m.flags.Draft == drafts {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids) // the order of a map is not the seed's
	w.rnd.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:min(len(ids), 1+w.rnd.IntN(most))]
}

func (w *walk) mark() {
	ids := w.some(false, 5)
	if len(ids) == 0 {
		return
	}
	fc := FlagChange{}
	for _, flag := range []**bool{&fc.Seen, &fc.Flagged, &fc.Answered} {
		if w.rnd.IntN(2) == 0 {
			b := w.rnd.IntN(2) == 0
			*flag = &b
		}
	}
	must(w.t, w.SetFlags(w.t.Context(), FromPortal, anna, ids, fc))
	for _, id := range ids {
		w.shown[id].flags = w.shown[id].flags.with(fc)
	}
}

func (w *walk) name() {
	ids := w.some(false, 5)
	if len(ids) == 0 {
		return
	}
	var ch email.CategoryChange
	for _, name := range []string{"Rot", "Übergabe", "Kunde Nord"} {
		switch w.rnd.IntN(3) {
		case 0:
			ch.Add = append(ch.Add, name)
		case 1:
			ch.Remove = append(ch.Remove, name)
		}
	}
	must(w.t, w.SetCategories(w.t.Context(), FromPortal, anna, ids, ch))
	for _, id := range ids {
		w.shown[id].names = w.shown[id].names.After(ch)
	}
}

func (w *walk) relocate() {
	ids, f := w.some(false, 5), w.moves[w.rnd.IntN(len(w.moves))]
	if len(ids) == 0 {
		return
	}
	must(w.t, w.Move(w.t.Context(), FromPortal, anna, ids, f))
	for _, id := range ids {
		w.shown[id].folder = f
	}
}

func (w *walk) remove() {
	ids := w.some(false, 2)
	if len(ids) == 0 {
		return
	}
	must(w.t, w.Delete(w.t.Context(), FromPortal, anna, ids))
	for _, id := range ids {
		delete(w.shown, id)
	}
}

func (w *walk) write() {
	ids := w.some(true, 1)
	octets := w.next(true)
	switch {
	case len(ids) == 0 || w.rnd.IntN(3) == 0:
		id, v, err := w.SaveDraft(w.t.Context(), anna, "", 0, octets)
		must(w.t, err)
		w.shown[id] = &modelMessage{folder: Drafts, flags: Flags{Seen: true, Draft: true}, version: v, octets: octets}
	case w.rnd.IntN(4) == 0:
		must(w.t, w.DiscardDraft(w.t.Context(), anna, ids[0]))
		delete(w.shown, ids[0])
	default:
		m := w.shown[ids[0]]
		_, v, err := w.SaveDraft(w.t.Context(), anna, ids[0], m.version, octets)
		must(w.t, err)
		m.version, m.octets = v, octets
	}
}

func (w *walk) send() {
	ids := w.some(true, 1)
	if len(ids) == 0 {
		return
	}
	m := w.shown[ids[0]]
	sub := Submission{Mailbox: anna, Draft: ids[0], Version: m.version, Token: fmt.Sprint("token", w.n), Own: m.octets, Out: m.octets,
		From: "anna@holdover.example", Local: to(bert), Release: w.clock.Now().Add(5 * time.Second)}
	w.n++
	if w.rnd.IntN(2) == 0 {
		sub.Remote = []string{"katrin@kunde.example"}
	}
	id, err := w.Submit(w.t.Context(), sub)
	must(w.t, err)
	delete(w.shown, ids[0])
	w.held[id] = &modelSend{sub, m}
}

func (w *walk) takeBack() {
	for id, s := range w.held {
		draft, err := w.Undo(w.t.Context(), anna, id)
		must(w.t, err)
		w.shown[draft] = s.draft
		delete(w.held, id)
		return
	}
}

func (w *walk) goOut() {
	w.release()
	now := w.clock.Now()
	copies := map[string]email.MessageID{}
	for _, r := range w.threads(anna, Sent) {
		all, err := w.Conversation(w.t.Context(), anna, r.ID)
		must(w.t, err)
		for _, m := range all {
			copies[m.MessageID] = m.ID
		}
	}
	for id, s := range w.held {
		if s.sub.Release.After(now) {
			continue
		}
		delete(w.held, id)
		own := copies[email.Summarize(s.sub.Own).MessageID]
		if own == "" {
			w.t.Errorf("submission %s has no copy in Sent", id)
		}
		w.shown[own] = &modelMessage{folder: Sent, flags: Flags{Seen: true}, octets: s.sub.Own}
	}
}

func (w *walk) compare() {
	w.t.Helper()
	seen := 0
	all, err := w.Folders(w.t.Context(), anna)
	must(w.t, err)
	for _, f := range all {
		total, unread := 0, 0
		for _, m := range w.shown {
			if m.folder == f.ID {
				total++
				unread += int(bit(!m.flags.Seen))
			}
		}
		same(w.t, "folder "+string(f.ID), fmt.Sprint(f.Unread, "/", f.Total), fmt.Sprint(unread, "/", total))
		here := 0
		for _, r := range w.threads(anna, f.ID) {
			here += r.Here
		}
		same(w.t, "lines of "+string(f.ID), here, total)
		seen += total
	}
	same(w.t, "messages", seen, len(w.shown))
	for id, want := range w.shown {
		got, err := w.Message(w.t.Context(), anna, id)
		if errors.Is(err, ErrNotFound) {
			w.t.Errorf("message %s is lost", id)
			continue
		}
		must(w.t, err)
		same(w.t, "message "+string(id), fmt.Sprint(got.Folder, got.Flags, got.Categories, got.Version), fmt.Sprint(want.folder, want.flags, want.names, want.version))
		raw, err := w.Raw(w.t.Context(), anna, id)
		must(w.t, err)
		if string(raw) != string(want.octets) {
			w.t.Errorf("message %s says %q, not %q", id, raw, want.octets)
		}
	}
	named := 0
	for _, m := range w.shown {
		named += min(len(m.names), 1)
	}
	if kept := len(w.kept(anna)); kept < named {
		w.t.Errorf("the categories of %d messages are kept beside the mail, of %d there are some", kept, named)
	}
	if found := w.findings(); len(found) > 0 {
		var all []string
		for _, f := range found {
			all = append(all, f.What)
		}
		w.t.Errorf("findings: %s", strings.Join(all, "\n"))
	}
}
