package standin

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Extended properties by the names under which the store keeps them.
const (
	mapiFlags    = "Integer 0x0E07"
	mapiReceived = "SystemTime 0x0E06"
	mapiVerb     = "Integer 0x1081"
)

// createItem stores an item. What it is, read, unread or a draft, is decided here and now: without
// 0x0E07 it is a draft.
func (c *ewsCall) createItem(item *element) (string, *ewsError) {
	if c.body.attr("MessageDisposition") != "SaveOnly" {
		return "", &ewsError{code: "ErrorMessageDispositionRequired", words: "The MessageDisposition attribute is required to be SaveOnly here."}
	}
	octets, err := base64.StdEncoding.DecodeString(item.kid("t:MimeContent").value())
	if err != nil || len(octets) == 0 {
		return "", &ewsError{code: "ErrorMimeContentInvalidBase64String", words: "The MIME content was invalid."}
	}
	folder, problem := c.folderOf(c.body.kid("m:SavedItemFolderId"))
	if problem != nil {
		return "", problem
	}
	if c.store.Fate(c.mailbox, OnPremises) == Full {
		return "", &ewsError{code: "ErrorQuotaExceeded", words: "The mailbox is over its quota."}
	}
	p := Properties{Draft: true, Extended: map[string]string{}}
	if problem := c.setExtended(&p, item, true); problem != nil {
		return "", problem
	}
	p.Flagged = item.kid("t:Flag", "t:FlagStatus").value() == "Flagged"
	p.Categories = categoriesIn(item.kid("t:Categories"))
	m, err := c.Create("ews", c.mailbox, folder.ID, octets, p)
	if err != nil {
		return "", &ewsError{code: "ErrorInternalServerError", words: err.Error()}
	}
	return "<m:Items>" + ewsIdentity(m, "t:Message", "") + "</m:Items>", nil
}

// categoriesIn reads a list of names; nil has none.
func categoriesIn(list *element) (names []string) {
	for _, s := range list.all() {
		names = append(names, s.value())
	}
	return names
}

// setExtended takes over extended properties. After creation 0x0E07 is read and forgotten.
func (c *ewsCall) setExtended(p *Properties, in *element, creating bool) *ewsError {
	for _, e := range in.all() {
		if e.name != "t:ExtendedProperty" {
			continue
		}
		name, value := extendedName(e.kid("t:ExtendedFieldURI")), e.kid("t:Value").value()
		n, bad := strconv.Atoi(value)
		if strings.HasPrefix(name, "Integer ") && bad != nil {
			return &ewsError{code: "ErrorInvalidExtendedPropertyValue", words: "The extended property value is invalid."}
		}
		switch {
		case name == mapiFlags && creating:
			p.Read, p.Draft = n&1 != 0, n&8 != 0
		case name == mapiFlags:
		case name == mapiReceived:
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				return &ewsError{code: "ErrorInvalidExtendedPropertyValue", words: "The extended property value is invalid."}
			}
			p.Received = at
		case name == mapiVerb:
			p.Answered = n == 102 || n == 103
			p.Extended[name] = value
		default:
			p.Extended[name] = value
		}
	}
	return nil
}

// extendedName spells a property tag one way: EWS takes 0x0E07, 0xe07 and 3591.
func extendedName(uri *element) string {
	tag, err := strconv.ParseUint(uri.attr("PropertyTag"), 0, 16)
	if err != nil {
		return uri.attr("PropertyType") + " " + uri.attr("PropertyName")
	}
	return fmt.Sprintf("%s 0x%04X", uri.attr("PropertyType"), tag)
}

func changeKey(m Message) string { return fmt.Sprintf("CQAAABYAAAD%08X", m.Changes) }

// ewsIdentity is an item as answers show it: its id, and what was asked for beside it.
func ewsIdentity(m Message, name, more string) string {
	return fmt.Sprintf(`<%s><t:ItemId Id="%s" ChangeKey="%s"/>%s</%s>`, name, m.ItemID, changeKey(m), more, name)
}

func (c *ewsCall) getItem(id *element) (string, *ewsError) {
	m, octets, problem := c.itemOf(id)
	if problem != nil {
		return "", problem
	}
	fields, problem := c.fields(m, octets, 0)
	if problem != nil {
		return "", problem
	}
	return "<m:Items>" + ewsIdentity(m, "t:Message", fields) + "</m:Items>", nil
}

// itemOf knows an item by the id it has where it lies now: a move gives it another.
func (c *ewsCall) itemOf(id *element) (Message, []byte, *ewsError) {
	m, octets, err := c.store.Item(c.mailbox, id.attr("Id"))
	switch {
	case !strings.HasPrefix(id.attr("Id"), "AAMk"):
		return m, nil, &ewsError{code: "ErrorInvalidIdMalformed", words: "Id is malformed."}
	case err != nil || m.ItemID != id.attr("Id"):
		return m, nil, notFoundItem()
	}
	return m, octets, nil
}

func notFoundItem() *ewsError {
	return &ewsError{code: "ErrorItemNotFound", words: "The specified object was not found in the store., The process failed to get the correct properties."}
}

func (c *ewsCall) moveItem(id *element) (string, *ewsError) {
	folder, problem := c.folderOf(c.body.kid("m:ToFolderId"))
	if problem != nil {
		return "", problem
	}
	m, _, problem := c.itemOf(id)
	if problem != nil {
		return "", problem
	}
	if m, err := c.store.Relocate(c.mailbox, m.ItemID, folder.ID); err == nil {
		return "<m:Items>" + ewsIdentity(m, "t:Message", "") + "</m:Items>", nil
	}
	return "", notFoundItem()
}

func (c *ewsCall) deleteItem(id *element) (string, *ewsError) {
	m, _, problem := c.itemOf(id)
	if problem != nil {
		return "", problem
	}
	var err error
	if c.body.attr("DeleteType") == "HardDelete" {
		err = c.store.Erase(c.mailbox, m.ItemID)
	} else {
		_, err = c.store.Relocate(c.mailbox, m.ItemID, "deleteditems")
	}
	if err != nil {
		return "", notFoundItem()
	}
	return "", nil
}
