// Package identity is the demo's identity provider: Dex as a library, with people and groups in memory.
package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/server/signer"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/dexidp/dex/web"
	"golang.org/x/crypto/bcrypt"
)

// The client that the demo registers for the portal.
const (
	ClientID     = "holdover"
	ClientSecret = "only-for-the-demo"
)

// Person is somebody who can sign in. ID must stay the same over restarts: the subject of the
// token is made of it, and the portal binds the mailbox to the subject.
type Person struct {
	ID, Address, Name, Password string
	Groups                      []string
}

// Options of the provider.
type Options struct {
	Address  string // listen address
	Title    string // name of the organisation, shown on the sign-in page
	People   []Person
	Redirect []string // the portal's return URLs
	Log      *slog.Logger
}

// Provider is the running identity provider.
type Provider struct {
	issuer string
	server *http.Server
	stop   context.CancelFunc
	out    atomic.Bool // unplugged
	done   chan struct{}
}

// Start serves until Close.
func Start(o Options) (*Provider, error) {
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := &Provider{issuer: "http://localhost:" + port + "/dex", stop: stop, done: make(chan struct{})}
	handler, err := p.dex(ctx, o)
	if err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("identity provider: %w", err), l.Close())
	}
	p.server = &http.Server{Handler: p.plugged(handler), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(p.done)
		p.server.Serve(l)
	}()
	return p, nil
}

// Issuer is the URL of the OpenID provider.
func (p *Provider) Issuer() string { return p.issuer }

// Cut makes the provider break every connection, as if its plug were pulled, until Restore.
func (p *Provider) Cut() { p.out.Store(true) }

// Restore plugs it in again.
func (p *Provider) Restore() { p.out.Store(false) }

// Up says whether it is plugged in.
func (p *Provider) Up() bool { return !p.out.Load() }

func (p *Provider) plugged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.out.Load() {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		next.ServeHTTP(w, r)
	})
}

// Close ends the provider at once.
func (p *Provider) Close() error {
	err := p.server.Close()
	p.stop()
	<-p.done
	return err
}

func (p *Provider) dex(ctx context.Context, o Options) (http.Handler, error) {
	store := memory.New(o.Log)
	if err := fill(ctx, store, o); err != nil {
		return nil, err
	}
	const day = 24 * time.Hour
	keys := signer.LocalConfig{KeysRotationPeriod: (30 * day).String()}
	sign, err := keys.Open(ctx, store, day, time.Now, o.Log)
	if err != nil {
		return nil, err
	}
	return server.NewServer(ctx, server.Config{
		Issuer: p.issuer, Storage: store, Signer: sign, Logger: o.Log,
		SkipApprovalScreen: true,
		Web:                server.WebConfig{WebFS: web.FS(), Issuer: o.Title},
	})
}

func fill(ctx context.Context, store storage.Storage, o Options) error {
	hashes := map[string][]byte{}
	for _, person := range o.People {
		hash := hashes[person.Password]
		if hash == nil {
			var err error
			if hash, err = bcrypt.GenerateFromPassword([]byte(person.Password), bcrypt.DefaultCost); err != nil {
				return err
			}
			hashes[person.Password] = hash
		}
		err := store.CreatePassword(ctx, storage.Password{
			Email: person.Address, Hash: hash, Username: person.Name, Name: person.Name,
			PreferredUsername: person.Address, UserID: person.ID, Groups: person.Groups,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", person.Address, err)
		}
	}
	if err := store.CreateConnector(ctx, storage.Connector{ID: "local", Type: "local", Name: "E-Mail"}); err != nil {
		return err
	}
	return store.CreateClient(ctx, storage.Client{ID: ClientID, Secret: ClientSecret, RedirectURIs: o.Redirect, Name: o.Title})
}
