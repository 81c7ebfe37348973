package paper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are files made to do harm; ok says which answers are right, nil meaning a sheet and a picture.
func hostile() map[string]struct {
	file []byte
	ok   []error
} {
	plain := pages(said("a"))
	sized := func(box string) []byte {
		o := pages(said("a") + " 0 0 50 50 re f")
		o[3] = strings.Replace(o[3], "[0 0 200 100]", box, 1)
		return o.file()
	}
	with := func(n int, body string) []byte {
		o := append(objects(nil), plain...)
		o[n-1] = body
		return o.file()
	}
	resource := func(o objects, names string) objects {
		o[3] = strings.Replace(o[3], "/Resources <<", "/Resources << "+names, 1)
		return o
	}
	far := strings.Repeat("0 0 m 200 100 l S ", 100)
	fine, unreadable, locked, much := []error{nil}, []error{ErrUnreadable}, []error{ErrLocked}, []error{nil, ErrTooMuch, ErrUnreadable}
	anything := []error{nil, ErrUnreadable, ErrTooMuch}
	return map[string]struct {
		file []byte
		ok   []error
	}{
		"nothing":                {nil, unreadable},
		"no PDF":                 {[]byte("<html><script>alert(1)</script>"), unreadable},
		"head only":              {[]byte("%PDF-1.7\n"), unreadable},
		"no pages":               {with(2, "<< /Type /Pages /Kids [] /Count 0 >>"), unreadable},
		"pages that are none":    {with(2, "<< /Type /Pages /Kids [9 0 R 9 0 R] /Count 2000000000 >>"), unreadable},
		"a page of its parents":  {with(2, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"), anything},
		"broken table":           {bytes.Replace(plain.file(), []byte("\nxref\n"), []byte("\nxxxx\n"), 1), fine},
		"table at itself":        {bytes.Replace(plain.file(), []byte("/Root"), []byte("/Prev 9 /Root"), 1), anything},
		"cut in the middle":      {plain.file()[:len(plain.file())*2/3], anything},
		"page as wide as Asia":   {sized("[0 0 1e9 1e9]"), anything},
		"a hair":                 {sized("[0 0 0.0001 14400]"), anything},
		"a page of no size":      {sized("[0 0 0 0]"), anything},
		"a page of no number":    {sized("[0 0 1e400 -1e400]"), anything},
		"a page turned over":     {sized("[200 100 0 0]"), anything},
		"much in little":         {with(5, deflated("", strings.Repeat(" ", 64<<20))), much},
		"packed eight times":     {with(5, bomb()), much},
		"a picture of 4 Gpixels": {picture(resource(pages("200 0 0 100 0 0 cm /I Do"), "/XObject << /I 6 0 R >>"), 65500, 65500).file(), much},
		"form that draws itself": {append(resource(pages("/X Do"), "/XObject << /X 6 0 R >>"), stream("/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /XObject << /X 6 0 R >> >>", "/X Do /X Do")).file(), anything},
		"forms that double":      {doubling().file(), much},
		"pattern of small tiles": {append(resource(pages("/Pattern cs /P scn 0 0 200 100 re f"), "/Pattern << /P 6 0 R >>"), stream("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.0001 /YStep 0.0001 /Resources << >>", far)).file(), anything},
		"shading by program":     {shading().file(), much},
		"brackets in brackets":   {with(1, "<< /Type /Catalog /Pages 2 0 R /X "+strings.Repeat("[", 50_000)+strings.Repeat("]", 50_000)+" >>"), anything},
		"states in states":       {with(5, stream("", strings.Repeat("q ", 100_000)+said("a"))), anything},
		"a million lines":        {with(5, stream("", strings.Repeat(far, 2_000))), anything},
		"dashes without end":     {with(5, stream("", "[0.00001 0.00001] 0 d 0 0 m 200 100 l S")), anything},
		"encrypted":              {encrypted(plain), locked},
		"lock of no kind":        {bytes.Replace(plain.file(), []byte("/Root"), []byte("/Encrypt << /Filter /Own /V 99 >> /Root"), 1), locked},
		"script":                 {with(1, "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while(true){}) >> >>"), fine},
		"asks for a page":        {with(1, "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI (http://127.0.0.1:1/) >> >>"), fine},
		"stream of its length":   {with(5, "<< /Length 5 0 R >>\nstream\n"+said("a")+"\nendstream"), anything},
	}
}

// bomb is a stream that is packed in itself: a few kilobytes that become 32 MB.
func bomb() string {
	inner := deflated("", strings.Repeat("q Q ", 8<<20))
	_, content, _ := strings.Cut(inner, "stream\n")
	return deflated("/Filter [/FlateDecode /FlateDecode] /X", strings.TrimSuffix(content, "\nendstream"))
}

func picture(o objects, width, height int) objects {
	return append(o, deflated(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /DeviceRGB", width, height), strings.Repeat("x", 4<<20)))
}

// doubling is a page whose 30 forms each draw the next one twice.
func doubling() objects {
	o := pages("/X Do")
	o[3] = strings.Replace(o[3], "/Resources <<", "/Resources << /XObject << /X 6 0 R >>", 1)
	for i := range 30 {
		o = append(o, stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /XObject << /X %d 0 R >> >>", 7+i), "/X Do /X Do 0 0 9 9 re f"))
	}
	return append(o, stream("/Type /XObject /Subtype /Form /BBox [0 0 200 100]", "0 0 9 9 re f"))
}

// shading is a page whose colours are computed by a long program at each point.
func shading() objects {
	o := pages("/S sh")
	o[3] = strings.Replace(o[3], "/Resources <<", "/Resources << /Shading << /S 6 0 R >>", 1)
	o = append(o, "<< /ShadingType 1 /ColorSpace /DeviceGray /Domain [0 1 0 1] /Matrix [200 0 0 100 0 0] /Function 7 0 R >>")
	return append(o, stream("/FunctionType 4 /Domain [0 1 0 1] /Range [0 1]", "{ "+strings.Repeat("sin cos ", 100_000)+" pop }"))
}

// encrypted has a lock of the standard kind that no empty password opens.
func encrypted(o objects) []byte {
	lock := "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <" +
		strings.Repeat("ab", 32) + "> /U <" + strings.Repeat("cd", 32) + "> >> /Root"
	return bytes.Replace(o.file(), []byte("/Root"), []byte(lock), 1)
}

// with is the same Press under other limits; the compiled code is shared.
func (p *Press) with(change func(*Options)) *Press {
	other := &Press{options: p.options, slots: p.slots, queue: p.queue, engine: p.engine}
	change(&other.options)
	return other
}

// Whatever a file does, it ends in a sheet or in one of our errors, soon, and the next file is shown as if nothing had been.
func TestHostileFiles(t *testing.T) {
	p := press(t)
	limit := func(o *Options) { o.CPU = 300 * time.Millisecond }
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) {
			sheet, err := p.with(limit).Sheet(context.Background(), c.file, 1, 600)
			if err == nil && len(sheet.Picture) == 0 {
				t.Error("an empty picture")
			}
			for _, ok := range c.ok {
				if errors.Is(err, ok) || err == nil && ok == nil {
					return
				}
			}
			t.Errorf("%v, want one of %v", err, c.ok)
		})
	}
	if sheet, err := p.Sheet(context.Background(), pages(said("still here")).file(), 1, 100); err != nil || sheet.Text != "still here" {
		t.Errorf("afterwards: %q, %v", sheet.Text, err)
	}
}

// A file that unpacks to more than a sandbox holds is refused by the memory, not by the clock. HOLDOVER_HOSTILE=1: it takes ten seconds.
func TestMemoryOfASandboxIsBounded(t *testing.T) {
	if os.Getenv("HOLDOVER_HOSTILE") == "" {
		t.Skip("HOLDOVER_HOSTILE=1 runs it")
	}
	p := press(t).with(func(o *Options) { o.CPU, o.Wall = time.Hour, time.Hour })
	o := pages("")
	o[4] = deflated("", strings.Repeat(" ", 300<<20))
	before := resident(t)
	if _, err := p.Sheet(context.Background(), o.file(), 1, 600); !errors.Is(err, ErrTooMuch) {
		t.Error(err)
	}
	t.Logf("resident before %d MiB, afterwards %d MiB", before>>20, resident(t)>>20)
}

// resident is how much memory this process holds, in octets (proc(5)).
func resident(t *testing.T) (octets int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	var all, here int
	_, err = fmt.Sscan(string(text), &all, &here)
	must(t, err)
	return here * os.Getpagesize()
}

// While a file computes without end, Go's collector still stops the world, and who leaves is let go.
func TestEndlessWorkIsStopped(t *testing.T) {
	p, file := press(t), doubling().file()
	_, err := p.Sheet(context.Background(), pages("").file(), 1, 100) // compiles
	must(t, err)
	ctx, leave := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() { _, err := p.Sheet(ctx, file, 1, 600); answer <- err }()
	for begin, end := processor(t), time.Now().Add(time.Minute); processor(t)-begin < time.Second; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing is worked on")
		}
	}
	for range 3 {
		runtime.GC()
	}
	select {
	case err := <-answer:
		t.Fatalf("the file is not endless: %v", err)
	default:
	}
	leave()
	select {
	case err := <-answer:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on after its reader left")
	}
}
