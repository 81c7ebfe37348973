package syncback

import (
	"context"

	"holdover/exchange"
	"holdover/syncback/traffic"
)

// appender is a connector that puts several messages into folders of one mailbox in one go. Each
// has its own answer; where the connection was lost, what had none is in doubt.
type appender interface {
	AppendAll(ctx context.Context, mailbox string, puts []exchange.Put) []exchange.Putting
}

// putOctets is how much one go holds in memory.
const putOctets = 8 << 20

// put tells rows that put messages into folders over one way.
func (b *batch) put(ctx context.Context, w *traffic.Way, rows []row) {
	all, ok := w.Mail.(appender)
	if !ok || len(rows) < 2 {
		b.each(ctx, rows)
		return
	}
	var going []row
	var puts []exchange.Put
	size := 0
	for _, r := range rows {
		if !b.may(ctx, r) {
			continue
		}
		put, err := b.s.copyOf(ctx, r)
		if err != nil {
			b.judge(ctx, r, told{}, err)
			continue
		}
		going, puts, size = append(going, r), append(puts, put), size+len(put.Item.Octets)
		if size > putOctets {
			b.putAll(ctx, w, all, going, puts)
			going, puts, size = nil, nil, 0
		}
	}
	b.putAll(ctx, w, all, going, puts)
}

// putAll makes one call for several rows.
func (b *batch) putAll(ctx context.Context, w *traffic.Way, all appender, rows []row, puts []exchange.Put) {
	if len(rows) == 0 {
		return
	}
	answers, err := b.s.tellCopies(ctx, all, rows[0], puts)
	for i, r := range rows {
		if err != nil {
			b.judge(ctx, r, told{}, err)
		} else {
			place := w.Placed(answers[i].Place)
			b.judge(ctx, r, told{place: place, words: "appended", octets: len(puts[i].Item.Octets)}, answers[i].Err)
		}
	}
}

// tellCopies makes one call for several rows of one claim; any is one of them.
func (s *Syncback) tellCopies(ctx context.Context, all appender, any row, puts []exchange.Put) ([]exchange.Putting, error) {
	address, err := s.address(any.mailbox)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := s.within(ctx, any)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return all.AppendAll(ctx, address, puts), nil
}
