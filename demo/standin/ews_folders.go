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
	if _, problem := c.folderOf(c.body.kid("m:ParentFolderId")); problem != nil {
		return "", &ewsError{code: "ErrorParentFolderNotFound", words: "The parent folder was not found."}
	}
	f, err := c.store.MakeFolder(c.mailbox, folder.kid("t:DisplayName").value())
	if err != nil {
		return "", &ewsError{code: "ErrorFolderExists", words: "A folder with the specified name already exists."}
	}
	return "<m:Folders>" + c.shown(f) + "</m:Folders>", nil
}
