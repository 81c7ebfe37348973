package syncback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// Folders made by hand have no mark by which Exchange could tell them apart: they are known by their path.
// What Exchange calls one stands in the ledger, in the place of the newest of its rows that came through;
// what the store calls it meanwhile is told by a row of its own.

// folderItem is the item under which a folder's rows stand.
func folderItem(id mailstore.FolderID) string { return "folder:" + string(id) }

// keptPath and readPath write a folder into a row's place: "Kunden/Nord", or "/inbox/Kunden" below a role.
func keptPath(f exchange.Folder) exchange.Place {
	if f.Role != "" {
		return exchange.Place{Folder: "/" + string(f.Role) + "/" + f.Name}
	}
	return exchange.Place{Folder: f.Name}
}

func readPath(p exchange.Place) exchange.Folder {
	rest, below := strings.CutPrefix(p.Folder, "/")
	if !below {
		return exchange.Folder{Name: p.Folder}
	}
	role, name, _ := strings.Cut(rest, "/")
	return exchange.Folder{Role: exchange.Role(role), Name: name}
}

// madeFolder is a folder made by hand as Exchange knows it: by the ledger, else as the store calls it.
func (s *Syncback) madeFolder(ctx context.Context, m email.MailboxID, id mailstore.FolderID) (exchange.Folder, error) {
	known, err := s.knownFolder(ctx, m, id)
	if err == nil {
		err = s.beingRenamed(ctx, m, id)
	}
	if err != nil || known != (exchange.Folder{}) {
		return known, err
	}
	if asked, ok, err := s.askedFolder(ctx, m, id); err != nil {
		return exchange.Folder{}, err
	} else if ok {
		return s.folderIn(ctx, m, asked.From, asked.Name)
	}
	folders, err := s.o.Store.Folders(ctx, m)
	if err != nil {
		return exchange.Folder{}, missing(err)
	}
	at := slices.IndexFunc(folders, func(f mailstore.Folder) bool { return f.ID == id })
	if at < 0 {
		return exchange.Folder{}, missing(fmt.Errorf("folder %s: %w", id, mailstore.ErrNotFound))
	}
	return s.folderIn(ctx, m, folders[at].Parent, folders[at].Name)
}

// folderIn is a folder of a name below another.
func (s *Syncback) folderIn(ctx context.Context, m email.MailboxID, parent mailstore.FolderID, name string) (exchange.Folder, error) {
	if parent == "" {
		return exchange.Folder{Name: name}, nil
	}
	in, err := s.remoteFolder(ctx, m, parent)
	if err != nil {
		return exchange.Folder{}, err
	}
	if in.Name != "" {
		name = in.Name + "/" + name
	}
	return exchange.Folder{Role: in.Role, Name: name}, nil
}

// knownFolder is what Exchange was last seen to call a folder; zero: it was not told of it, or it is gone.
func (s *Syncback) knownFolder(ctx context.Context, m email.MailboxID, id mailstore.FolderID) (known exchange.Folder, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		known = exchange.Folder{}
		rows, err := query(tx, `WHERE mailbox=? AND item=? AND state='verified' ORDER BY seq DESC LIMIT 1`, string(m), folderItem(id))
		if err == nil && len(rows) > 0 && rows[0].op != discard && rows[0].place.Folder != "" {
			known = readPath(rows[0].place)
		}
		return err
	})
	return known, err
}

