package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// EWSOptions configure the way into Exchange on-premises by Exchange Web Services, with one service
// account that may impersonate every mailbox. EWS is never used towards Exchange Online.
type EWSOptions struct {
	URL         string   // https://mail.example.com/EWS/Exchange.asmx; http only on a loopback with policy none
	Security    Security // Name and Pin as for the other ways
	User        string   // service account: DOMAIN\name or name@domain
	Password    string
	Secret      Secret                                                               // gives it instead, at each login
	Auth        string                                                               // "ntlm" (default) or "basic"
	Folders     map[Role]string                                                      // administrator's mapping for roles that EWS has no name for (archive)
	Hybrid      bool                                                                 // a mailbox that is not here lies in Exchange Online: ErrElsewhere, not ErrUnknownMailbox
	Connections int                                                                  // calls at once, default 4
	Largest     int64                                                                // octets of one message, default 45 MiB: 64 MiB of request as Exchange is delivered
	Call        time.Duration                                                        // longest time of one call, default 5 min
	Dial        func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network
	Now         func() time.Time
}

// EWS speaks to mailboxes of Exchange on-premises. It is safe for many goroutines.
type EWS struct {
	o     EWSOptions
	lines chan *ewsLine // whoever takes one may call

	mu      sync.Mutex
	folders map[string]folderList // by mailbox, lower case
}

// folderList is what was read of a mailbox's folders; people rename theirs, so it is not believed for long.
type folderList struct {
	folders []listed
	until   time.Time
}

// NewEWS checks the options; it makes no connection.
func NewEWS(o EWSOptions) (*EWS, error) {
	o = o.withDefaults()
	if o.Auth != "ntlm" && o.Auth != "basic" {
		return nil, fmt.Errorf("authentication at Exchange's web services: %q is neither ntlm nor basic", o.Auth)
	}
	c := &EWS{o: o, lines: make(chan *ewsLine, o.Connections), folders: map[string]folderList{}}
	for range o.Connections {
		line, err := c.newLine()
		if err != nil {
			return nil, err
		}
		if o.Security.Policy == None && !loopback(line.web.base.Hostname()) {
			return nil, errors.New("address of Exchange's web services: without TLS only on this machine")
		}
		c.lines <- line
	}
	return c, nil
}

func (o EWSOptions) withDefaults() EWSOptions {
	if o.Auth == "" {
		o.Auth = "ntlm"
	}
	if o.Connections <= 0 {
		o.Connections = 4
	}
	if o.Largest <= 0 {
		o.Largest = 45 << 20
	}
	if o.Call <= 0 {
		o.Call = 5 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// Longest is the longest time one call can take when its context sets no end.
func (c *EWS) Longest() time.Duration { return c.o.Call }

// Close ends the connections that rest.
func (c *EWS) Close() error {
	for range cap(c.lines) {
		select {
		case l := <-c.lines:
			l.rest()
			c.lines <- l
		default:
		}
	}
	return nil
}
