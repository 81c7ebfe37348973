package main

import (
	"fmt"
	"slices"
	"strings"

	"holdover/email"
	"holdover/syncback"
	"holdover/syncback/traffic"
)

// releaseConfig says what happens between the end of an event and the drain, and in which order
// mailboxes go back.
type releaseConfig struct {
	Probe       string   `toml:"probe_mailbox"`
	ProbeOnline string   `toml:"probe_mailbox_online"`
	Sender      string   `toml:"probe_sender"`
	First       []string `toml:"first"`
	MaxSize     size     `toml:"max_size"`
	Blocked     []string `toml:"blocked_attachments"`
}

// probe is where canaries go.
func (c *config) probe() syncback.Probe {
	r, boxes := c.Exchange.Release, map[traffic.Location]string{}
	if r.Probe != "" {
		boxes[traffic.OnPremises] = r.Probe
		if traffic.Profile(c.Exchange.Profile) == traffic.ProfileOnline {
			boxes = map[traffic.Location]string{traffic.Online: r.Probe}
		}
	}
	if r.ProbeOnline != "" {
		boxes[traffic.Online] = r.ProbeOnline
	}
	sender := r.Sender
	if sender == "" {
		sender = c.Sending.Postmaster
	}
	return syncback.Probe{Mailboxes: boxes, Sender: sender}
}

// checks are what a message must pass that waited through a lockdown.
func (c *config) checks() []syncback.Check {
	r := c.Exchange.Release
	policy := syncback.Policy{Largest: int64(r.MaxSize), Blocked: r.Blocked}
	if policy.Largest == 0 {
		policy.Largest = int64(c.SMTP.MaxSize)
	}
	for i, ending := range policy.Blocked {
		policy.Blocked[i] = strings.ToLower(ending)
	}
	return []syncback.Check{policy}
}

// limits are how much Exchange takes: the published limits with what the configuration says. A pace
// of 0 for a mailbox switches all of them off.
func (x *exchangeConfig) limits() []traffic.Limit {
	if x.PerBox == 0 {
		return nil
	}
	own := map[string]float64{"smtp_per_mailbox": x.PerBox, "all_per_second": x.PerAll}
	for key, n := range x.Limits {
		own[key] = n
	}
	return traffic.LimitsWith(own)
}

// important says whose mailboxes go back first.
func (h *house) important() func(email.MailboxID) bool {
	first := h.conf.Exchange.Release.First
	if len(first) == 0 {
		return nil
	}
	return func(m email.MailboxID) bool {
		box, ok := h.people.Mailbox(m)
		_, groups, _ := h.people.Place(m)
		return ok && slices.ContainsFunc(first, func(wanted string) bool {
			return strings.EqualFold(wanted, box.Address) || slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, wanted) })
		})
	}
}

func (c *config) proveRelease(p *proof) {
	r := c.Exchange.Release
	for key, address := range map[string]string{"probe_mailbox": r.Probe, "probe_mailbox_online": r.ProbeOnline, "probe_sender": r.Sender} {
		p.that(address == "" || goodMailAddress(address), "exchange.release."+key, "it is no mail address", "Write an address in Exchange, for example \"holdover-probe@example.org\".")
	}
	for _, ending := range r.Blocked {
		p.that(strings.HasPrefix(ending, ".") && len(ending) > 1, "exchange.release.blocked_attachments", fmt.Sprintf("%q is no ending of a file name", ending), "Write for example [\".exe\", \".js\"].")
	}
	var known []string
	for _, l := range traffic.PublishedLimits() {
		known = append(known, l.Key)
	}
	for key, n := range c.Exchange.Limits {
		p.that(slices.Contains(known, key), "exchange.limits."+key, "there is no such limit", "Use one of: "+strings.Join(known, ", ")+".")
		p.that(n >= 0, "exchange.limits."+key, "it is negative", "Leave it out for the published number; 0 lifts the limit.")
	}
}

// inspectProbe says whether the way back can be tried before the drain.
func inspectProbe(c *config) finding {
	const about = "exchange.release"
	var without []string
	for _, at := range traffic.Profile(c.Exchange.Profile).Locations() {
		if c.probe().Mailboxes[at] == "" {
			without = append(without, string(at))
		}
	}
	if len(without) == 0 {
		return finding{good, about, "before a drain a canary goes into " + c.Exchange.Release.Probe, ""}
	}
	return finding{warn, about, "no probe mailbox is configured for mailboxes " + strings.Join(without, " and ") + ": after an event the first item goes alone in its place",
		"Create a mailbox in Exchange that nobody reads and name it in exchange.release.probe_mailbox (and probe_mailbox_online)."}
}
