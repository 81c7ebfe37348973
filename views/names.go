package views

import (
	"strings"

	"holdover/email"
)

// Names says who a message goes to or whom something concerns, in short.
func Names(w *Words, list []email.Address) string {
	var names []string
	for _, a := range list {
		if a.Name != "" {
			names = append(names, a.Name)
		} else {
			names = append(names, a.Addr)
		}
	}
	if len(names) > 3 {
		return w.T("sent.more", "People", strings.Join(names[:2], ", "), "N", w.Number(len(names)-2))
	}
	return strings.Join(names, ", ")
}
