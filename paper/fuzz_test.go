package paper

import (
	"context"
	"errors"
	"testing"
	"time"
)

// FuzzSheet: whatever the octets, there is a sheet or one of our errors. `go test ./paper -fuzz FuzzSheet`.
func FuzzSheet(f *testing.F) {
	for _, c := range hostile() {
		if len(c.file) < 4000 {
			f.Add(c.file)
		}
	}
	f.Add(pages(said("a"), said("b")).file())
	p := press(f).with(func(o *Options) { o.CPU = 100 * time.Millisecond })
	_, _ = press(f).Sheet(context.Background(), nil, 1, 100) // compiles before the fuzzer's clock runs
	f.Fuzz(func(t *testing.T, file []byte) {
		sheet, err := p.Sheet(context.Background(), file, 1, 100)
		for _, ours := range []error{nil, ErrUnreadable, ErrLocked, ErrTooMuch} {
			if ours == nil && err == nil && len(sheet.Picture) > 0 && sheet.Count > 0 || ours != nil && errors.Is(err, ours) {
				return
			}
		}
		t.Errorf("%d pages, %d octets, %v", sheet.Count, len(sheet.Picture), err)
	})
}
