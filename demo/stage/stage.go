// Package stage puts everything the demo needs on loopback: the stand-in Exchange, the outside
// world, the identity provider and the plug page in this process, and the product as a child.
//
// All data lies under one directory:
//
//	holdover.toml, people.csv, *.secret, admin.token, tls/   what an administrator would write
//	data/                                                    the product's own
//	exchange.journal                                         the stand-in's mailboxes
//	holdover.log, demo.json                                  what the child said; how to reach everything
package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"holdover/demo/identity"
	"holdover/demo/outside"
	"holdover/demo/plug"
	"holdover/demo/sample"
	"holdover/demo/standin"
)

// Options of a stage. Dir and Binary are required.
type Options struct {
	Dir    string
	Base   int    // first port, 0: any free ones
	Binary string // the product's
	Seed   uint64 // of the sample's words
	Empty  bool   // no sample mail
	Now    func() time.Time
	Log    *slog.Logger

	Archive   string   // address of an archive in the outside world, "" none
	Undo      string   // how long a sent message is held, default "10s"
	LookAgain []string // waits of the sync-back before an item in doubt counts as absent
}

// Stage is everything but the child, which Serve starts.
type Stage struct {
	Dir        string
	Exchange   *standin.Exchange
	Outside    *outside.Sink
	Identity   *identity.Provider
	AdminToken string

	binary         string
	ports          ports
	exchangeSecret string
	plug           *http.Server
	plugURL        string
	log            *os.File
}

