package sample

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Folder is where a message lies, by its role.
type Folder string

// The roles the sample uses.
const (
	Inbox   Folder = "inbox"
	Sent    Folder = "sent"
	Archive Folder = "archive"
	Trash   Folder = "trash"
)

// Placed is one message in one mailbox.
type Placed struct {
	Person                  Person
	Folder                  Folder
	At                      time.Time // received, or sent
	Seen, Flagged, Answered bool
	Categories              []string
	Octets                  []byte
}

// Mail is thirty days of the organisation's mail before now, oldest first.
func Mail(seed uint64, now time.Time) []Placed {
	r := rand.New(rand.NewPCG(seed, 2026))
	now = now.Truncate(time.Minute)
	var all []Placed
	for n, t := range append(script(), routine(r)...) {
		all = append(all, t.play(n, seed, now, r)...)
	}
	slices.SortStableFunc(all, func(a, b Placed) int { return a.At.Compare(b.At) })
	return all
}

// play writes the letters of a thread and puts them where they belong. What would lie in the future is left out.
func (t thread) play(n int, seed uint64, now time.Time, r *rand.Rand) (placed []Placed) {
	at := now.Add(-time.Duration(t.day * 24 * float64(time.Hour)))
	var ids []string
	var last letter
	for i, s := range t.steps {
		at = workday(at.Add(time.Duration(s.hours*float64(time.Hour)) + time.Duration(r.IntN(50))*time.Second))
		if at.After(now.Add(-10 * time.Minute)) {
			break
		}
		l := letter{step: s, subject: t.subject, at: at, id: t.id(n, i, seed, s), before: slices.Clone(ids)}
		if i > 0 {
			l.subject = "Re: " + t.subject
			l.quoted, l.quotedAt = last.text, last.at
			l.quotedBy, _ = last.sender()
			l.quotedBy, _, _ = strings.Cut(l.quotedBy, " <")
			markAnswered(placed, s.from)
		}
		placed = append(placed, l.place(now, r)...)
		ids = append(ids, l.id)
		last = l
	}
	return placed
}

// workday moves what would be written at night to the next morning. It never moves backwards.
func workday(at time.Time) time.Time {
	morning := time.Date(at.Year(), at.Month(), at.Day(), 7, at.Minute(), at.Second(), 0, at.Location())
	switch h := at.Hour(); {
	case h < 7:
		return morning
	case h >= 19:
		return morning.AddDate(0, 0, 1)
	}
	return at
}

func (t thread) id(n, i int, seed uint64, s step) string {
	domain := Domain
	if full, outside := who(s.from); outside {
		domain = strings.Trim(full[strings.LastIndexByte(full, '@')+1:], ">")
	}
	return fmt.Sprintf("<%s.%d@%s>", digest(fmt.Sprint(seed, n, t.subject))[:16], i+1, domain)
}

// markAnswered marks the newest message of the thread that the writer received.
func markAnswered(placed []Placed, local string) {
	for i := len(placed) - 1; i >= 0; i-- {
		if p := &placed[i]; p.Person.Local == local && p.Folder != Sent {
			p.Answered, p.Seen = true, true
			return
		}
	}
}

func (l letter) place(now time.Time, r *rand.Rand) (placed []Placed) {
	octets := l.write()
	for _, p := range People() {
		if p.Local == l.from {
			placed = append(placed, Placed{Person: p, Folder: Sent, At: l.at, Seen: true, Octets: octets})
			continue
		}
		if !l.reaches(p) {
			continue
		}
		one := Placed{Person: p, Folder: Inbox, At: l.at.Add(3 * time.Second), Seen: !l.unread, Flagged: l.flag, Octets: octets}
		if l.flag {
			one.Categories = []string{"Rote Kategorie"}
		}
		if age := now.Sub(l.at); age > 10*24*time.Hour && !l.flag {
			switch r.IntN(12) {
			case 0, 1, 2:
				one.Folder = Archive
			case 3:
				one.Folder = Trash
			}
		}
		placed = append(placed, one)
	}
	return placed
}

func (l letter) reaches(p Person) bool {
	for _, to := range append(slices.Clone(l.to), l.cc...) {
		if to == p.Local {
			return true
		}
		for _, g := range MailGroups() {
			if g.Local == to && slices.Contains(g.Members, p.Local) {
				return true
			}
		}
	}
	return false
}
