package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// graphFolder is one folder of a mailbox.
type graphFolder struct {
	id   string
	name string // path of display names, "/" between them; the inbox is INBOX, as over IMAP
	role Role
}

// wellKnown are Graph's own names, which hold whatever the mailbox's language.
func wellKnown(r Role) string {
	return map[Role]string{Inbox: "inbox", Drafts: "drafts", Sent: "sentitems", Archive: "archive", Trash: "deleteditems", Junk: "junkemail"}[r]
}

const (
	graphMostFolders = 10_000
	graphMostDepth   = 50
)

// foldersOf lists the mailbox's folders; what was read before is good enough unless anew is asked for.
func (g *Graph) foldersOf(ctx context.Context, mailbox string, anew bool) ([]graphFolder, error) {
	box := g.box(mailbox)
	box.mu.Lock()
	folders := box.folders
	box.mu.Unlock()
	if folders != nil && !anew {
		return folders, nil
	}
	roles, err := g.roles(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	if folders, err = g.walk(ctx, mailbox, "/mailFolders", "", roles, 0, nil); err != nil {
		return nil, err
	}
	for _, role := range []Role{Sent, Drafts, Trash, Junk, Archive} {
		assignMapped(folders, role, g.o.Folders[role])
	}
	box.mu.Lock()
	box.folders = folders
	box.mu.Unlock()
	return folders, nil
}

// roles asks for the well-known folders; a mailbox may lack some, e.g. the archive folder.
func (g *Graph) roles(ctx context.Context, mailbox string) (map[string]Role, error) {
	roles := map[string]Role{}
	for _, role := range []Role{Inbox, Drafts, Sent, Archive, Trash, Junk} {
		var f graphFolderJSON
		err := g.read(ctx, mailbox, graphCall{op: "GET folder", path: "/mailFolders/" + wellKnown(role) + query("$select", "id")}, &f)
		switch {
		case errors.Is(err, ErrNoFolder), errors.Is(err, ErrGone):
		case err != nil:
			return nil, err
		case goodID(f.ID):
			roles[f.ID] = role
		}
	}
	return roles, nil
}

type graphFolderJSON struct {
	ID       string `json:"id"`
	Name     string `json:"displayName"`
	Children int    `json:"childFolderCount"`
}

// walk reads a level of folders and those below.
func (g *Graph) walk(ctx context.Context, mailbox, path, above string, roles map[string]Role, depth int, all []graphFolder) ([]graphFolder, error) {
	if depth > graphMostDepth {
		return nil, rubbish("GET folders", "folders within folders without an end")
	}
	level, err := readPages[graphFolderJSON](ctx, g, mailbox, "GET folders", path+query("$select", "id,displayName,childFolderCount", "$top", "100"), graphMostFolders)
	if err != nil {
		return nil, err
	}
	for _, f := range level.items {
		if !goodID(f.ID) || f.Name == "" || len(f.Name) > 1000 {
			continue
		}
		one := graphFolder{id: f.ID, name: above + f.Name, role: roles[f.ID]}
		if one.role == Inbox {
			one.name = "INBOX"
		}
		if all = append(all, one); len(all) > graphMostFolders {
			return nil, rubbish("GET folders", "more folders than any mailbox has")
		}
		if f.Children > 0 {
			if all, err = g.walk(ctx, mailbox, "/mailFolders/"+url.PathEscape(f.ID)+"/childFolders", one.name+"/", roles, depth+1, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// assignMapped gives a role to the folder that the administrator named, unless Exchange has its own.
func assignMapped(folders []graphFolder, role Role, mapped string) {
	for _, f := range folders {
		if f.role == role {
			return
		}
	}
	for i, f := range folders {
		if mapped != "" && f.role == "" && strings.EqualFold(f.name, mapped) {
			folders[i].role = role
			return
		}
	}
}

// folder resolves a folder; a name that is not known is looked for anew before ErrNoFolder.
func (g *Graph) folder(ctx context.Context, mailbox string, want Folder) (graphFolder, error) {
	for _, anew := range []bool{false, true} {
		folders, err := g.foldersOf(ctx, mailbox, anew)
		if err != nil {
			return graphFolder{}, err
		}
		for _, f := range folders {
			if want.Role != "" && f.role == want.Role || want.Role == "" && strings.EqualFold(f.name, want.Name) {
				return f, nil
			}
		}
	}
	return graphFolder{}, noFolder("GET folders", want)
}

// Create makes a folder of the mailbox; one that exists already is success.
func (g *Graph) Create(ctx context.Context, mailbox, name string) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	if _, err := g.folder(ctx, mailbox, Folder{Name: name}); err == nil || !errors.Is(err, ErrNoFolder) {
		return err
	}
	if err := creatable(name, '/'); err != nil { // by IMAP it would be two folders: a name means the same by every way
		return err
	}
	body, err := json.Marshal(map[string]string{"displayName": name})
	if err != nil {
		return &Failure{Kind: ErrRefused, Op: "POST folder", Err: err}
	}
	_, err = g.send(ctx, mailbox, graphCall{op: "POST folder", method: http.MethodPost, path: "/mailFolders", kind: "application/json", body: body, changes: true})
	var f *Failure
	if errors.As(err, &f) && strings.HasSuffix(f.Code, " ErrorFolderExists") {
		err = nil
	}
	if err == nil {
		_, err = g.foldersOf(ctx, mailbox, true)
	}
	return err
}
