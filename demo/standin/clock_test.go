package standin

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestClockStandsAndIsAdvanced(t *testing.T) {
	c := newClock(time.Now)
	c.Stand()
	at := c.Now()
	later := c.After(time.Minute)
	c.Advance(59 * time.Second)
	if closed(later) || !c.Now().Equal(at.Add(59*time.Second)) {
		t.Errorf("after 59 s it is %v, and who waits a minute is woken: %v", c.Now().Sub(at), closed(later))
	}
	c.Advance(time.Second)
	if !closed(later) {
		t.Error("who waits a minute sleeps on after a minute")
	}
	running := c.After(time.Millisecond)
	c.Run()
	<-running
	c.Set(at.Add(-5 * time.Minute))
	if d := c.Now().Sub(at); d < -5*time.Minute || d > -4*time.Minute {
		t.Errorf("5 min back, the clock is off by %v", d)
	}
}

func TestRules(t *testing.T) {
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		rule Fault
		want string // of ten calls, a minute apart
	}{
		"third call alone": {Fault{Skip: 2, Times: 1}, "..x......."},
		"every call":       {Fault{}, "xxxxxxxxxx"},
		"a window":         {Fault{From: start.Add(2 * time.Minute), Until: start.Add(5 * time.Minute)}, "..xxx....."},
		"a window, second": {Fault{From: start.Add(2 * time.Minute), Skip: 1, Times: 2}, "...xx....."},
		"another mailbox":  {Fault{Mailbox: "b"}, ".........."},
		"half, seed 1":     {Fault{Percent: 50, Seed: 1}, "x.xx..xx.x"},
		"half, seed 2":     {Fault{Percent: 50, Seed: 2}, "..xxxx...."},
	} {
		clock := newClock(func() time.Time { return start })
		f := &Faults{clock: clock}
		c.rule.Face, c.rule.Point, c.rule.Do = "smtp", "mail", "drop"
		f.Add(c.rule)
		got := ""
		for range 10 {
			if _, ok := f.at("smtp", "mail", "a"); ok {
				got += "x"
			} else {
				got += "."
			}
			clock.Advance(time.Minute)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestHTTPFaceMeetsFaults(t *testing.T) {
	e := &Exchange{clock: newClock(time.Now)}
	e.faults = &Faults{clock: e.clock}
	var stored atomic.Int32
	e.addFace("web", e.overHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rule, ok := e.meet(r, "web", "before", "a"); ok {
			http.Error(w, rule.Text, rule.Code)
			return
		}
		stored.Add(1)
		e.meet(r, "web", "after", "a")
	})))
	if err := e.Restore(); err != nil {
		t.Fatal(err)
	}
	defer e.Cut()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, c := range []struct {
		rule   Fault
		status int // 0: no answer
		stored int32
	}{
		{Fault{Point: "before", Do: "reply", Code: 429}, 429, 0},
		{Fault{Point: "before", Do: "drop"}, 0, 0},
		{Fault{Point: "after", Do: "drop"}, 0, 1},
		{Fault{Point: "connect", Do: "drop"}, 0, 0},
		{Fault{Point: "before", Do: "delay", Delay: time.Millisecond}, 200, 1},
	} {
		stored.Store(0)
		e.faults.Clear()
		e.faults.Add(c.rule)
		status := 0
		if answer, err := client.Post("http://"+e.Addr("web"), "", nil); err == nil {
			status = answer.StatusCode
			answer.Body.Close()
		}
		if status != c.status || stored.Load() != c.stored {
			t.Errorf("%s %s: status %d, stored %d; want %d, %d", c.rule.Point, c.rule.Do, status, stored.Load(), c.status, c.stored)
		}
	}
	e.faults.Clear()
	e.faults.Add(Fault{Point: "before", Do: "hang"})
	go func() { <-e.clock.After(50 * time.Millisecond); e.Cut() }()
	if _, err := client.Get("http://" + e.Addr("web")); err == nil {
		t.Error("a hanging request was answered")
	}
}