// beingRenamed is an error while nobody knows under which of two names Exchange has a folder: whatever went
// into it now could make a second one.
func (s *Syncback) beingRenamed(ctx context.Context, m email.MailboxID, id mailstore.FolderID) error {
	return s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND item=? AND op='rename' AND (state IN ('trying','in doubt') OR state='waiting' AND attempts>0) LIMIT 1`, string(m), folderItem(id))
		if err == nil && len(rows) > 0 {
			err = &exchange.Failure{Kind: exchange.ErrTemporary, Op: "folder", Words: "the folder is being renamed"}
		}
		return err
	})
}

// askedFolder is what Exchange is being asked to make, also when the store calls the folder otherwise
// meanwhile or has it no more: a message that goes into it must not make a second one.
func (s *Syncback) askedFolder(ctx context.Context, m email.MailboxID, id mailstore.FolderID) (asked detail, ok bool, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND item=? AND op='folder' ORDER BY seq DESC LIMIT 1`, string(m), folderItem(id))
		if ok = err == nil && len(rows) > 0; ok {
			asked = rows[0].detail
		}
		return err
	})
	return asked, ok, err
}

// tellFolder makes a folder; one of the name that is there already is it.
func (s *Syncback) tellFolder(ctx context.Context, r row, box traffic.Remote) (told, error) {
	f, err := s.folderIn(ctx, r.mailbox, r.detail.From, r.detail.Name)
	if err != nil {
		return told{}, err
	}
	return told{seen: true, place: keptPath(f), words: "the folder is there"}, box.Create(ctx, f)
}

// tellRename gives a folder its new name where Exchange still has it under the old one. Where somebody has
// renamed or deleted it there, that stays, and ours is made anew when something goes into it.
func (s *Syncback) tellRename(ctx context.Context, r row, box traffic.Remote) (told, error) {
	was, err := s.knownFolder(ctx, r.mailbox, mailstore.FolderID(strings.TrimPrefix(r.item, "folder:")))
	if err == nil && was == (exchange.Folder{}) { // there before Holdover was
		was, err = s.folderIn(ctx, r.mailbox, r.detail.From, r.detail.Old)
	}
	if err != nil {
		return told{}, err
	}
	now := was
	now.Name = was.Name[:strings.LastIndex(was.Name, "/")+1] + r.detail.Name
	done := told{seen: true, place: keptPath(now), words: "the folder is called so"}
	switch err := box.Rename(ctx, was, r.detail.Name); {
	case err == nil:
	case errors.Is(err, exchange.ErrNoFolder):
		done.words = "the folder of before is not there in Exchange; what is there stays as it is"
	case errors.Is(err, exchange.ErrTaken):
		done.words = "Exchange has another folder of that name: both stay, and from now on that one is used"
	default:
		return told{}, err
	}
	return done, nil
}

// tellDiscard moves an empty folder into Deleted Items. One with something in it stays: what lies in
// Exchange and not here is nobody's to delete from here.
func (s *Syncback) tellDiscard(ctx context.Context, r row, box traffic.Remote) (told, error) {
	f, err := s.knownFolder(ctx, r.mailbox, mailstore.FolderID(strings.TrimPrefix(r.item, "folder:")))
	if err == nil && f == (exchange.Folder{}) {
		f, err = s.folderIn(ctx, r.mailbox, r.detail.From, r.detail.Name)
	}
	if err != nil {
		return told{}, err
	}
	if busy, err := s.folderBusy(ctx, r); err != nil || busy {
		return told{}, errors.Join(err, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "folder", Words: "messages are still to be moved into or out of the folder"})
	}
	done := told{seen: true, words: "the folder is in Deleted Items"}
	switch kept, err := box.Discard(ctx, f); {
	case errors.Is(err, exchange.ErrNoFolder):
		done.words = "the folder is not there"
	case err != nil:
		return told{}, err
	case kept:
		done.words = "there is something in the folder in Exchange: it stays there"
	}
	return done, nil
}

