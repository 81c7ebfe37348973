package email

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// dear are messages that cost as much as their size lets them.
func dear() map[string]string {
	full := func(s string) string { return strings.Repeat(s, (maxHTML-4000)/len(s)) }
	return map[string]string{
		"paragraphs": full("<p>a"), "breaks": full("a<br>"), "attributes": full("<td a=b c=d e=f g=h>"), "styles": full("<p style=color:red>"), "links": full(`<a href="https://a.example/x">https://b.example</a>`),
		"brackets": full("<"), "quotes": full("<blockquote>x<br>"), "lists": full("<ul><li>x"), "fonts": full("<font face=Arial color=red size=2>x</font>"), "tables": full("<table><tr><td>x"),
		"header blocks": full("Von: x<br>Gesendet: y<br>"), "formatting": full("<b><i>x"), "images": full("<img src=https://a.example/x>"), "one attribute": `<p title="` + full("x") + `">y`,
		"data": `<img src="data:image/png;base64,` + full("AAAA") + `">`,
	}
}

func costly(src string) *Message {
	return Parse([]byte("Subject: AW: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + src))
}

// TestBudgetEnds: with a clock that runs away each kind of work stops, and says so.
func TestBudgetEnds(t *testing.T) {
	src := strings.Repeat("<p>Absatz <b>fett</b></p>", 2000)
	for name, work := range map[string]func(m *Message){
		"show": func(m *Message) { m.Show(Look{Fold: "Zitat"}) }, "text": func(m *Message) { m.Text() }, "fold": func(m *Message) { m.Folded() },
		"images": func(m *Message) { m.RemoteImages() }, "damaged": func(m *Message) { m.Damaged() },
	} {
		m := costly(src)
		if m.Problem != "" {
			t.Fatal(m.Problem)
		}
		looks := 0
		m.meter.clock = func() time.Duration { looks++; return time.Duration(looks) * 400 * time.Millisecond }
		for range 4 {
			work(m)
		}
		if m.meter.ticks > 6*ticksBetween {
			t.Errorf("%s went on for %d tokens", name, m.meter.ticks)
		}
		if m.Problem != ProblemBudget {
			t.Errorf("%s goes on: %q after %d looks at the clock", name, m.Problem, looks)
		}
		if looks > 14 {
			t.Errorf("%s looks at the clock %d times after its time is up", name, looks)
		}
		if shown := m.Show(Look{}); shown.HTML != "" {
			t.Errorf("%s: it is shown all the same", name)
		}
	}
	m := costly(src)
	m.meter.hold(budgetMemory)
	if m.Show(Look{}); m.Problem != ProblemBudget {
		t.Error("memory has no end")
	}
	if m := costly(src); m.Show(Look{}).HTML == "" || m.Problem != "" {
		t.Error("an ordinary message is refused")
	}
}

// TestBudgetOfTheCorpus: what hostile messages of any kind cost stays within the budget, or they say that
// they are not shown. Processor time is that of this thread.
func TestBudgetOfTheCorpus(t *testing.T) {
	messages := map[string][]byte{}
	for name, src := range dear() {
		if os.Getenv("HOLDOVER_MEASURE") == "" && name != "paragraphs" && name != "quotes" {
			continue // TestBudget shows the like
		}
		messages[name] = []byte("Subject: AW: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + src)
	}
	names, err := filepath.Glob(filepath.Join(corpusDir(t), "mime", "hostile", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal("no hostile messages", err)
	}
	for _, name := range names {
		if messages[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var worst time.Duration
	where, refused := "", 0
	for name, octets := range messages {
		begin := threadTime()
		m := Parse(octets)
		if m.Problem == "" {
			m.Show(Look{Fold: "Zitat", Link: partLink})
			m.Folded()
			m.Damaged()
			m.Report()
		}
		spent := threadTime() - begin
		if m.Problem != "" {
			refused++
		} else if spent > worst {
			worst, where = spent, name
		}
		if m.meter.held > budgetMemory && m.Problem == "" {
			t.Errorf("%s holds %d octets and is shown", name, m.meter.held)
		}
	}
	t.Logf("%d messages, %d not shown; dearest of those shown: %v, %s", len(messages), refused, worst, where)
	if worst > 10*budgetCPU { // the budget ends loops; what follows a loop is bounded by size
		t.Errorf("%s took %v of processor time and is shown", where, worst)
	}
}

// TestMemoryOfTheDearest measures the memory that is really held at once. It takes long: HOLDOVER_MEASURE=1.
func TestMemoryOfTheDearest(t *testing.T) {
	if os.Getenv("HOLDOVER_MEASURE") == "" {
		t.Skip("a measurement: HOLDOVER_MEASURE=1")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	for name, src := range dear() {
		runtime.GC()
		base, peak, stop, done := heap(), uint64(0), make(chan bool), make(chan bool)
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				default:
					peak = max(peak, heap())
					time.Sleep(200 * time.Microsecond)
				}
			}
		}()
		m := costly(src)
		m.Show(Look{Fold: "Zitat", Link: partLink})
		m.Folded()
		close(stop)
		<-done
		t.Logf("%-14s %q at most %3d MiB beside %d MiB of message, counted %d MiB, %v", name, m.Problem, (peak-base)>>20, len(src)>>20, m.meter.held>>20, m.meter.spent.Round(time.Millisecond))
		if peak-base > budgetMemory && m.Problem == "" {
			t.Errorf("%s held %d MiB", name, (peak-base)>>20)
		}
	}
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