// Open prepares the directory and starts everything but the product. A second Open of the same
// directory finds the mail that the first one left.
func Open(ctx context.Context, o Options) (_ *Stage, err error) {
	o.fill()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Stage{Dir: dir, binary: o.Binary}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := os.Remove(s.path("demo.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if s.ports, err = choosePorts(o.Base); err != nil {
		return nil, err
	}
	if s.AdminToken, err = kept(s.path("admin.token")); err != nil {
		return nil, err
	}
	if s.exchangeSecret, err = kept(s.path("exchange.secret")); err != nil {
		return nil, err
	}
	if s.log, err = os.OpenFile(s.path("holdover.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if err := s.startAround(o); err != nil {
		return nil, err
	}
	if err := s.writeConfiguration(o); err != nil {
		return nil, err
	}
	return s, s.seed(ctx, o)
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Undo == "" {
		o.Undo = "10s"
	}
	if o.LookAgain == nil {
		o.LookAgain = []string{"2s", "5s", "10s"}
	}
}

func (s *Stage) path(name string) string { return filepath.Join(s.Dir, name) }

// kept reads a secret, or invents it.
func kept(path string) (string, error) {
	text, err := os.ReadFile(path)
	if secret := strings.TrimSpace(string(text)); err == nil && secret != "" {
		return secret, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return rand.Text(), nil
}

// startAround starts what stands around the product.
func (s *Stage) startAround(o Options) (err error) {
	cert, err := certificates(s.path("tls"))
	if err != nil {
		return err
	}
	exchange := standin.Options{
		Host: "ex01." + sample.Domain, Groups: map[string][]string{},
		Listen: map[string]string{"smtp": loopback(s.ports.exchangeSMTP), "imap": loopback(s.ports.exchangeIMAP)}, TLS: cert,
		Service: serviceAccount, Secret: s.exchangeSecret, Journal: s.path("exchange.journal"), Now: o.Now, Log: o.Log,
	}
	for _, p := range sample.People() {
		box := standin.Mailbox{Address: p.Address(), Name: p.Name}
		for _, alias := range p.Aliases {
			box.Aliases = append(box.Aliases, alias+"@"+sample.Domain)
		}
		exchange.Mailboxes = append(exchange.Mailboxes, box)
	}
	exchange.Mailboxes = append(exchange.Mailboxes, standin.Mailbox{Address: probeMailbox, Name: "Holdover"})
	for _, g := range sample.MailGroups() {
		for _, member := range g.Members {
			exchange.Groups[g.Address()] = append(exchange.Groups[g.Address()], member+"@"+sample.Domain)
		}
	}
	if s.Exchange, err = standin.Start(exchange); err != nil {
		return err
	}
	if s.Outside, err = outside.Start(loopback(s.ports.outsideSMTP), o.Now); err != nil {
		return err
	}
	if s.Identity, err = identity.Start(s.provider(o.Log)); err != nil {
		return err
	}
	return s.startPlug()
}

func (s *Stage) provider(log *slog.Logger) identity.Options {
	o := identity.Options{
		Address: loopback(s.ports.oidc), Title: sample.Name, Log: log,
		Redirect: []string{s.Web() + "/sign-in/return", s.WebTLS() + "/sign-in/return"},
	}
	for _, p := range sample.People() {
		if !p.Shared {
			o.People = append(o.People, identity.Person{ID: p.Local, Address: p.Address(), Name: p.Name, Password: sample.Password, Groups: p.Groups})
		}
	}
	return o
}

func (s *Stage) startPlug() error {
	l, err := net.Listen("tcp", loopback(s.ports.plug))
	if err != nil {
		return fmt.Errorf("plug page: %w", err)
	}
	s.plugURL = fmt.Sprintf("http://localhost:%d", s.ports.plug)
	s.plug = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: plug.Handler(plug.Options{
		Exchange: s.Exchange, Outside: s.Outside, Identity: s.Identity, Organisation: sample.Name,
		Web: s.Web(), SMTP: loopback(s.ports.smtp), People: s.people(),
	})}
	go s.plug.Serve(l)
	return nil
}

func (s *Stage) people() (all []plug.Person) {
	for _, p := range sample.People() {
		if !p.Shared {
			all = append(all, plug.Person{Address: p.Address(), Name: p.Name, Password: sample.Password, Role: p.Role(), Language: p.Language})
		}
	}
	return all
}

// Web is the product's address in browsers.
func (s *Stage) Web() string { return fmt.Sprintf("http://localhost:%d", s.ports.web) }

// WebTLS is the same with the demo's own authority.
func (s *Stage) WebTLS() string { return fmt.Sprintf("https://localhost:%d", s.ports.webTLS) }

// SMTP is host:port where the product takes mail in.
func (s *Stage) SMTP() string { return loopback(s.ports.smtp) }

// Plug is the URL of the plug page.
func (s *Stage) Plug() string { return s.plugURL }

// Config is the product's configuration file.
func (s *Stage) Config() string { return s.path("holdover.toml") }

// seed fills both the stand-in and the product's Maildir, once.
func (s *Stage) seed(ctx context.Context, o Options) error {
	done := s.path("seeded")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	var mail []sample.Placed
	if !o.Empty {
		mail = sample.Mail(o.Seed, o.Now())
	}
	if err := sample.WriteMaildir(s.path("data"), mail); err != nil {
		return fmt.Errorf("sample mail: %w", err)
	}
	for _, m := range mail {
		folder := exchangeFolder(m.Folder)
		uid, err := s.Exchange.Store().Put(m.Person.Address(), folder, m.Octets, m.At, exchangeFlags(m)...)
		if err == nil && len(m.Categories) > 0 {
			err = s.Exchange.Store().Categorise(m.Person.Address(), folder, uid, m.Categories...)
		}
		if err != nil {
			return fmt.Errorf("sample mail: %w", err)
		}
	}
	if err := s.command(ctx, "rebuild"); err != nil {
		return err
	}
	return os.WriteFile(done, []byte(o.Now().Format(time.RFC3339)+"\n"), 0o600)
}

func exchangeFolder(f sample.Folder) string {
	return map[sample.Folder]string{sample.Inbox: standin.Inbox, sample.Sent: standin.Sent, sample.Archive: standin.Archive, sample.Trash: standin.Deleted}[f]
}

func exchangeFlags(m sample.Placed) (flags []imap.Flag) {
	for flag, set := range map[imap.Flag]bool{imap.FlagSeen: m.Seen, imap.FlagFlagged: m.Flagged, imap.FlagAnswered: m.Answered} {
		if set {
			flags = append(flags, flag)
		}
	}
	return flags
}

// command runs one of the product's commands to its end.
func (s *Stage) command(ctx context.Context, name string) error {
	c, err := startChild(s.log, s.binary, name, "--config", s.Config())
	if err != nil {
		return err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		c.Kill()
		return ctx.Err()
	}
	if err := c.Err(); err != nil {
		return fmt.Errorf("holdover %s: %w", name, err)
	}
	return nil
}

// Verify runs `holdover verify`, which must find nothing.
func (s *Stage) Verify(ctx context.Context) error { return s.command(ctx, "verify") }

// Serve starts the product; Ready waits for it.
func (s *Stage) Serve() (*Child, error) {
	return startChild(s.log, s.binary, "serve", "--config", s.Config())
}

// Ready waits until the product answers.
func (s *Stage) Ready(ctx context.Context, c *Child) error { return c.ready(ctx, s.Web()) }

// Close ends everything around the product; end the child before.
func (s *Stage) Close() error {
	var errs []error
	if s.plug != nil {
		errs = append(errs, s.plug.Close())
	}
	if s.Identity != nil {
		errs = append(errs, s.Identity.Close())
	}
	if s.Outside != nil {
		errs = append(errs, s.Outside.Close())
	}
	if s.Exchange != nil {
		errs = append(errs, s.Exchange.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	return errors.Join(errs...)
}
