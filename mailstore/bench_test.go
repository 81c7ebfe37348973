package mailstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"holdover/email"
)

// BenchmarkLargeMailbox fills one mailbox with 100,000 messages of 2 KB by way of a rebuild (reported as
// messages/s), opens the store (open-ms) and reads its first page (the operation that is timed).
func BenchmarkLargeMailbox(b *testing.B) {
	const messages = 100_000
	h := newHouse(b, "sqlite:"+b.TempDir()+"/mail.db")
	h.bad = true
	dir := filepath.Join(h.dir, mailboxDir(anna), "cur")
	text := bytes.Repeat([]byte("Sehr geehrte Damen und Herren, anbei das Angebot.\r\n"), 36)
	for i := range messages {
		root := i / 3 * 3
		id := NewID()
		at := h.clock.Now().Add(-time.Duration(messages-i) * 20 * time.Second)
		block := Block{ID: id, Origin: FromExchange, From: "a@x.example", To: []string{"anna@holdover.example"}, At: at}
		octets := append(block.octets(), mail(fmt.Sprint("m", i, "@x.example"), fmt.Sprint("Angebot ", root), fmt.Sprint("m", root, "@x.example"))...)
		must(b, os.WriteFile(filepath.Join(dir, h.baseName(at, id, 0)+":2,S"), append(octets, text...), 0o600))
	}
	began, used := time.Now(), processCPU(b)
	added, err := h.Rebuild(context.Background(), nil)
	must(b, err)
	rate := float64(added) / time.Since(began).Seconds()
	rebuilding := processCPU(b) - used
	h.crash()
	began, used = time.Now(), processCPU(b)
	h.crash()
	opening := processCPU(b) - used
	open := time.Since(began)
	same(b, "messages", h.counts(anna, Inbox), fmt.Sprintf("0/%d", messages))
	cpu := processCPU(b)
	b.ResetTimer()
	for range b.N {
		rows, _, err := h.Threads(context.Background(), anna, Inbox, Before{}, 50)
		must(b, err)
		same(b, "rows", len(rows), 50)
	}
	b.ReportMetric((processCPU(b)-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(rate, "rebuilt/s")
	b.ReportMetric(opening.Seconds()*1000, "open-cpu-ms")
	b.ReportMetric(rebuilding.Seconds()*1e6/messages, "rebuild-cpu-µs/message")
	b.ReportMetric(float64(open.Milliseconds()), "open-ms")
}

func BenchmarkChange(b *testing.B) {
	h := newHouse(b, "sqlite:"+b.TempDir()+"/mail.db")
	h.bad = true
	id := h.deliver(mail("a@x.example", "Angebot"), anna)
	b.ResetTimer()
	for i := range b.N {
		seen := i%2 == 0
		must(b, h.SetFlags(context.Background(), FromPortal, anna, []email.MessageID{id}, FlagChange{Seen: &seen}))
	}
}

// processCPU is the processor time that this process has used: on a busy machine it says more than
// the clock on the wall.
func processCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
