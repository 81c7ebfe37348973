package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Create makes a folder of the mailbox, and those above it that are missing; one that exists already is
// success.
func (g *Graph) Create(ctx context.Context, mailbox string, f Folder) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	return g.create(ctx, mailbox, f)
}

func (g *Graph) create(ctx context.Context, mailbox string, f Folder) error {
	if _, err := g.folder(ctx, mailbox, f); err == nil || !errors.Is(err, ErrNoFolder) {
		return err
	}
	parent, leaf, top := f.above()
	path := "/mailFolders"
	if !top {
		if parent.Name != "" {
			if err := g.create(ctx, mailbox, parent); err != nil {
				return err
			}
		}
		in, err := g.folder(ctx, mailbox, parent)
		if err != nil {
			return err
		}
		path += "/" + url.PathEscape(in.id) + "/childFolders"
	}
	if err := creatable(leaf, '/'); err != nil { // a name means the same by every way
		return err
	}
	_, err := g.changeFolder(ctx, mailbox, "POST folder", http.MethodPost, path, map[string]string{"displayName": leaf})
	if errors.Is(err, ErrTaken) {
		err = nil
	}
	if err == nil {
		_, err = g.foldersOf(ctx, mailbox, true)
	}
	return err
}

// changeFolder makes one change of a folder; what was remembered of the folders is read anew by who asks next.
func (g *Graph) changeFolder(ctx context.Context, mailbox, op, method, path string, change map[string]string) (reply, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return reply{}, &Failure{Kind: ErrRefused, Op: op, Err: err}
	}
	r, err := g.send(ctx, mailbox, graphCall{op: op, method: method, path: path, kind: "application/json", body: body, changes: true})
	box := g.box(mailbox)
	box.mu.Lock()
	box.folders = nil
	box.mu.Unlock()
	var f *Failure
	if errors.As(err, &f) && strings.HasSuffix(f.Code, " ErrorFolderExists") {
		err = &Failure{Kind: ErrTaken, Op: op, Code: f.Code, Words: f.Words}
	}
	return r, err
}

// Rename gives a folder another name where it lies. ErrNoFolder: it is not there; ErrTaken: another one has
// the name.
func (g *Graph) Rename(ctx context.Context, mailbox string, f Folder, name string) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	folders, err := g.foldersOf(ctx, mailbox, true)
	if err != nil {
		return err
	}
	l, done, err := renaming("PATCH folder", asListed(folders), f, name)
	if err != nil || done {
		return err
	}
	return g.rename(ctx, mailbox, l, name)
}

func (g *Graph) rename(ctx context.Context, mailbox string, l listed, name string) error {
	r, err := g.changeFolder(ctx, mailbox, "PATCH folder", http.MethodPatch, "/mailFolders/"+url.PathEscape(l.id), map[string]string{"displayName": name})
	return only(http.StatusOK, "PATCH folder", r, err)
}

// Discard moves an empty folder into Deleted Items, as Outlook does: nothing is ever deleted with it.
// kept: there is something in it, and it stays. ErrNoFolder: it is not there.
func (g *Graph) Discard(ctx context.Context, mailbox string, f Folder) (kept bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	folders, err := g.foldersOf(ctx, mailbox, true)
	if err != nil {
		return false, err
	}
	l, trash, name, kept, err := discarding("POST move folder", asListed(folders), f, g.o.Now())
	if err != nil || kept {
		return kept, err
	}
	var now struct {
		Total *int `json:"totalItemCount"`
	}
	path := "/mailFolders/" + url.PathEscape(l.id)
	if err := g.read(ctx, mailbox, graphCall{op: "GET folder", path: path + query("$select", "id,totalItemCount")}, &now); err != nil {
		return false, err
	}
	if now.Total == nil || *now.Total > 0 {
		return true, nil
	}
	if name != l.leaf() {
		if err := g.rename(ctx, mailbox, l, name); err != nil {
			return false, err
		}
	}
	r, err := g.changeFolder(ctx, mailbox, "POST move folder", http.MethodPost, path+"/move", map[string]string{"destinationId": trash.id})
	return false, only(http.StatusCreated, "POST move folder", r, err)
}
