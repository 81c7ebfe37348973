package standin

import "errors"

// updateItem changes an item. Whoever changes it must know its newest state.
func (c *ewsCall) updateItem(change *element) (string, *ewsError) {
	if c.body.attr("MessageDisposition") == "" {
		return "", &ewsError{code: "ErrorMessageDispositionRequired", words: "The MessageDisposition attribute is required for messages."}
	}
	id := change.kid("t:ItemId")
	m, _, problem := c.itemOf(id)
	resolution := c.body.attr("ConflictResolution")
	switch {
	case problem != nil:
		return "", problem
	case id.attr("ChangeKey") == "" && resolution != "AlwaysOverwrite":
		return "", &ewsError{code: "ErrorChangeKeyRequiredForWriteOperations", words: "A change key is required for this operation."}
	case id.attr("ChangeKey") != changeKey(m) && resolution != "AlwaysOverwrite":
		return "", &ewsError{code: "ErrorIrresolvableConflict", words: "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."}
	}
	m, err := c.store.Change(c.mailbox, m.ItemID, func(p *Properties) error {
		for _, u := range change.kid("t:Updates").all() {
			if problem := c.update(p, u); problem != nil {
				return problem
			}
		}
		return nil
	})
	if errors.As(err, &problem) {
		return "", problem
	}
	if err != nil {
		return "", notFoundItem()
	}
	return "<m:Items>" + ewsIdentity(m, "t:Message", "") + "</m:Items><m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>", nil
}

func (e *ewsError) Error() string { return e.code }

// update is one field; what it names and what it gives must be the same one.
func (c *ewsCall) update(p *Properties, u *element) *ewsError {
	path := u.kids[0]
	if p.Extended == nil {
		p.Extended = map[string]string{}
	}
	if u.name == "t:DeleteItemField" {
		if path.attr("FieldURI") == "item:Categories" {
			p.Categories = nil
			return nil
		}
		if path.name != "t:ExtendedFieldURI" {
			return &ewsError{code: "ErrorInvalidPropertyDelete", words: "The stand-in deletes extended properties and categories only."}
		}
		name := extendedName(path)
		if delete(p.Extended, name); name == mapiVerb {
			p.Answered = false
		}
		return nil
	}
	item := u.kid("t:Message")
	mismatch := &ewsError{code: "ErrorUpdatePropertyMismatch", words: "Property for update does not match property in object."}
	if item == nil || len(item.kids) != 1 {
		return mismatch
	}
	value := item.kids[0]
	switch {
	case path.name == "t:ExtendedFieldURI" && value.name == "t:ExtendedProperty" && extendedName(path) == extendedName(value.kid("t:ExtendedFieldURI")):
		return c.setExtended(p, item, false)
	case path.attr("FieldURI") == "message:IsRead" && value.name == "t:IsRead":
		p.Read = value.value() == "true"
	case path.attr("FieldURI") == "item:Flag" && value.name == "t:Flag":
		p.Flagged = value.kid("t:FlagStatus").value() == "Flagged"
	case path.attr("FieldURI") == "item:Categories" && value.name == "t:Categories" && len(value.kids) > 0: // none at all is a deletion
		if !c.strange("no-categories") {
			p.Categories = categoriesIn(value)
		}
	default:
		return mismatch
	}
	return nil
}
