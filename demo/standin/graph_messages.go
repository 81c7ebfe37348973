package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func (g *graphFace) listFolders(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "folders") {
		return
	}
	var all []map[string]any
	for _, f := range g.store.Folders(r.mailbox) {
		if !strings.Contains(f.Name, "/") {
			all = append(all, g.folderObject(r, f))
		}
	}
	g.page(w, r, all)
}

func (g *graphFace) listBelow(w http.ResponseWriter, r *graphRequest) {
	in, err := g.folderNamed(r.mailbox, r.PathValue("folder"))
	if err != nil {
		noSuch(w, err)
		return
	}
	all := []map[string]any{}
	for _, f := range g.store.Folders(r.mailbox) {
		if pathAbove(f.Name) == in.Name+"/" {
			all = append(all, g.folderObject(r, f))
		}
	}
	g.page(w, r, all)
}

func (g *graphFace) folderObject(r *graphRequest, f Folder) map[string]any {
	name, children := f.Name[len(pathAbove(f.Name)):], 0
	if f.WellKnown == "inbox" {
		name = "Posteingang"
	}
	for _, other := range g.store.Folders(r.mailbox) {
		if pathAbove(other.Name) == f.Name+"/" {
			children++
		}
	}
	return map[string]any{"id": f.ID, "displayName": name, "childFolderCount": children, "totalItemCount": f.Total, "unreadItemCount": f.Unread, "isHidden": false}
}

func (g *graphFace) getFolder(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "folders") {
		return
	}
	f, err := g.folderNamed(r.mailbox, r.PathValue("folder"))
	if err != nil {
		noSuch(w, err)
		return
	}
	g.object(w, r, http.StatusOK, g.folderObject(r, f))
}

// folderNamed takes ids and well-known names, never display names.
func (g *graphFace) folderNamed(mailbox, name string) (Folder, error) {
	for _, f := range g.store.Folders(mailbox) {
		if f.ID == name || f.WellKnown != "" && strings.EqualFold(f.WellKnown, name) {
			return f, nil
		}
	}
	return Folder{}, ErrNoPlace
}

func (g *graphFace) makeFolder(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "folders") {
		return
	}
	var asked struct {
		Name string `json:"displayName"`
	}
	if err := strictly(r.body, &asked); err != nil || strings.TrimSpace(asked.Name) == "" {
		graphError(w, http.StatusBadRequest, "ErrorInvalidRequest", "displayName is missing or not alone")
		return
	}
	name := asked.Name
	if parent := r.PathValue("folder"); parent != "" {
		in, err := g.folderNamed(r.mailbox, parent)
		if err != nil {
			noSuch(w, err)
			return
		}
		name = in.Name + "/" + name
	}
	f, err := g.store.MakeFolder(r.mailbox, name)
	if err != nil {
		noSuch(w, err)
		return
	}
	graphJSON(w, http.StatusCreated, g.folderObject(r, f))
}

func (g *graphFace) renameFolder(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "folders") {
		return
	}
	var asked struct {
		Name string `json:"displayName"`
	}
	if err := strictly(r.body, &asked); err != nil || strings.TrimSpace(asked.Name) == "" {
		graphError(w, http.StatusBadRequest, "ErrorInvalidRequest", "displayName is missing or not alone")
		return
	}
	f, err := g.folderNamed(r.mailbox, r.PathValue("folder"))
	if err != nil {
		noSuch(w, err)
		return
	}
	g.repath(w, r, f, pathAbove(f.Name)+asked.Name, http.StatusOK)
}

func (g *graphFace) moveFolder(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "folders") {
		return
	}
	var asked struct {
		To string `json:"destinationId"`
	}
	if err := strictly(r.body, &asked); err != nil {
		graphError(w, http.StatusBadRequest, "ErrorInvalidRequest", "destinationId is missing or not alone")
		return
	}
	f, err := g.folderNamed(r.mailbox, r.PathValue("folder"))
	to, other := g.folderNamed(r.mailbox, asked.To)
	if err != nil || other != nil {
		noSuch(w, ErrNoPlace)
		return
	}
	g.repath(w, r, f, to.Name+"/"+f.Name[len(pathAbove(f.Name)):], http.StatusCreated)
}

