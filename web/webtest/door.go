package webtest

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"holdover/signin"
)

// Door stands for the sign-in room: the cookie "who" says who is signed in, "ended" whose session has
// ended, "speaks" which language was chosen.
type Door struct {
	Rooms   *Rooms
	Minutes atomic.Int64 // for which a session lasts; 0: 30
	Spent   atomic.Bool  // ended sessions have saved as much as they may

	saved atomic.Int64 // when an ended session last saved something, Unix milliseconds
}

type (
	personKey struct{}
	lapseKey  struct{}
)

// Load reads the cookies.
func (d *Door) Load(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := d.named(r, "who")
		if cookie, err := r.Cookie("speaks"); err == nil {
			p.Language = cookie.Value
		}
		ctx := context.WithValue(r.Context(), personKey{}, p)
		if ended := d.named(r, "ended"); ended.Mailbox != "" && p.Mailbox == "" {
			l := signin.Lapse{Person: ended}
			if at := d.saved.Load(); at > 0 {
				l.Saved = time.UnixMilli(at)
			}
			ctx = context.WithValue(ctx, lapseKey{}, l)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// named is whom a cookie names.
func (d *Door) named(r *http.Request, name string) signin.Person {
	cookie, err := r.Cookie(name)
	if err != nil {
		return signin.Person{}
	}
	target, err := d.Rooms.People.Resolve(cookie.Value)
	if err != nil {
		return signin.Person{}
	}
	m := target.Mailboxes[0]
	return signin.Person{Mailbox: m.ID, Name: m.Name, Address: m.Address, Admin: m.Admin, Language: m.Language}
}

func (d *Door) Of(ctx context.Context) (signin.Person, bool) {
	p, _ := ctx.Value(personKey{}).(signin.Person)
	return p, p.Mailbox != ""
}

func (d *Door) Lapsed(ctx context.Context) (signin.Lapse, bool, error) {
	l, ok := ctx.Value(lapseKey{}).(signin.Lapse)
	return l, ok, nil
}

func (d *Door) Spend(context.Context, signin.Lapse, int64) error {
	if d.Spent.Load() {
		return signin.ErrSpent
	}
	d.saved.Store(d.Rooms.Clock.Now().UnixMilli())
	return nil
}

func (d *Door) Ends(context.Context) (at, atMost time.Time, err error) {
	now := d.Rooms.Clock.Now()
	return now.Add(time.Duration(cmp.Or(d.Minutes.Load(), 30)) * time.Minute), now.Add(12 * time.Hour), nil
}

func (d *Door) Begin(_ context.Context, back string) (string, error) {
	return "https://idp.example/authorize?back=" + url.QueryEscape(back), nil
}

func (d *Door) Finish(_ context.Context, query map[string][]string) (string, error) {
	if query["code"] == nil {
		return "", signin.ErrStale
	}
	return "/mail/sent", nil
}

func (d *Door) Out(context.Context) error                   { return nil }
func (d *Door) Prefer(_ context.Context, key, value string) {}
