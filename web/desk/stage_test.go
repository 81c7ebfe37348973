package desk_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/static"
	"holdover/syncback"
	"holdover/web"
	"holdover/web/webtest"
)

// Who asks; the office of webtest has both.
const admin, employee = "anna@holdover.example", "katrin@holdover.example"

const testToken = "an-administrators-token-of-the-test"

// stage is the whole of the pages over real rooms, with a ledger and a gatekeeper that the test sets.
type stage struct {
	webtest.Stage
	told *webtest.Told
	gate *webtest.Gate
}

func newStage(t *testing.T, change ...func(*web.Options)) *stage {
	t.Helper()
	return openStage(t, false, change...)
}

// heldStage is the desk over events that wait for their release.
func heldStage(t *testing.T) *stage {
	t.Helper()
	return openStage(t, true)
}

func openStage(t *testing.T, held bool, change ...func(*web.Options)) *stage {
	t.Helper()
	rooms := webtest.Open(t, webtest.Office, held)
	st := &stage{Stage: webtest.Stage{Rooms: rooms}, gate: &webtest.Gate{},
		told: &webtest.Told{Ways: []syncback.Carried{{Way: "SMTP", Journalled: true, Messages: 300}, {Way: "IMAP", Messages: 12}}}}
	o := web.Options{Mail: rooms.Mail, Directory: rooms.People, Signin: &webtest.Door{Rooms: rooms}, Events: rooms.Events, Syncback: st.told, Gate: st.gate,
		Releases: rooms.Events, Organisation: web.Organisation{Name: "Stadtwerke Ahrenfeld"}, Host: "mail.holdover.example", MaxUpload: 1 << 20,
		AdminToken: testToken, Unlimited: true, Zone: webtest.Germany, Now: rooms.Clock.Now}
	for _, f := range change {
		f(&o)
	}
	pages, err := web.New(o)
	if errors.Is(err, static.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	webtest.Must(t, err)
	st.Pages = pages
	return st
}

// begin starts an event.
func (st *stage) begin(k continuity.Kind, s continuity.Scope) continuity.Event {
	st.T.Helper()
	e, err := st.Events.Start(st.T.Context(), continuity.Start{Kind: k, Scope: s, Reason: "Ticket 7", By: "Anna Admin"})
	webtest.Must(st.T, err)
	return e
}

// end ends it.
func (st *stage) end(e continuity.Event) continuity.Event {
	st.T.Helper()
	e, err := st.Events.End(st.T.Context(), e.ID, "Anna Admin", "wieder da")
	webtest.Must(st.T, err)
	return e
}

// ended is an outage that is over.
func (st *stage) ended() continuity.Event {
	st.T.Helper()
	return st.end(st.begin(continuity.Outage, continuity.Scope{All: true}))
}

// store is one of which the test sets what it has to say to the desk.
type store struct {
	web.Mail
	alarms []mailstore.Alarm
	full   error
	rows   []mailstore.SubmissionRow
}

func (s *store) Alarms() []mailstore.Alarm { return s.alarms }
func (s *store) SpaceLeft(int64) error     { return s.full }
func (s *store) Submissions(context.Context, email.MailboxID, int) ([]mailstore.SubmissionRow, error) {
	return s.rows, nil
}