// repath gives a folder another path.
func (g *graphFace) repath(w http.ResponseWriter, r *graphRequest, f Folder, to string, status int) {
	if err := g.store.RenameFolder(r.mailbox, f.Name, to); err != nil {
		graphError(w, http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
		return
	}
	f.Name = to
	graphJSON(w, status, g.folderObject(r, f))
}

func (g *graphFace) listMessages(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "list") {
		return
	}
	folder := ""
	if name := r.PathValue("folder"); name != "" {
		f, err := g.folderNamed(r.mailbox, name)
		if err != nil {
			noSuch(w, err)
			return
		}
		folder = f.ID
	}
	pass, err := filtered(r.options["$filter"])
	if err != nil {
		graphError(w, http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", err.Error())
		return
	}
	items, err := g.store.Items(r.mailbox, folder)
	if err != nil {
		noSuch(w, err)
		return
	}
	items = slices.DeleteFunc(items, func(m Message) bool { return !pass(m) })
	slices.SortStableFunc(items, func(a, b Message) int { return b.Received.Compare(a.Received) }) // newest first, as Graph does
	var all []map[string]any
	for _, m := range items {
		object, err := g.messageObject(r, m, nil)
		if err != nil {
			graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
			return
		}
		all = append(all, object)
	}
	g.page(w, r, all)
}

// page answers a piece of a list, with the address of the next.
func (g *graphFace) page(w http.ResponseWriter, r *graphRequest, all []map[string]any) {
	top, skip, err := paging(r.options)
	if err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	answer := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata"}
	if r.options["$count"] == "true" {
		answer["@odata.count"] = len(all)
	}
	piece := []map[string]any{}
	for _, object := range all[min(skip, len(all)):min(skip+top, len(all))] {
		short, err := selected(object, r.options["$select"])
		if err != nil {
			graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
			return
		}
		piece = append(piece, short)
	}
	answer["value"] = piece
	if skip+top < len(all) {
		answer["@odata.nextLink"] = nextLink(r, skip+top)
	}
	graphJSON(w, http.StatusOK, answer)
}

func nextLink(r *graphRequest, skip int) string {
	next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
	if isTLS(r.Request) {
		next.Scheme = "https"
	}
	var parts []string
	for name, value := range r.options {
		if name != "$skip" {
			parts = append(parts, url.PathEscape(name)+"="+strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		}
	}
	slices.Sort(parts)
	next.RawQuery = strings.Join(append(parts, fmt.Sprintf("$skip=%d", skip)), "&")
	return next.String()
}

func (g *graphFace) object(w http.ResponseWriter, r *graphRequest, status int, object map[string]any) {
	short, err := selected(object, r.options["$select"])
	if err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	graphJSON(w, status, short)
}

func (g *graphFace) getMessage(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "get") {
		return
	}
	g.show(w, r, http.StatusOK)
}

// getMIME answers a message as MIME.
func (g *graphFace) getMIME(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "get") {
		return
	}
	_, octets, err := g.store.Item(r.mailbox, r.PathValue("id"))
	if err != nil {
		noSuch(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Write(octets)
}

// show answers the message that the path names.
func (g *graphFace) show(w http.ResponseWriter, r *graphRequest, status int) {
	m, octets, err := g.store.Item(r.mailbox, r.PathValue("id"))
	if err != nil {
		noSuch(w, err)
		return
	}
	g.showOne(w, r, status, m, octets)
}

func (g *graphFace) showOne(w http.ResponseWriter, r *graphRequest, status int, m Message, octets []byte) {
	object, err := g.messageObject(r, m, octets)
	if err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	g.object(w, r, status, object)
}

func (g *graphFace) listAttachments(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "attachments") {
		return
	}
	_, octets, err := g.store.Item(r.mailbox, r.PathValue("id"))
	if err != nil {
		noSuch(w, err)
		return
	}
	var all []map[string]any
	for i, a := range contentOf(octets).attachments {
		all = append(all, a.object(i))
	}
	g.page(w, r, all)
}

func (g *graphFace) delete(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "delete") {
		return
	}
	if err := g.store.Erase(r.mailbox, r.PathValue("id")); err != nil {
		noSuch(w, err)
		return
	}
	if !g.fails(w, r, "deleted") {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (g *graphFace) move(w http.ResponseWriter, r *graphRequest) {
	if g.fails(w, r, "move") {
		return
	}
	var asked struct {
		To string `json:"destinationId"`
	}
	if err := strictly(r.body, &asked); err != nil {
		graphError(w, http.StatusBadRequest, "BadRequest", "destinationId is missing or not alone")
		return
	}
	f, err := g.folderNamed(r.mailbox, asked.To)
	if err != nil {
		noSuch(w, err)
		return
	}
	m, err := g.store.Relocate(r.mailbox, r.PathValue("id"), f.ID)
	if err != nil {
		noSuch(w, err)
		return
	}
	if g.fails(w, r, "moved") {
		return
	}
	_, octets, _ := g.store.Item(r.mailbox, m.ID)
	g.showOne(w, r, http.StatusCreated, m, octets)
}
