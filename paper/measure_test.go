package paper

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMeasure prints what looking at a file costs on this machine: HOLDOVER_MEASURE=1 go test ./paper -run Measure -v. Further files are
// named in HOLDOVER_PDF, separated by colons.
func TestMeasure(t *testing.T) {
	if os.Getenv("HOLDOVER_MEASURE") == "" {
		t.Skip("HOLDOVER_MEASURE=1 runs it")
	}
	files := map[string][]byte{}
	for _, n := range []int{1, 50, 500} {
		files[fmt.Sprintf("%d pages of text", n)] = long(n)
	}
	for _, name := range strings.FieldsFunc(os.Getenv("HOLDOVER_PDF"), func(r rune) bool { return r == ':' }) {
		octets, err := os.ReadFile(name)
		must(t, err)
		files[name] = octets
	}
	p := New(Options{})
	debug.FreeOSMemory()
	t.Logf("resident %d MiB before anybody looked", resident(t)>>20)
	cost(t, "cold: compiling and one small page", func() { _, _ = p.Sheet(context.Background(), pages(said("a")).file(), 1, 1240) })
	for name, file := range files {
		var sheet Sheet
		for range 3 {
			cost(t, fmt.Sprintf("warm: %s, %d KiB, page in the middle", name, len(file)>>10), func() {
				var err error
				first, err := p.Sheet(context.Background(), file, 1, 1240)
				must(t, err)
				sheet, err = p.Sheet(context.Background(), file, (first.Count+1)/2, 1240)
				must(t, err)
			})
		}
		t.Logf("  two pages each; page %d of %d: %s of %d KiB, %d letters; resident %d MiB", sheet.Number, sheet.Count, sheet.Type, len(sheet.Picture)>>10, len(sheet.Text), resident(t)>>20)
	}
	debug.FreeOSMemory()
	t.Logf("resident %d MiB while the code waits for the next one", resident(t)>>20)
	p.Close()
	debug.FreeOSMemory()
	t.Logf("resident %d MiB afterwards", resident(t)>>20)
}

func cost(t *testing.T, what string, do func()) {
	before, begin := processor(t), time.Now()
	do()
	t.Logf("%s: %d ms, processor time %d ms", what, time.Since(begin).Milliseconds(), (processor(t) - before).Milliseconds())
}

// processor is the processor time that this process has used.
func processor(t *testing.T) time.Duration {
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// long is a file of n pages of 60 lines.
func long(n int) []byte {
	var all []string
	for page := range n {
		text := "BT /F 1.4 Tf 10 92 Td 1.5 TL "
		for line := range 55 {
			text += fmt.Sprintf("(Seite %d, Zeile %d: Der Tieflader ist bestellt, die Genehmigung fehlt noch, und die Br\\374cke ist gesperrt.) Tj T* ", page+1, line+1)
		}
		all = append(all, text+"ET")
	}
	return pages(all...).file()
}
