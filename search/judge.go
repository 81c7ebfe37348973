package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdover/email"
	"holdover/mailstore"
)

const (
	ask = 1000 // hits up to which the store is asked for the state of each
	few = 5000 // messages up to which a state's bearers are read beforehand
)

// judge says which of the plan's states a message has. What few messages bear (a flag, a small
// folder, being unread) is read before the hits are looked at, and the judge then knows everything
// about any number of them; else the store is asked portion by portion.
type judge struct {
	s       *shelf
	plan    plan
	all     []mailstore.Folder
	folders map[mailstore.FolderID]string // their names, folded

	knows bool
	base  uint // mask of a message that bears nothing of what few do
	trash uint // bit of the trash
	borne map[email.MessageID]uint
}

func (s *shelf) judge(ctx context.Context, p plan, found int) (*judge, error) {
	j := &judge{s: s, plan: p, trash: 1 << len(p.states)}
	if found <= s.x.ask && !p.trash { // no folder is named
		return j, nil
	}
	if err := j.nameFolders(ctx); err != nil || found <= s.x.ask {
		return j, err
	}
	return j, j.learn(ctx)
}

func (j *judge) nameFolders(ctx context.Context) (err error) {
	if j.all, err = j.s.x.src.Folders(ctx, j.s.id); err != nil {
		return fmt.Errorf("search: folders of %s: %w", j.s.id, err)
	}
	j.folders = make(map[mailstore.FolderID]string, len(j.all))
	for _, f := range j.all {
		j.folders[f.ID] = fold(strings.ToLower(strings.Join(strings.Fields(f.Name), " ")))
	}
	return nil
}

// learn reads what few messages bear, unless one of the states is borne by many.
func (j *judge) learn(ctx context.Context) error {
	for _, l := range j.plan.states {
		if !j.rare(l) {
			return nil
		}
	}
	if !j.plan.trash && j.total(mailstore.Trash) > few {
		return nil
	}
	j.borne = map[email.MessageID]uint{}
	for i, l := range j.plan.states {
		if ok, err := j.learnState(ctx, l, 1<<i); err != nil || !ok {
			return err
		}
	}
	if !j.plan.trash {
		if ok, err := j.learnFolder(ctx, mailstore.Trash, j.trash); err != nil || !ok {
			return err
		}
	}
	j.knows = true
	return nil
}

// rare says whether few messages bear a state, or all but a few, as far as the folders' counters tell.
func (j *judge) rare(l *leaf) bool {
	switch {
	case l.folder == anywhere:
		return true
	case l.field == fieldFolder:
		return j.total(j.meant(l)...) <= few
	case l.state == "read" || l.state == "unread":
		n := 0
		for _, f := range j.all {
			n += f.Unread
		}
		return n <= few
	}
	return l.state == "flagged" || l.state == "unflagged"
}

// meant are the folders that a term names.
func (j *judge) meant(l *leaf) (folders []mailstore.FolderID) {
	for _, f := range j.all {
		if l.within(f.ID, j.folders) {
			folders = append(folders, f.ID)
		}
	}
	return folders
}

// total is how many messages lie in folders.
func (j *judge) total(folders ...mailstore.FolderID) (n int) {
	for _, f := range j.all {
		if slices.Contains(folders, f.ID) {
			n += f.Total
		}
	}
	return n
}

func (j *judge) learnState(ctx context.Context, l *leaf, bit uint) (bool, error) {
	switch {
	case l.folder == anywhere:
		j.base |= bit
		return true, nil
	case l.field == fieldFolder:
		for _, id := range j.meant(l) {
			if ok, err := j.learnFolder(ctx, id, bit); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	case l.state == "read" || l.state == "unflagged":
		j.base |= bit
	}
	if l.state == "read" || l.state == "unread" {
		ids, err := j.s.x.src.Unseen(ctx, j.s.id, few+1)
		return j.bear(ids, bit, err)
	}
	ids, err := j.s.x.src.Flagged(ctx, j.s.id, few+1)
	return j.bear(ids, bit, err)
}

func (j *judge) learnFolder(ctx context.Context, f mailstore.FolderID, bit uint) (bool, error) {
	ids, err := j.s.x.src.Within(ctx, j.s.id, f, few+1)
	return j.bear(ids, bit, err)
}

// bear notes who bears something, unless that are too many.
func (j *judge) bear(ids []email.MessageID, bit uint, err error) (bool, error) {
	if err != nil {
		return false, fmt.Errorf("search: states of %s: %w", j.s.id, err)
	}
	for _, id := range ids {
		j.borne[id] |= bit
	}
	return len(ids) <= few, nil
}

// standings asks the store for what the judge does not know.
func (j *judge) standings(ctx context.Context, batch []candidate) (map[email.MessageID]mailstore.Standing, error) {
	if j.knows || len(batch) == 0 {
		return nil, nil
	}
	ids := make([]email.MessageID, len(batch))
	for i, c := range batch {
		ids[i] = c.id
	}
	standings, err := j.s.x.src.Standings(ctx, j.s.id, ids)
	if err != nil {
		return nil, fmt.Errorf("search: states of %s: %w", j.s.id, err)
	}
	return standings, nil
}

// of judges one message. That it is there at all a judge who knows everything takes from the index.
func (j *judge) of(id email.MessageID, standings map[email.MessageID]mailstore.Standing) (mask uint, trash, there bool) {
	if j.knows {
		borne := j.borne[id]
		return j.base ^ borne&^j.trash, borne&j.trash != 0, true
	}
	standing, there := standings[id]
	return j.plan.mask(standing, j.folders), standing.Folder == mailstore.Trash, there
}
