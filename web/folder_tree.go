package web

import (
	"slices"

	"holdover/mailstore"
	"holdover/views"
)

// withMade adds the folders made by hand to those that every mailbox has: each behind the one in which it
// lies, by name, with how deep it lies and its path.
func withMade(w *views.Words, b box, usual []views.Folder, all []mailstore.Folder) []views.Folder {
	known := map[mailstore.FolderID]bool{}
	for _, f := range all {
		known[f.ID] = true
	}
	below := map[mailstore.FolderID][]mailstore.Folder{}
	for _, f := range all { // by name already
		if slices.ContainsFunc(roles, func(r roleIcon) bool { return r.id == f.ID }) {
			continue
		}
		parent := f.Parent
		if !known[parent] {
			parent = ""
		}
		below[parent] = append(below[parent], f)
	}
	var list []views.Folder
	var add func(parent mailstore.FolderID, path string, depth int, within bool)
	add = func(parent mailstore.FolderID, path string, depth int, within bool) {
		for _, f := range below[parent] {
			list = append(list, views.Folder{ID: string(f.ID), Name: f.Name, Path: path + f.Name, Depth: depth, Within: within, Base: b.base, URL: b.folder(f.ID), Icon: "folder",
				Count: f.Unread, CountWord: w.T("folder.unreadword"), Total: f.Total, Full: f.Total > 0 || len(below[f.ID]) > 0})
			add(f.ID, path+f.Name+" / ", depth+1, within)
		}
	}
	for _, f := range usual {
		f.Path = f.Name
		list = append(list, f)
		add(mailstore.FolderID(f.ID), f.Name+" / ", 1, true)
	}
	add("", "", 0, false)
	return list
}

// parents are the folders in which one can be made.
func parents(folders []views.Folder) (list []views.Folder) {
	for _, f := range folders {
		switch mailstore.FolderID(f.ID) {
		case mailstore.Drafts, mailstore.Sent, mailstore.Trash, mailstore.Junk:
		default:
			list = append(list, f)
		}
	}
	return list
}
