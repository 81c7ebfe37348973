package mta

import (
	"bytes"
	"time"

	"golang.org/x/sync/semaphore"
)

// body collects one message. Once something is wrong with it (fault), further octets are counted
// and dropped, so that the session stays in step and the answer comes where the client expects it.
type body struct {
	octets []byte
	fault  error // the answer, if the message cannot be taken
	seen   int64 // octets that came, kept or not

	max    int64
	budget *semaphore.Weighted
	held   int64 // what this body takes of the budget
}

func (b *body) add(p []byte) {
	b.seen += int64(len(p))
	if b.fault != nil {
		return
	}
	if int64(len(b.octets)+len(p)) > b.max {
		b.fail(refuse(552, 5, 3, 4, "the message is larger than this server takes"))
		return
	}
	if len(b.octets)+len(p) > cap(b.octets) && !b.grow(len(p)) {
		b.fail(errCrowded())
		return
	}
	b.octets = append(b.octets, p...)
}

// grow makes room within the budget of all bodies in flight.
func (b *body) grow(more int) bool {
	want := int64(max(2*cap(b.octets), len(b.octets)+more, 16<<10))
	want = min(want, max(b.max, int64(len(b.octets)+more)))
	if !b.hold(want) {
		return false
	}
	b.octets = append(make([]byte, 0, want), b.octets...)
	return true
}

// hold makes n octets of the budget this body's.
func (b *body) hold(n int64) bool {
	if !b.budget.TryAcquire(max(0, n-b.held)) {
		return false
	}
	b.held = max(n, b.held)
	return true
}

// normalise makes the line ends CRLF; the copy is counted.
func (b *body) normalise() {
	if b.fault != nil || firstBare(b.octets) < 0 {
		return
	}
	if !b.hold(int64(cap(b.octets) + normalSize(b.octets))) {
		b.fail(errCrowded())
		return
	}
	b.octets = Normalise(b.octets)
}

func (b *body) fail(err error) {
	b.fault = err
	b.release()
}

// release gives the octets up; it may be called twice.
func (b *body) release() {
	b.octets = nil
	b.budget.Release(b.held)
	b.held = 0
}

func errCrowded() error { return refuse(452, 4, 3, 1, "too much mail at once, try later") }

// dots finds the end of DATA and takes off the dots that the client stuffed (RFC 5321, 4.5.2). Only
// CRLF.CRLF ends the data, also right after the DATA command; nothing else is changed, so the octets
// are those on the wire. It may be fed in pieces of any size.
type dots struct{ state dotState }

type dotState int

const (
	lineStart  dotState = iota // after CRLF, or nothing read yet
	afterDot                   // the first dot of a line, held back
	afterDotCR                 // dot and CR, held back
	inText
	afterCR
)

// feed moves octets into the body and says how many it used, and whether the end was among them.
func (d *dots) feed(b *body, p []byte) (used int, end bool) {
	i := 0
	for i < len(p) {
		switch d.state {
		case lineStart:
			d.state = inText
			if p[i] == '.' {
				d.state = afterDot
				i++
			}
		case afterDot: // the dot is gone, whatever follows
			d.state = inText
			if p[i] == '\r' {
				d.state = afterDotCR
				i++
			}
		case afterDotCR:
			if p[i] == '\n' {
				d.state = lineStart
				return i + 1, true
			}
			b.add([]byte{'\r'})
			d.state = inText
		case inText:
			n := bytes.IndexByte(p[i:], '\r') + 1
			if n == 0 {
				n = len(p) - i
			} else {
				d.state = afterCR
			}
			b.add(p[i : i+n])
			i += n
		case afterCR:
			d.state = inText
			if p[i] == '\n' {
				b.add(p[i : i+1])
				d.state = lineStart
				i++
			}
		}
	}
	return i, false
}

// readBody collects the message that DATA announced; one that came by BDAT is already there.
func (w *wire) readBody() error {
	if w.state.chunks == allChunks {
		return nil
	}
	w.letter = w.in.newBody()
	var d dots
	for began := time.Now(); ; {
		used, end := d.feed(w.letter, w.buf[w.r:w.w])
		w.r += used
		if end {
			return nil
		}
		if err := w.more(w.letter, began); err != nil {
			return err
		}
	}
}

// readChunk moves the size octets of one BDAT into b. A connection that breaks before the last of
// them has sent no message, whatever it called the chunk.
func (w *wire) readChunk(size int64, b *body) error {
	for began := time.Now(); ; {
		n := min(size, int64(w.w-w.r))
		b.add(w.buf[w.r : w.r+int(n)])
		w.r += int(n)
		if size -= n; size == 0 {
			return nil
		}
		if err := w.more(b, began); err != nil {
			return err
		}
	}
}

// more waits for octets of a body. The time grows with what came, so that a trickle ends soon.
func (w *wire) more(b *body, began time.Time) error {
	w.r, w.w = 0, 0
	if b.seen > 4*w.in.o.MaxSize+16<<20 {
		return w.hangUp("552 5.3.4 far too much, closing")
	}
	earned := time.Duration(b.seen) * time.Second / leastBodyRate
	return w.fill(began.Add(w.in.o.Idle + earned))
}

// takeLetter hands the whole message to the session, which releases it.
func (w *wire) takeLetter() *body {
	b := w.letter
	w.letter = nil
	return b
}

func (w *wire) dropLetter() {
	if w.letter != nil {
		w.letter.release()
		w.letter = nil
	}
}
