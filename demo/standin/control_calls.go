package standin

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

func readAll(r *http.Request) ([]byte, error) { return io.ReadAll(r.Body) }

func errNoMailbox(address string) error { return fmt.Errorf("no mailbox %s", address) }

func (c *control) addMailbox(r *http.Request) (any, error) {
	var m Mailbox
	if err := decode(r, &m); err != nil {
		return nil, err
	}
	return nil, c.store.AddMailbox(m)
}

func (c *control) changeMailbox(r *http.Request) (any, error) {
	q, address := r.URL.Query(), r.URL.Query().Get("mailbox")
	if _, ok := c.store.Resolve(address); !ok {
		return nil, missing{errNoMailbox(address)}
	}
	if q.Has("fate") {
		if err := c.store.SetFate(address, Fate(q.Get("fate"))); err != nil {
			return nil, err
		}
	}
	if q.Has("side") {
		if err := c.store.SetSide(address, Side(q.Get("side"))); err != nil {
			return nil, err
		}
	}
	if name := q.Get("renumber"); name != "" {
		return nil, c.store.Renumber(address, name)
	}
	if name := q.Get("rename"); name != "" {
		return nil, c.store.RenameFolder(address, name, q.Get("to"))
	}
	return nil, nil
}

func (c *control) messages(r *http.Request) (any, error) {
	boxes := []string{r.FormValue("mailbox")}
	if boxes[0] == "" {
		boxes = c.store.Mailboxes()
	}
	all := []Message{}
	for _, box := range boxes {
		if _, ok := c.store.Resolve(box); !ok {
			return nil, missing{errNoMailbox(box)}
		}
		all = append(all, c.store.Messages(box, r.FormValue("folder"))...)
	}
	return all, nil
}

func (c *control) addMessage(r *http.Request) (any, error) {
	q := r.URL.Query()
	octets, err := readAll(r)
	if err != nil {
		return nil, err
	}
	at := c.clock.Now()
	if text := q.Get("received"); text != "" {
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, err
		}
	}
	var flags []imap.Flag
	for _, flag := range strings.FieldsFunc(q.Get("flags"), func(r rune) bool { return r == ',' }) {
		flags = append(flags, imap.Flag(flag))
	}
	address, _ := c.store.Resolve(q.Get("mailbox"))
	uid, err := c.store.Put(address, q.Get("folder"), octets, at, flags...)
	return map[string]imap.UID{"uid": uid}, err
}

func (c *control) changeMessage(r *http.Request) (any, error) {
	q := r.URL.Query()
	octets, err := readAll(r)
	if err != nil {
		return nil, err
	}
	box, id := q.Get("mailbox"), q.Get("id")
	m, err := c.store.Change(box, id, func(p *Properties) error {
		for name, property := range map[string]*bool{"read": &p.Read, "flagged": &p.Flagged, "answered": &p.Answered} {
			if q.Has(name) {
				*property = q.Get(name) == "true"
			}
		}
		if q.Has("categories") {
			p.Categories = strings.FieldsFunc(q.Get("categories"), func(r rune) bool { return r == ',' })
		}
		return nil
	})
	if err == nil && len(octets) > 0 {
		m, err = c.store.Replace(box, m.ID, octets)
	}
	if err == nil && q.Has("folder") {
		m, err = c.store.Relocate(box, m.ID, q.Get("folder"))
	}
	return m, err
}

func (c *control) octets(r *http.Request) (any, error) {
	if id := r.FormValue("id"); id != "" {
		_, octets, err := c.store.Item(r.FormValue("mailbox"), id)
		if err != nil {
			return nil, missing{err}
		}
		return octets, nil
	}
	uid, err := strconv.ParseUint(r.FormValue("uid"), 10, 32)
	if err != nil {
		return nil, err
	}
	octets, err := c.store.Octets(r.FormValue("mailbox"), r.FormValue("folder"), imap.UID(uid))
	if err != nil {
		return nil, missing{err}
	}
	return octets, nil
}

func (c *control) addFault(r *http.Request) (any, error) {
	var rule Fault
	if err := decode(r, &rule); err != nil {
		return nil, err
	}
	if err := rule.Check(); err != nil {
		return nil, err
	}
	c.faults.Add(rule)
	return c.State(), nil
}

func (c *control) endFaults(r *http.Request) (any, error) {
	if name := r.FormValue("name"); name != "" {
		c.faults.End(name)
	} else {
		c.faults.Clear()
	}
	return c.State(), nil
}

func (c *control) setClock(r *http.Request) (any, error) {
	q := r.URL.Query()
	switch {
	case q.Has("advance"):
		d, err := time.ParseDuration(q.Get("advance"))
		if err != nil {
			return nil, err
		}
		c.clock.Advance(d)
	case q.Has("set"):
		at, err := time.Parse(time.RFC3339, q.Get("set"))
		if err != nil {
			return nil, err
		}
		c.clock.Set(at)
	case q.Get("stand") == "true":
		c.clock.Stand()
	case q.Get("stand") == "false":
		c.clock.Run()
	default:
		return nil, fmt.Errorf("say advance=, set= or stand=")
	}
	return c.State(), nil
}

func (c *control) work(r *http.Request) (any, error) {
	var w Work
	if err := decode(r, &w); err != nil {
		return nil, err
	}
	err := c.Work(w)
	return c.Deeds(), err
}

func (c *control) setConnector(r *http.Request) (any, error) {
	var one Connector
	if err := decode(r, &one); err != nil {
		return nil, err
	}
	c.SetConnector(one)
	return nil, nil
}

func (c *control) setWindow(r *http.Request) (any, error) {
	d, err := time.ParseDuration(r.FormValue("for"))
	if err == nil {
		c.store.SetWindow(d)
	}
	return nil, err
}

func (c *control) setLargest(r *http.Request) (any, error) {
	n, err := strconv.ParseInt(r.FormValue("octets"), 10, 64)
	if err == nil {
		c.largest.Store(n)
	}
	return nil, err
}
