package web

import (
	"holdover/email"
	"holdover/views"
)

// fateKinds say by what a report is headed, worst first.
var fateKinds = []struct{ action, key, class, icon string }{
	{"failed", "failed", "is-bad", "bounce"}, {"delayed", "delayed", "is-hold", "clock"},
	{"deleted", "deleted", "", "info"}, {"denied", "denied", "", "info"},
	{"delivered", "delivered", "is-good", "check"}, {"relayed", "relayed", "", "info"}, {"expanded", "delivered", "is-good", "check"},
	{"displayed", "displayed", "is-good", "check"}, {"dispatched", "dispatched", "", "info"}, {"processed", "dispatched", "", "info"},
}

// fate says in plain words who did not get a message and why, or who has read it.
func (r *reader) fate(m *email.Message) []views.Fate {
	report := m.Report()
	if report == nil {
		return nil
	}
	w := r.page.Words
	var all []views.Fate
	for _, kind := range fateKinds {
		view := views.Fate{Class: kind.class, Icon: kind.icon, Title: w.T("fate." + kind.key), Guessed: report.Guessed}
		for _, one := range report.Recipients {
			if one.Action != kind.action {
				continue
			}
			line := views.FateLine{Who: one.Addr, Words: one.Words, Server: one.Remote}
			if one.Action == "failed" || one.Action == "delayed" {
				line.Why = email.ExplainStatus(one.Status, one.Words, w.Lang)
			}
			view.Lines = append(view.Lines, line)
		}
		if n := len(view.Lines); n > 0 {
			view.What = w.N("fate.what."+kind.key, n)
			if report.Subject != "" && len(all) == 0 {
				view.About = w.T("fate.about", "Subject", report.Subject)
			}
			all = append(all, view)
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Technical = report.Technical
	}
	return all
}