// folderBusy says whether messages are still to be told into or out of a folder: deleted before that, it
// would not be empty, or would be made anew.
func (s *Syncback) folderBusy(ctx context.Context, r row) (busy bool, err error) {
	id := strings.TrimPrefix(r.item, "folder:")
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND item<>? AND seq<? AND state IN ('waiting','trying','in doubt') AND (detail LIKE ? OR detail LIKE ?) LIMIT 1`,
			string(r.mailbox), r.item, int64(r.seq), `%"from":"`+id+`"%`, `%"to":"`+id+`"%`)
		busy = len(rows) > 0
		return err
	})
	return busy, err
}

// calledNow is the folder in which a base saw its message, by the name that we gave that folder since then:
// what we renamed is not what somebody moved.
func (s *Syncback) calledNow(ctx context.Context, base *row) exchange.Folder {
	f := base.seenIn()
	if f.Role != "" {
		return f
	}
	var rows []row
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		rows, err = query(tx, `WHERE mailbox=? AND op='rename' AND state='verified' AND changed>=? ORDER BY seq`, string(base.mailbox), base.changed)
		return err
	})
	if err != nil {
		return f
	}
	for _, r := range rows {
		now := readPath(r.place)
		was := now
		was.Name = now.Name[:strings.LastIndex(now.Name, "/")+1] + r.detail.Old
		f.Name = renamedIn(f.Name, was, now)
	}
	return f
}

// renamedIn is a path of Exchange's after a folder in it was renamed. Below a role the first name is that of
// the role's folder.
func renamedIn(path string, was, now exchange.Folder) string {
	root, rest := "", path
	if was.Role != "" {
		i := strings.Index(path, "/")
		if i < 0 {
			return path
		}
		root, rest = path[:i+1], path[i+1:]
	}
	if sameFolder(rest, was.Name) {
		return root + now.Name
	}
	if len(rest) > len(was.Name) && rest[len(was.Name)] == '/' && sameFolder(rest[:len(was.Name)], was.Name) {
		return root + now.Name + rest[len(was.Name):]
	}
	return path
}

// pathBelow is a path of Exchange's without its first name.
func pathBelow(path string) string {
	_, rest, _ := strings.Cut(path, "/")
	return rest
}

// sameFolder compares paths as Exchange does: without regard to case.
func sameFolder(a, b string) bool { return strings.EqualFold(a, b) }

// enterRename puts a new name into what still waits: a folder that Exchange was not told of is made under
// its last name, and one renamed twice is renamed once.
func enterRename(tx *database.Tx, r row) error {
	for _, op := range []operation{folder, rename} {
		was, err := waitingRow(tx, r, op)
		if err != nil {
			return err
		}
		if was == nil || was.attempts > 0 { // its first try may have taken effect
			continue
		}
		if op == folder {
			if used, err := usedFolder(tx, r); err != nil || used {
				return errors.Join(err, insert(tx, r))
			}
		}
		r.op, r.kind, r.detail.Old = was.op, was.kind, was.detail.Old
		if joined, err := join(tx, *was, r); err != nil || joined {
			return err
		}
	}
	return insert(tx, r)
}

// usedFolder says whether a message was told into a folder: then it is in Exchange, whatever became of its
// own row.
func usedFolder(tx *database.Tx, r row) (bool, error) {
	used, err := query(tx, `WHERE mailbox=? AND item<>? AND state<>'waiting' AND detail LIKE ? LIMIT 1`,
		string(r.mailbox), r.item, `%"to":"`+strings.TrimPrefix(r.item, "folder:")+`"%`)
	return len(used) > 0, err
}

// enterDiscard lets a folder that Exchange was never told of vanish with what waits for it. What was tried,
// or was made because a message went into it, is told.
func enterDiscard(tx *database.Tx, r row) error {
	was, err := waitingRow(tx, r, folder)
	if err != nil {
		return err
	}
	used, err := usedFolder(tx, r)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM syncback_item WHERE mailbox=? AND item=? AND op='rename' AND state='waiting' AND attempts=0`, string(r.mailbox), r.item); err != nil {
		return err
	}
	if was == nil || was.attempts > 0 || used {
		return insert(tx, r)
	}
	_, err = tx.Exec(`DELETE FROM syncback_item WHERE mailbox=? AND seq=? AND state='waiting' AND attempts=0`, string(was.mailbox), int64(was.seq))
	return err
}
