package traffic

import (
	"slices"
	"time"
)

// Limit is how much Exchange takes. The zero values of Ways and At mean every one.
type Limit struct {
	Key    string     // its name in configuration, API and pages
	Ways   []Protocol // that it bounds
	At     Location
	Each   bool    // for each mailbox; else for all together
	N      float64 // items, or octets, in each Per
	Octets bool
	Per    time.Duration
	Source string // where the number comes from
}

// Bounds says whether a way counts against it.
func (l Limit) Bounds(w *Way) bool {
	return (len(l.Ways) == 0 || slices.Contains(l.Ways, w.Speaks)) && (l.At == "" || l.At == w.At)
}

// Rate is how much it lets through in a second.
func (l Limit) Rate() float64 { return l.N / l.Per.Seconds() }

// graphCalls is how many requests one item costs over Graph, at most: the message, its parts, the
// draft it is made of, and a look.
const graphCalls = 4

// PublishedLimits are the limits that Exchange documents or was seen to have, and what Holdover makes
// of them: the one place for all of them. What a connector itself keeps (connections, messages in a
// session) is in FixedLimits. None of them was measured against a real Exchange by us.
func PublishedLimits() []Limit {
	return []Limit{
		{Key: "smtp_per_mailbox", Ways: []Protocol{SMTP, Internal}, Each: true, N: 1, Per: time.Second,
			Source: "one message a second to one recipient, so that the hourly limit below is never met"},
		{Key: "online_mailbox_per_hour", Ways: []Protocol{SMTP, Internal, IMAP, Graph}, At: Online, Each: true, N: 3600, Per: time.Hour,
			Source: "Exchange Online limits: 3,600 messages an hour into one mailbox (seen in the field)"},
		{Key: "imap_per_mailbox", Ways: []Protocol{IMAP}, Each: true, N: 4, Per: time.Second,
			Source: "4 changes a second in one mailbox (seen by other clients), over one connection"},
		{Key: "ews_per_mailbox", Ways: []Protocol{EWS}, Each: true, N: 4, Per: time.Second,
			Source: "no rate is published for EWS on-premises; held as IMAP is, one call at a time (our inference)"},
		{Key: "graph_requests", Ways: []Protocol{Graph}, Each: true, N: 10000 / graphCalls, Per: 10 * time.Minute,
			Source: "Graph, Outlook service limits: 10,000 requests in 10 minutes per app and mailbox, up to 4 for one item"},
		{Key: "graph_upload", Ways: []Protocol{Graph}, Each: true, N: 150e6, Octets: true, Per: 5 * time.Minute,
			Source: "Graph, Outlook service limits: 150 MB of uploads in 5 minutes per app and mailbox"},
		{Key: "all_per_second", N: 0, Per: time.Second,
			Source: "the administrator's own bound over all mailboxes; none is published"},
	}
}

// FixedLimit is one that a connector keeps by its shape.
type FixedLimit struct {
	Key    string
	N      int
	Source string
}

// FixedLimits are kept by the connectors.
func FixedLimits() []FixedLimit {
	return []FixedLimit{
		{"smtp_connections", 5, "on-premises 20 connections from one source; Holdover uses 5 of them"},
		{"smtp_messages_per_session", 20, "sessions end after 10 minutes; Holdover changes after 20 messages"},
		{"imap_connections_per_mailbox", 1, "one in Exchange Online, 16 on-premises; Holdover uses 1"},
		{"graph_at_once", 4, "4 requests at once per app and mailbox (MailboxConcurrency)"},
	}
}

// LimitsWith answers the published limits with numbers of one's own, by key; 0 lifts a limit.
func LimitsWith(own map[string]float64) (limits []Limit) {
	for _, l := range PublishedLimits() {
		if n, ok := own[l.Key]; ok {
			l.N = n
		}
		if l.N > 0 {
			limits = append(limits, l)
		}
	}
	return limits
}
