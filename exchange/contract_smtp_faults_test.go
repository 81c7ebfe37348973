package exchange

import (
	"context"
	"time"

	"holdover/exchange/exchangetest"
)

func deliverConnector(d *delivery) string {
	certificate, chain, _ := selfSigned(d.T) // names exchange.test
	d.double.SetConnector(exchangetest.StandinConnector{Certificate: "exchange.test", Domains: []string{"example.test"}})
	defer d.double.SetConnector(exchangetest.StandinConnector{})
	note := d.outcome(d.send(d.smtp(), "bea@example.test", "own@x.test"), ErrRoute)
	if err := d.send(d.smtp(), "a@b.test", "other@x.test"); err != nil {
		d.Errorf("from outside: %v", err)
	}
	o := d.options
	o.Security.Certificate, o.Security.Key = chain, keyFile(d.T, certificate)
	if err := d.send(newSMTP(d.T, o), "bea@example.test", "own@x.test"); err != nil {
		d.Errorf("with the certificate: %v", err)
	}
	if n := d.here("own@x.test"); n != 1 {
		d.Errorf("%d arrived", n)
	}
	return note
}

func (d *delivery) fault(point, do string, change func(*exchangetest.DoubleFault)) {
	d.Helper()
	rule := exchangetest.DoubleFault{Face: "smtp", Point: point, Do: do, Times: 1}
	if change != nil {
		change(&rule)
	}
	d.double.Fault(rule)
}

func deliverDelayed(d *delivery) string {
	d.double.Stand(true)
	d.fault("mail", "delay", func(f *exchangetest.DoubleFault) { f.Delay, f.UpTo = 10*time.Second, 55*time.Second })
	done := make(chan error, 1)
	go func() { done <- d.send(d.smtp(), "a@b.test", "delay@x.test") }()
	for end := time.Now().Add(30 * time.Second); d.double.FaultsMet() == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if d.double.Advance(9 * time.Second); d.here("delay@x.test") != 0 {
		d.Error("it arrived before its time")
	}
	for {
		select {
		case err := <-done:
			if err != nil || d.here("delay@x.test") != 1 {
				d.Errorf("%v, %d arrived", err, d.here("delay@x.test"))
			}
			return ""
		case <-time.After(5 * time.Millisecond):
			d.double.Advance(10 * time.Second)
		}
	}
}

func deliverHang(d *delivery) string {
	d.fault("before", "hang", nil)
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := d.smtp().Deliver(ctx, "a@b.test", []string{d.box}, mail("hang@x.test"))
	return d.outcome(err, ErrDoubt)
}

func deliverLost(point string, stored int) func(*delivery) string {
	return func(d *delivery) string {
		d.fault(point, "drop", nil)
		note := d.outcome(d.send(d.smtp(), "a@b.test", "lost@x.test"), ErrDoubt)
		if n := d.here("lost@x.test"); n != stored {
			d.Errorf("%d are stored, want %d", n, stored)
		}
		return note
	}
}

func deliverCut(d *delivery) string {
	d.fault("rcpt", "drop", nil)
	note := d.outcome(d.send(d.smtp(), "a@b.test", "cut@x.test"), ErrUnreachable)
	if n := d.here("cut@x.test"); n != 0 {
		d.Errorf("%d are stored", n)
	}
	return note
}

func deliverDown(d *delivery) string {
	d.double.Cut("smtp")
	return d.outcome(d.send(d.smtp(), "a@b.test", "down@x.test"), ErrUnreachable)
}

func deliverFate(fate string, want error) func(*delivery) string {
	return func(d *delivery) string {
		d.double.SetMailbox(d.box, map[string]string{"fate": fate})
		return d.outcome(d.send(d.smtp(), "a@b.test", "fate@x.test"), want)
	}
}

func deliverUnavailable(d *delivery) string {
	d.double.SetMailbox(d.box, map[string]string{"fate": "unavailable"})
	if err := d.send(d.smtp(), "a@b.test", "up@x.test"); err != nil || d.here("up@x.test") != 0 {
		d.Errorf("%v, %d arrived", err, d.here("up@x.test"))
	}
	d.double.SetMailbox(d.box, map[string]string{"fate": ""})
	if n := d.here("up@x.test"); n != 1 {
		d.Errorf("%d when it is up", n)
	}
	return ""
}

func deliverKept(do string, now, later int) func(*delivery) string {
	return func(d *delivery) string {
		d.double.Stand(true)
		d.fault("keep", do, func(f *exchangetest.DoubleFault) { f.Delay, f.UpTo = time.Minute, 45*time.Minute })
		if err := d.send(d.smtp(), "a@b.test", "kept@x.test"); err != nil || d.here("kept@x.test") != now {
			d.Errorf("%v, %d arrived", err, d.here("kept@x.test"))
		}
		d.double.Advance(46 * time.Minute)
		if n := d.here("kept@x.test"); n != later {
			d.Errorf("%d later, want %d", n, later)
		}
		return ""
	}
}
