package standin

import (
	"fmt"
	"strings"
	"time"
)

func notFoundFolder() *ewsError {
	return &ewsError{code: "ErrorFolderNotFound", words: "The specified folder could not be found in the store."}
}

// root is the folder below which people's folders lie. It has an id and holds no items.
func (c *ewsCall) root() Folder {
	return Folder{ID: "AAMkstandinroot", Name: "Oberste Ebene des Informationsspeichers"}
}

// folderOf is the folder that an element names by its only child.
func (c *ewsCall) folderOf(e *element) (Folder, *ewsError) { return c.oneFolder(e.kids[0]) }

// oneFolder finds a folder by id or by its distinguished name. Archive has none: "archive" is no
// word of this schema.
func (c *ewsCall) oneFolder(id *element) (Folder, *ewsError) {
	if id.attr("Id") == "msgfolderroot" && id.name == "t:DistinguishedFolderId" || id.attr("Id") == c.root().ID {
		return c.root(), nil
	}
	for _, f := range c.store.Folders(c.mailbox) {
		if id.name == "t:DistinguishedFolderId" && f.WellKnown == id.attr("Id") || id.name == "t:FolderId" && f.ID == id.attr("Id") {
			return f, nil
		}
	}
	return Folder{}, notFoundFolder()
}

func (c *ewsCall) getFolder(id *element) (string, *ewsError) {
	f, problem := c.oneFolder(id)
	if problem != nil {
		return "", problem
	}
	return "<m:Folders>" + c.shown(f) + "</m:Folders>", nil
}

// shown is a folder with what the shape asks for, in the schema's order.
func (c *ewsCall) shown(f Folder) string {
	parent, name := c.above(f)
	b := new(strings.Builder)
	fmt.Fprintf(b, `<t:Folder><t:FolderId Id="%s" ChangeKey="AQAAAA=="/>`, f.ID)
	asked := c.body.kid("m:FolderShape", "t:AdditionalProperties").all()
	changed := time.Unix(int64(f.Next), 0).UTC().Format(time.RFC3339) // moves on with each arrival, as the true one does
	for _, field := range []struct{ uri, xml string }{
		{"folder:ParentFolderId", fmt.Sprintf(`<t:ParentFolderId Id="%s" ChangeKey="AQAAAA=="/>`, parent)},
		{"folder:FolderClass", "<t:FolderClass>IPF.Note</t:FolderClass>"},
		{"folder:DisplayName", "<t:DisplayName>" + escaped(name) + "</t:DisplayName>"},
		{"folder:TotalCount", fmt.Sprintf("<t:TotalCount>%d</t:TotalCount>", f.Total)},
		{"SystemTime 0x670A", fmt.Sprintf(`<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x670a" PropertyType="SystemTime"/><t:Value>%s</t:Value></t:ExtendedProperty>`, changed)},
		{"folder:UnreadCount", fmt.Sprintf("<t:UnreadCount>%d</t:UnreadCount>", f.Unread)},
	} {
		for _, path := range asked {
			if path.attr("FieldURI") == field.uri || path.name == "t:ExtendedFieldURI" && extendedName(path) == field.uri {
				b.WriteString(field.xml)
			}
		}
	}
	return b.String() + "</t:Folder>"
}

// above answers the id of the folder's parent and its own name: IMAP shows "Parent/Child".
func (c *ewsCall) above(f Folder) (parent, name string) {
	if i := strings.LastIndex(f.Name, "/"); i > 0 {
		for _, other := range c.store.Folders(c.mailbox) {
			if strings.EqualFold(other.Name, f.Name[:i]) {
				return other.ID, f.Name[i+1:]
			}
		}
	}
	if f.Name == Inbox {
		return c.root().ID, "Posteingang"
	}
	return c.root().ID, f.Name
}

// findFolder lists the folders below the root, mail and others.
func (c *ewsCall) findFolder(parent *element) (string, *ewsError) {
	root, problem := c.oneFolder(parent)
	if problem != nil || root.ID != c.root().ID || c.body.attr("Traversal") != "Deep" {
		return "", &ewsError{code: "ErrorInvalidRequest", words: "The stand-in lists all folders below msgfolderroot only."}
	}
	var all []string
	for _, f := range c.store.Folders(c.mailbox) {
		all = append(all, c.shown(f))
	}
	all = append(all, `<t:CalendarFolder><t:FolderId Id="AAMkstandincalendar" ChangeKey="AQAAAA=="/>`+
		fmt.Sprintf(`<t:ParentFolderId Id="%s" ChangeKey="AQAAAA=="/><t:DisplayName>Kalender</t:DisplayName></t:CalendarFolder>`, root.ID))
	from, to := c.page("m:IndexedPageFolderView", len(all))
	return fmt.Sprintf(`<m:RootFolder IndexedPagingOffset="%d" TotalItemsInView="%d" IncludesLastItemInRange="%t"><t:Folders>%s</t:Folders></m:RootFolder>`,
		to, len(all), to == len(all), strings.Join(all[from:to], "")), nil
}

func (c *ewsCall) createFolder(folder *element) (string, *ewsError) {
	parent, problem := c.folderOf(c.body.kid("m:ParentFolderId"))
	if problem != nil {
		return "", &ewsError{code: "ErrorParentFolderNotFound", words: "The parent folder was not found."}
	}
	name := folder.kid("t:DisplayName").value()
	if parent.ID != c.root().ID {
		name = parent.Name + "/" + name
	}
	f, err := c.store.MakeFolder(c.mailbox, name)
	if err != nil {
		return "", &ewsError{code: "ErrorFolderExists", words: "A folder with the specified name already exists."}
	}
	return "<m:Folders>" + c.shown(f) + "</m:Folders>", nil
}

// updateFolder knows one change: another display name.
func (c *ewsCall) updateFolder(change *element) (string, *ewsError) {
	f, problem := c.oneFolder(change.kids[0])
	if problem != nil {
		return "", problem
	}
	field := change.kid("t:Updates", "t:SetFolderField")
	if field == nil || field.kid("t:FieldURI").attr("FieldURI") != "folder:DisplayName" {
		return "", &ewsError{code: "ErrorInvalidRequest", words: "The stand-in changes display names only."}
	}
	if err := c.store.RenameFolder(c.mailbox, f.Name, pathAbove(f.Name)+field.kid("t:Folder", "t:DisplayName").value()); err != nil {
		return "", &ewsError{code: "ErrorFolderExists", words: "A folder with the specified name already exists."}
	}
	return "<m:Folders>" + c.shown(f) + "</m:Folders>", nil
}

// deleteFolder moves a folder into Deleted Items; other ways of deleting one are not needed here.
func (c *ewsCall) deleteFolder(id *element) (string, *ewsError) {
	f, problem := c.oneFolder(id)
	if problem != nil {
		return "", problem
	}
	if f.WellKnown != "" || c.body.attr("DeleteType") != "MoveToDeletedItems" {
		return "", &ewsError{code: "ErrorDeleteDistinguishedFolder", words: "The folder cannot be deleted so."}
	}
	if err := c.store.RenameFolder(c.mailbox, f.Name, Deleted+"/"+f.Name[len(pathAbove(f.Name)):]); err != nil {
		return "", &ewsError{code: "ErrorFolderExists", words: "A folder with the specified name already exists."}
	}
	return "", nil
}

// pathAbove is the path of the folder in which one lies, with the separator behind it, or "".
func pathAbove(name string) string { return name[:strings.LastIndex(name, "/")+1] }
