package exchange

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// graphFolder is one folder of a mailbox.
type graphFolder struct {
	id   string
	name string // path of display names, "/" between them; the inbox is INBOX, as over IMAP
	role Role

	below Role // of the folder in which it lies
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
	all := asListed(folders)
	placed(all)
	for i := range folders {
		folders[i].below = all[i].below
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
		if l, ok := pick(asListed(folders), want); ok {
			return graphFolder{id: l.id, name: l.name, role: l.role}, nil
		}
	}
	return graphFolder{}, noFolder("GET folders", want)
}

// asListed are the folders as the other ways list them.
func asListed(folders []graphFolder) []listed {
	all := make([]listed, len(folders))
	for i, f := range folders {
		all[i] = listed{name: f.name, role: f.role, delim: '/', id: f.id}
	}
	return all
}
