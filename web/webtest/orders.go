package webtest

import (
	"context"
	"time"

	"holdover/archive"
	"holdover/email"
	"holdover/syncback"
)

// Refills is one refill, which a test moves on.
type Refills struct {
	Whole bool // the look finds that nothing is missing
	Wish  syncback.RefillWish
	State syncback.RefillState
	Said  []string
}

func (d *Refills) StartRefill(_ context.Context, w syncback.RefillWish) (string, error) {
	d.Wish, d.State = w, syncback.RefillLooked
	return "r1", nil
}

func (d *Refills) FillRefill(_ context.Context, id, by string) error {
	if d.State != syncback.RefillLooked {
		return syncback.ErrRefillState
	}
	d.State, d.Said = syncback.RefillFilled, append(d.Said, "fill "+id+" "+by)
	return nil
}

func (d *Refills) CancelRefill(_ context.Context, id, by string) error {
	d.State, d.Said = syncback.RefillCancelled, append(d.Said, "cancel "+id+" "+by)
	return nil
}

func (d *Refills) Refills(ctx context.Context, _ int) ([]syncback.Refill, error) {
	if d.State == "" {
		return nil, nil
	}
	r, err := d.Refill(ctx, "r1")
	return []syncback.Refill{r}, err
}

func (d *Refills) Refill(_ context.Context, id string) (r syncback.Refill, err error) {
	if id != "r1" || d.State == "" {
		return r, syncback.ErrNoRefill
	}
	r = syncback.Refill{ID: id, Begun: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), RefillWish: d.Wish, State: d.State,
		RefillCounts: syncback.RefillCounts{Held: 1200, There: 900, Missing: 280, Deleted: 15, Unknown: 5}}
	for _, m := range d.Wish.Mailboxes {
		r.Boxes = append(r.Boxes, syncback.RefillBox{Mailbox: m, Done: true, RefillCounts: syncback.RefillCounts{Held: 600, There: 450, Missing: 140}})
	}
	if d.Whole {
		r.There, r.Missing = r.There+r.Missing, 0
	}
	if d.State == syncback.RefillFilled {
		r.Back = syncback.Counts{Total: 280, Verified: 180, Waiting: 100}
	}
	return r, nil
}

// Reports is an archive whose account a test sets.
type Reports struct {
	Counts  archive.Counts
	Waiting []archive.Line
	Said    []string
}

func (r *Reports) Address() (string, archive.When) { return "journal@archiv.example", archive.OnReturn }
func (r *Reports) Account(context.Context, time.Time, func(email.MailboxID) bool) (archive.Counts, error) {
	return r.Counts, nil
}
func (r *Reports) Open(context.Context, int) ([]archive.Line, error) { return r.Waiting, nil }
func (r *Reports) decide(what, id, by string) error {
	if len(r.Waiting) == 0 || r.Waiting[0].ID != id {
		return archive.ErrNotOpen
	}
	r.Said = append(r.Said, what+" "+id+" "+by)
	return nil
}
func (r *Reports) Again(_ context.Context, id, by string) error { return r.decide("again", id, by) }
func (r *Reports) There(_ context.Context, id, by string) error { return r.decide("there", id, by) }
