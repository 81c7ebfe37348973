package standin

import (
	"fmt"
	"slices"
	"time"
)

// Scenario is a misfortune that can be switched on by hand, with one sentence saying what it plays.
type Scenario struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Sentence string `json:"sentence"`
	InForce  bool   `json:"in_force"`
	rules    []Fault
	begin    func(*Exchange) error
	end      func(*Exchange) error
}

// scenarios are those that there are; the points of HTTP faces are named in the faces' own files.
func scenarios() []Scenario {
	return []Scenario{
		{Name: "throttle", Title: "Throttle", Sentence: "Exchange asks every second caller to slow down: 451 4.7.500 by SMTP, \u201cRequest is throttled\u201d by IMAP, ErrorServerBusy by EWS, 429 by Graph.",
			rules: []Fault{
				{Face: "smtp", Point: "mail", Do: "reply", Code: 451, Text: "4.7.500 Server busy. Please try again later from [127.0.0.1]. (S77714)", Percent: 50},
				{Face: "imap", Point: "select", Do: "reply", Text: throttled(3 * time.Second), Percent: 50},
				{Face: "imap", Point: "append", Do: "reply", Text: throttled(3 * time.Second), Percent: 50},
				{Face: "ews", Point: "CreateItem", Do: "reply", Code: 500, Text: "ErrorServerBusy 3000", Percent: 50},
				{Face: "ews", Point: "FindItem", Do: "reply", Code: 200, Text: "ErrorInternalServerError ErrorServerBusy 3000", Percent: 50},
				{Face: "graph", Point: "request", Do: "reply", Code: 429, Delay: 3 * time.Second, Text: "ApplicationThrottled: Application is over its request limit.", Percent: 50},
			}},
		{Name: "busy", Title: "Back pressure", Sentence: "Exchange is short of resources: it thinks about each MAIL for 10 to 55 seconds, and every third time answers 452 4.3.1.",
			rules: []Fault{
				{Face: "smtp", Point: "mail", Do: "reply", Code: 452, Text: "4.3.1 Insufficient system resources", Percent: 33},
				{Face: "smtp", Point: "mail", Do: "delay", Delay: 10 * time.Second, UpTo: 55 * time.Second},
			}},
		{Name: "lost-answer", Title: "Lose the answer", Sentence: "One call in five is carried out and its answer lost: the connection breaks after the message was stored.",
			rules: []Fault{
				{Face: "smtp", Point: "after", Do: "drop", Percent: 20, Seed: 1},
				{Face: "imap", Point: "appended", Do: "drop", Percent: 20, Seed: 2},
				{Face: "imap", Point: "moved", Do: "drop", Percent: 20, Seed: 3},
				{Face: "ews", Point: "CreateItem done", Do: "drop", Percent: 10, Seed: 4},
				{Face: "ews", Point: "CreateItem done", Do: "reply", Text: "ErrorTimeoutExpired", Percent: 10, Seed: 5},
				{Face: "ews", Point: "MoveItem done", Do: "drop", Percent: 20, Seed: 6},
				{Face: "graph", Point: "created", Do: "reply", Code: 504, Text: "UnknownError: gateway timeout", Percent: 20, Seed: 4},
				{Face: "graph", Point: "moved", Do: "drop", Percent: 20, Seed: 5},
			}},
		{Name: "half-gone", Title: "Half the mailboxes are gone", Sentence: "The database of every second mailbox is down: nobody can open it, and mail for it waits in Exchange's own queues.",
			begin: func(e *Exchange) error { return e.everySecond(Unavailable) },
			end:   func(e *Exchange) error { return e.everySecond(Well) }},
		{Name: "imap-down", Title: "IMAP down, rest up", Sentence: "Only IMAP refuses connections, as for six days in January 2026; everything else works.",
			begin: func(e *Exchange) error { e.Cut("imap"); return nil },
			end:   func(e *Exchange) error { return e.Restore("imap") }},
		{Name: "ews-off", Title: "EWS off", Sentence: "Every call of EWS is refused with 403, as Exchange Online does since October 2026.",
			rules: []Fault{{Face: "ews", Point: "call", Do: "reply", Code: 403}}},
		{Name: "lossy", Title: "Accept and lose 1 %", Sentence: "Exchange says yes to everything, and one message in a hundred is never seen again.",
			rules: []Fault{{Point: "keep", Do: "lose", Percent: 1}}},
		{Name: "late", Title: "Late arrival", Sentence: "Mail is accepted now and shows in the mailbox only 1 to 45 minutes later, by the stand-in's clock.",
			rules: []Fault{{Face: "smtp", Point: "keep", Do: "late", Delay: time.Minute, UpTo: 45 * time.Minute}}},
		{Name: "junk", Title: "Into Junk", Sentence: "A filter in Exchange puts every tenth message into the junk folder.",
			rules: []Fault{{Face: "smtp", Point: "keep", Do: "junk", Percent: 10}}},
		{Name: "users", Title: "Users at work", Sentence: "People use Outlook meanwhile: every two seconds somebody reads, flags, files or deletes a message.",
			begin: func(e *Exchange) error { return e.Work(Work{Every: 2 * time.Second}) },
			end:   func(e *Exchange) error { e.Rest(); return nil }},
		{Name: "clock", Title: "Clock 5 minutes off", Sentence: "Exchange's clock is five minutes ahead of everybody else's.",
			begin: func(e *Exchange) error { e.clock.Advance(5 * time.Minute); return nil },
			end:   func(e *Exchange) error { e.clock.Advance(-5 * time.Minute); return nil }},
	}
}

func throttled(wait time.Duration) string {
	return fmt.Sprintf("BAD Request is throttled. Suggested Backoff Time: %d milliseconds", wait.Milliseconds())
}

func (e *Exchange) everySecond(fate Fate) error {
	for i, box := range e.store.Mailboxes() {
		if i%2 == 0 {
			continue
		}
		if err := e.store.SetFate(box, fate); err != nil {
			return err
		}
	}
	return nil
}

// Scenarios answers those that there are, and which are in force.
func (e *Exchange) Scenarios() []Scenario {
	e.stage.Lock()
	defer e.stage.Unlock()
	all := scenarios()
	for i := range all {
		all[i].InForce = slices.Contains(e.playing, all[i].Name)
	}
	return all
}

// Play puts a scenario in force, or ends it.
func (e *Exchange) Play(name string, on bool) error {
	e.stage.Lock()
	defer e.stage.Unlock()
	i := slices.IndexFunc(scenarios(), func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("no scenario %q", name)
	}
	s := scenarios()[i]
	if slices.Contains(e.playing, name) == on {
		return nil
	}
	if on {
		e.playing = append(e.playing, name)
		for _, rule := range s.rules {
			rule.Name = name
			e.faults.Add(rule)
		}
		if s.begin != nil {
			return s.begin(e)
		}
		return nil
	}
	e.playing = slices.DeleteFunc(e.playing, func(p string) bool { return p == name })
	e.faults.End(name)
	if s.end != nil {
		return s.end(e)
	}
	return nil
}

// Normal ends every scenario, rule and fate, plugs all faces in, sets the clock right and lets
// arrive what was late. What was lost stays lost.
func (e *Exchange) Normal() error {
	e.stage.Lock()
	e.playing = nil
	e.stage.Unlock()
	e.faults.Clear()
	e.Rest()
	for _, box := range e.store.Mailboxes() {
		if err := e.store.SetFate(box, Well); err != nil {
			return err
		}
	}
	e.clock.Run()
	e.clock.Set(e.options.Now())
	e.store.hurry()
	return e.Restore()
}
