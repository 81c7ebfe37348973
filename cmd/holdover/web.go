package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"holdover/paper"
	"holdover/pictures"
	"holdover/web"
)

// closing is how long pages in work may take when the service ends; streams to open pages are cut then.
const closing = 2 * time.Second

// openWeb makes the pages and listens, so that a port in use stops the start.
func (h *house) openWeb(context.Context) error {
	token, err := secret(h.conf.Web.AdminTokenFile)
	if err != nil {
		return err
	}
	var logo []byte
	if h.conf.Organisation.Logo != "" {
		if logo, err = os.ReadFile(h.conf.Organisation.Logo); err != nil {
			return err
		}
	}
	signatures, templates, err := writingOf(h.conf)
	if err != nil {
		return err
	}
	o := h.conf.Organisation
	options := web.Options{
		Mail: h.store, Search: h.index, Calendar: h.calendar, Directory: h.people, Signin: h.door, Events: h.events, Syncback: h.back,
		Gate: h.back, Releases: h.events, Refills: h.back,
		Signatures: signatures, Templates: templates,
		Organisation: web.Organisation{Name: o.Name, Logo: logo, Phone: o.Phone, Brand: o.Colour, Imprint: o.Imprint, Privacy: o.Privacy, Accessible: o.Accessibility},
		Host:         portalHost(h.conf.Web.URL), Undo: time.Duration(h.conf.Sending.Undo), MaxUpload: int64(h.conf.Web.MaxUpload),
		AdminToken: token, Secure: strings.HasPrefix(h.conf.Web.URL, "https:"), Now: time.Now, Log: h.log, Trusted: h.conf.Web.TrustedResults, Language: o.Language, Storybook: h.conf.Web.Storybook,
		Marks: h.conf.Writing.Marks, ReadOnly: h.conf.Web.Outside == "read", Outlook: h.conf.Web.Outlook,
	}
	if on := h.conf.Web.RemoteImages; on == nil || *on {
		options.Pictures = pictures.New(pictures.Options{})
	}
	if on := h.conf.Web.PDFPreview; (on == nil || *on) && paper.Built() {
		options.Paper = paper.New(paper.Options{}) // nothing starts until somebody looks at a file
	}
	if h.notices != nil {
		options.Notices = h.notices
	}
	if h.archive != nil {
		options.Archive = h.archive
	}
	pages, err := web.New(options)
	if err != nil {
		return err
	}
	h.pages = h.answerReady(pages)
	return h.listenWeb()
}

func (h *house) listenWeb() error {
	for _, a := range h.conf.Web.Listen {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return err
		}
		h.listeners = append(h.listeners, l)
	}
	certificate, err := serverTLS(h.conf.Web.Certificate, h.conf.Web.Key)
	if err != nil {
		return err
	}
	for _, a := range h.conf.Web.ListenTLS {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return err
		}
		certificate.NextProtos = []string{"h2", "http/1.1"} // over HTTP/1.1 a browser's seventh tab would wait for the open streams
		h.listeners = append(h.listeners, tls.NewListener(l, certificate))
	}
	return nil
}

// serveWeb serves until ctx ends, then lets pages in work finish.
func (h *house) serveWeb(ctx context.Context) error {
	server := &http.Server{Handler: h.pages, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug)}
	var all errgroup.Group
	for _, l := range h.listeners {
		all.Go(func() error { return server.Serve(l) })
	}
	all.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		if err := server.Shutdown(end); err != nil {
			return server.Close()
		}
		return nil
	})
	if err := all.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func portalHost(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
