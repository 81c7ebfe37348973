package mailstore

// replaceDraft lets a newer version of a draft take the place of the one in its row.
func (c *change) replaceDraft(n newMessage) error { panic("unbuilt") }
