package views

// legal lists what the foot of public pages and the account menu lead to. A link of the organisation's own
// opens beside the page, so that nothing typed is lost.
type legal struct{ words, url, icon string }

func (p Page) legal() (all []legal) {
	if p.Org.Imprint != "" {
		all = append(all, legal{"public.imprint", p.Org.Imprint, "info"})
	}
	if p.Org.Privacy != "" {
		all = append(all, legal{"public.privacy", p.Org.Privacy, "lock"})
	}
	return append(all, legal{"public.accessible", p.accessible(), "access"})
}

// accessible is the organisation's own accessibility statement, or ours.
func (p Page) accessible() string {
	if p.Org.Accessible != "" {
		return p.Org.Accessible
	}
	return "/accessibility"
}

func (l legal) outside() bool { return len(l.url) > 0 && l.url[0] != '/' }

// statement are the numbered texts of a list on the accessibility statement.
func (p Page) statement(list string, n int) (texts []string) {
	for i := range n {
		texts = append(texts, p.Words.T("public."+list+string(rune('1'+i))))
	}
	return texts
}
