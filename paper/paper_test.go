package paper

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// shared compiles once for all tests, which costs seconds.
var shared = sync.OnceValue(func() *Press { return New(Options{Idle: time.Hour, Wait: 5 * time.Minute, Queue: 100}) })

// press is a Press with PDFium; without it a runner fails and anybody else is told.
func press(t testing.TB) *Press {
	t.Helper()
	if packed() == nil {
		if os.Getenv("CI") != "" {
			t.Fatal(ErrMissing)
		}
		t.Skip(ErrMissing)
	}
	return shared()
}

func TestSheetsOfAFile(t *testing.T) {
	p, file := press(t), pages(said("first \\(1\\)"), said("Gr\\374\\337e"), said("third")).file()
	for n, want := range []string{"first (1)", "Grüße", "third"} {
		sheet, err := p.Sheet(context.Background(), file, n+1, 100)
		must(t, err)
		if sheet.Number != n+1 || sheet.Count != 3 || sheet.More || sheet.Width != 200 || sheet.Height != 100 || sheet.Text != want {
			t.Errorf("page %d: %d of %d, %v by %v: %q", n+1, sheet.Number, sheet.Count, sheet.Width, sheet.Height, sheet.Text)
		}
	}
	for _, n := range []int{-1, 0, 4, 1 << 40} {
		if _, err := p.Sheet(context.Background(), file, n, 100); !errors.Is(err, ErrNoSheet) {
			t.Errorf("page %d: %v", n, err)
		}
	}
}

func TestPictureHasWhatThePageShows(t *testing.T) {
	p, file := press(t), pages("1 0 0 rg 0 50 100 50 re f 0 g "+said("black"), "").file()
	sheet, err := p.Sheet(context.Background(), file, 1, 400)
	must(t, err)
	shown, format, err := image.Decode(bytes.NewReader(sheet.Picture))
	must(t, err)
	if sheet.Type != "image/png" || format != "png" || shown.Bounds() != image.Rect(0, 0, 400, 200) {
		t.Errorf("%s, %s, %v", sheet.Type, format, shown.Bounds())
	}
	for at, want := range map[image.Point]string{{X: 10, Y: 10}: "[65535 0 0 65535]", {X: 390, Y: 10}: "[65535 65535 65535 65535]"} {
		r, g, b, a := shown.At(at.X, at.Y).RGBA()
		if got := fmt.Sprint([]uint32{r, g, b, a}); got != want {
			t.Errorf("at %v: %s, want %s", at, got, want)
		}
	}
	dark := 0
	for x := range 200 {
		if r, _, _, _ := shown.At(x, 115).RGBA(); r < 0x4000 {
			dark++
		}
	}
	if dark == 0 {
		t.Error("no letters are drawn")
	}
}

// A page of many colours is a JPEG: as PNG it would be ten times as large.
func TestPhotographsAreJPEG(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var dots strings.Builder
	for range 600 {
		fmt.Fprintf(&dots, "%.2f %.2f %.2f rg %d %d 9 9 re f ", random.Float64(), random.Float64(), random.Float64(), random.IntN(200), random.IntN(100))
	}
	sheet, err := press(t).Sheet(context.Background(), pages(dots.String()).file(), 1, 300)
	must(t, err)
	if _, format, err := image.Decode(bytes.NewReader(sheet.Picture)); sheet.Type != "image/jpeg" || format != "jpeg" {
		t.Error(sheet.Type, format, err)
	}
}

// What somebody filled into a form is part of the page.
func TestFilledFormIsDrawn(t *testing.T) {
	o := pages("")
	field := fmt.Sprintf("<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (x) /F 4 /Rect [0 0 200 100] /P 4 0 R /AP << /N %d 0 R >> >>", len(o)+2)
	look := stream("/Type /XObject /Subtype /Form /BBox [0 0 200 100]", "0 0 1 rg 0 0 200 100 re f")
	o = append(o, field, look)
	o[0] = fmt.Sprintf("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>", len(o)-1)
	o[3] = strings.Replace(o[3], "/Contents", fmt.Sprintf("/Annots [%d 0 R] /Contents", len(o)-1), 1)
	sheet, err := press(t).Sheet(context.Background(), o.file(), 1, 100)
	must(t, err)
	shown, _, err := image.Decode(bytes.NewReader(sheet.Picture))
	must(t, err)
	if r, _, b, _ := shown.At(50, 25).RGBA(); r > 0x1000 || b < 0xf000 {
		t.Errorf("the field is not drawn: %v", shown.At(50, 25))
	}
}

func TestNobodyWaitsForEver(t *testing.T) {
	p := New(Options{Slots: 1, Queue: 1, Wait: time.Millisecond, Module: []byte{}})
	p.slots <- struct{}{}
	if _, err := p.Sheet(context.Background(), nil, 1, 100); !errors.Is(err, ErrBusy) {
		t.Errorf("after the wait: %v", err)
	}
	p.queue <- struct{}{}
	if _, err := p.Sheet(context.Background(), nil, 1, 100); !errors.Is(err, ErrBusy) {
		t.Errorf("a full queue: %v", err)
	}
	<-p.queue
	p.options.Wait = time.Hour
	gone, leave := context.WithCancel(context.Background())
	leave()
	if _, err := p.Sheet(gone, nil, 1, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("somebody who left: %v", err)
	}
	<-p.slots
	if _, err := p.Sheet(context.Background(), nil, 1, 100); !errors.Is(err, ErrMissing) {
		t.Errorf("without PDFium: %v", err)
	}
}

// The code is compiled for whoever comes first, kept, and given back when nobody comes any more.
func TestCodeIsGivenBack(t *testing.T) {
	e := &engine{packed: gzipped("\x00asm\x01\x00\x00\x00"), memory: pageSize, idle: time.Hour} // the smallest module there is
	var first, second *module
	var all sync.WaitGroup
	for _, m := range []**module{&first, &second} {
		all.Go(func() {
			var err error
			if *m, err = e.take(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if first == nil || first != second || e.made != 1 {
		t.Errorf("compiled %d times", e.made)
	}
	e.give()
	if e.close(); e.module == nil {
		t.Error("the code was taken away from one who uses it")
	}
	e.idle = time.Nanosecond
	e.give()
	rested := func() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.module == nil }
	for end := time.Now().Add(time.Minute); !rested(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the code was not given back")
		}
	}
	if _, err := e.take(context.Background()); err != nil || e.made != 2 {
		t.Errorf("again: %v, compiled %d times", err, e.made)
	}
}

func TestWhatDoesNotCompileSaysSo(t *testing.T) {
	for _, broken := range [][]byte{[]byte("no gzip"), gzipped("no WebAssembly")} {
		if _, err := New(Options{Module: broken}).Sheet(context.Background(), nil, 1, 100); !errors.Is(err, ErrNoEngine) {
			t.Error(err)
		}
	}
}

func gzipped(code string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(code))
	_ = w.Close()
	return packed.Bytes()
}
