package exchange

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Put is one message of AppendAll.
type Put struct {
	To   Folder
	Item Item
}

// Putting is what became of a Put: its place, or a *Failure.
type Putting struct {
	Place Place
	Err   error
}

// What may be on its way without an answer: a server that is slow to answer then holds back little,
// and little is in doubt when the connection breaks.
const (
	flyingMost   = 32
	flyingOctets = 2 << 20
)

// AppendAll puts messages into folders of one mailbox over one connection, in order. The next command
// follows before the answer to the last (RFC 9051, 5.5) where the server offers LITERAL+ (RFC 7888), as
// Exchange and Dovecot do: others are not trusted with it. The library still asks before
// each literal above 4 KiB. There are as many answers as puts. When the connection breaks, what was
// sent to its end without an answer is ErrDoubt; what was not begun, or cut short, is not there
// and is ErrUnreachable.
func (c *IMAP) AppendAll(ctx context.Context, mailbox string, puts []Put) []Putting {
	done := make([]Putting, len(puts))
	octets := make([][]byte, len(puts))
	for i, put := range puts {
		octets[i], done[i].Err = forAppend(put.Item)
	}
	answered := false
	err := c.call(ctx, mailbox, changeBudget, func(a *account) error {
		if err := a.leave(); err != nil {
			return err
		}
		answered = true
		f := &flight{a: a, done: done}
		for i, put := range puts {
			if done[i].Err == nil {
				f.send(c.o.Folders, i, put, octets[i])
			}
		}
		f.land(0, 0)
		return f.lost
	})
	if err == nil || answered && !errors.Is(err, errPanicked) {
		return done
	}
	for i := range done {
		if done[i].Err == nil {
			done[i] = Putting{Err: err} // no connection, or nobody knows how far it came
		}
	}
	return done
}

// flight is the APPENDs on their way.
type flight struct {
	a      *account
	done   []Putting
	flying []flying
	octets int
	lost   error // the connection is of no more use
}

type flying struct {
	i       int
	size    int
	command *imapclient.AppendCommand
}

func (f *flight) send(mapping map[Role]string, i int, put Put, octets []byte) {
	if f.lost != nil {
		f.done[i].Err = &Failure{Kind: ErrUnreachable, Op: "APPEND", Err: errNotBegun}
		return
	}
	folder, err := f.find(mapping, put.To)
	if err != nil {
		f.fail(i, err)
		return
	}
	f.done[i].Place.Folder = folder.name
	command, err := f.a.startAppend(folder.name, put.Item, octets)
	if err != nil {
		f.fail(i, err)
		return
	}
	f.flying, f.octets = append(f.flying, flying{i, len(octets), command}), f.octets+len(octets)
	if !f.a.client.Caps().Has(imap.CapLiteralPlus) {
		f.land(0, 0)
	}
	f.land(flyingMost, flyingOctets)
}

var errNotBegun = errors.New("the connection was lost before its turn")

// find resolves a folder. To read the list of folders the sky must be empty.
func (f *flight) find(mapping map[Role]string, to Folder) (listed, error) {
	if f.a.folders == nil {
		f.land(0, 0)
		if f.lost != nil {
			return listed{}, &Failure{Kind: ErrUnreachable, Op: "LIST", Err: errNotBegun}
		}
	}
	return f.a.find(mapping, to)
}

// land waits for answers until no more than so many messages and octets are on their way.
func (f *flight) land(messages, octets int) {
	for len(f.flying) > 0 && (len(f.flying) > messages || f.octets > octets) {
		first := f.flying[0]
		f.flying, f.octets = f.flying[1:], f.octets-first.size
		data, err := first.command.Wait()
		if err != nil {
			f.fail(first.i, answer("APPEND", err, true))
			continue
		}
		f.done[first.i].Place.Validity, f.done[first.i].Place.UID = data.UIDValidity, uint32(data.UID)
	}
}

func (f *flight) fail(i int, err error) {
	f.done[i] = Putting{Err: err}
	if f.lost == nil && !usable(err) {
		f.lost = err
	}
}
