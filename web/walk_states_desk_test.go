package web

// deskCalmStates are the desk's pages before anything has happened.
var deskCalmStates = []state{
	{name: "desk-calm", who: jens, path: "/desk"},
	{name: "desk-start", who: jens, path: "/desk/events/new", then: opened},
	{name: "desk-start-faults", who: jens, status: 422, do: submit("/desk/events/new", "/desk/events", "kind", "outage", "scope", "mailboxes", "mailboxes", "niemand@ahrenfeld.example")},
	{name: "desk-exchange", who: jens, path: "/desk/exchange"},
	{name: "desk-exchange-look", who: jens, path: "/desk/exchange?look=1"},
	{name: "desk-exchange-faults", who: jens, status: 422, do: submit("/desk/exchange", "/desk/exchange", "switch", "stopped", "on", "1")},
	{name: "desk-refills", who: jens, path: "/desk/refills"},
	{name: "desk-refills-faults", who: jens, status: 422, do: submit("/desk/refills", "/desk/refills", "scope", "mailboxes", "mailboxes", "niemand@ahrenfeld.example", "from", "gestern")},
	{name: "desk-refill", who: jens, path: "/desk/refills/r1"},
	{name: "desk-archive", who: jens, path: "/desk/archive"},
}

// deskStates are the desk in an outage.
var deskStates = []state{
	{name: "desk", who: jens, path: "/desk"},
	{name: "event", who: jens, at: event(""), then: opened},
	{name: "desk-start-again", who: jens, path: "/desk/events/new", calm: true},
	{name: "entries", who: jens, at: event("/entries?what=messages&state=parked")},
	{name: "entries-none", who: jens, at: event("/entries?what=messages&state=trying"), calm: true},
	{name: "dry-run", who: jens, at: event("/dry-run")},
	{name: "desk-lost", who: jens, path: "/desk/events/lost", status: 404, calm: true},
}

// openingStates are between the end of an event and its release.
var openingStates = []state{
	{name: "event-opening", who: jens, at: event("")},
	{name: "release", who: jens, at: event("/release")},
	{name: "release-faults", who: jens, status: 422, do: func(w *walk) {
		at := event("/release")(w)
		submit(at, at, "button", "without", "reason", " ")(w)
	}},
	{name: "signin-opening", path: "/", calm: true},
}

// drainingStates are those while Exchange is being told.
var drainingStates = []state{
	{name: "inbox-return", who: katrin, path: "/mail/inbox"},
	{name: "event-draining", who: jens, at: event(""), then: opened},
	{name: "desk-draining", who: jens, path: "/desk"},
	{name: "report", who: jens, at: event("/report")},
	{name: "receipts-return", who: katrin, path: "/receipts"},
}

// doneStates are those when Exchange has it all.
var doneStates = []state{
	{name: "inbox-returned", who: katrin, path: "/mail/inbox"},
	{name: "receipts-done", who: katrin, path: "/receipts", calm: true},
	{name: "event-done", who: jens, at: event("")},
	{name: "report-done", who: jens, at: event("/report")},
	{name: "desk-done", who: jens, path: "/desk"},
}

// lockdownStates are a lockdown.
var lockdownStates = []state{
	{name: "band-lockdown", who: katrin, path: "/mail/archive", then: menus("#band-more")},
	{name: "event-lockdown", who: jens, at: event("")},
}
