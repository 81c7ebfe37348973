package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"holdover/archive"
	"holdover/calendar"
	"holdover/continuity"
	"holdover/database"
	"holdover/directory"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/mta"
	"holdover/push"
	"holdover/search"
	"holdover/signin"
	"holdover/syncback"
)

// house is every room, opened from the ground up.
type house struct {
	conf *config
	log  *slog.Logger

	mail, desk *database.DB
	store      *mailstore.Store
	people     *directory.Directory
	index      *search.Index
	calendar   *calendar.Calendar
	events     *continuity.Continuity

	exchange *exchange.SMTP   // the usual entry
	tokens   *exchange.Tokens // of the tenant; nil: not needed
	line     *exchange.Line   // over which every connector dials
	back     *syncback.Syncback
	archive  *archive.Archive // nil: none configured
	door     *signin.Signin
	inbound  *mta.Inbound
	outbound *mta.Outbound
	notices  *push.Push // nil: not switched on
	pages    http.Handler

	listeners []net.Listener
	closers   []func() error
}

// buildStore opens what verify and rebuild need: databases, store, directory, events, index.
func buildStore(ctx context.Context, c *config, log *slog.Logger) (*house, error) {
	h := &house{conf: c, log: log}
	for _, open := range []func(context.Context) error{h.lock, h.openStore, h.openPeople, h.openEvents, h.openIndex, h.openCalendar} {
		if err := open(ctx); err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

func (h *house) openStore(ctx context.Context) (err error) {
	c := h.conf
	if h.mail, err = h.openDatabase(ctx, c.databaseURL()); err != nil {
		return err
	}
	if h.store, err = mailstore.Open(ctx, mailstore.Options{Dir: c.Storage.Dir, DB: h.mail, Host: c.SMTP.Host,
		Window: time.Duration(c.Storage.WindowDays) * 24 * time.Hour, Reserve: int64(c.Storage.Reserve), Now: time.Now, Log: h.log}); err != nil {
		return err
	}
	h.onClose(h.store.Close)
	return nil
}

func (h *house) openEvents(ctx context.Context) (err error) {
	h.events, err = continuity.Open(ctx, continuity.Options{DB: h.mail, Directory: h.people, Held: true, Now: time.Now, Log: h.log})
	return err
}

func (h *house) openIndex(context.Context) (err error) {
	if h.index, err = search.Open(search.Options{Dir: filepath.Join(h.conf.Storage.Dir, "index"), Source: h.store, Now: time.Now, Log: h.log}); err != nil {
		return err
	}
	h.onClose(h.index.Close)
	return nil
}

func (h *house) openCalendar(ctx context.Context) (err error) {
	h.calendar, err = calendar.Open(ctx, calendar.Options{Source: h.store, Now: time.Now, Log: h.log})
	return err
}

func (h *house) openDatabase(ctx context.Context, url string) (*database.DB, error) {
	db, err := database.Open(ctx, database.Options{URL: url, Log: h.log})
	if err != nil {
		return nil, err
	}
	h.onClose(db.Close)
	return db, nil
}

// openPeople reads the directory; a mailbox has its place in the store before mail for it is taken.
func (h *house) openPeople(ctx context.Context) error {
	known, err := mailstore.Addresses(h.conf.Storage.Dir)
	if err != nil {
		return err
	}
	h.people, err = directory.Open(ctx, directory.Options{DB: h.mail, CSV: h.conf.Directory.CSV, Complete: h.conf.Directory.Complete,
		Known: known, Now: time.Now, Log: h.log, Admit: func(ctx context.Context, boxes []directory.Mailbox) error {
			for _, box := range boxes {
				if err := h.store.EnsureMailbox(ctx, box.ID, box.Address); err != nil {
					return err
				}
			}
			return nil
		}})
	return err
}

// lock keeps a second process from the same directory. With PostgreSQL several nodes share the work.
func (h *house) lock(context.Context) error {
	dir := h.conf.Storage.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !strings.HasPrefix(h.conf.databaseURL(), "sqlite:") {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("another holdover process works in %s: stop it first", dir)
	}
	h.onClose(f.Close) // closing releases the lock
	return nil
}

func (h *house) onClose(f func() error) { h.closers = append(h.closers, f) }

// close closes what was opened, the last first.
func (h *house) close() {
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		errs = append(errs, h.closers[i]())
	}
	if err := errors.Join(errs...); err != nil {
		h.log.Error("closing", "err", err)
	}
}

// retain applies the window once an hour.
func (h *house) retain(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if removed, err := h.store.Expire(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("the retention window was not applied", "err", err)
		} else if removed > 0 {
			h.log.Info("messages beyond the window removed", "messages", removed)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
