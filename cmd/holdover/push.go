package main

import (
	"context"
	"time"

	"holdover/push"
)

// openPush is a no-op unless the administrator switched notifications on: they cross other people's services.
func (h *house) openPush(ctx context.Context) (err error) {
	if !h.conf.Web.Push {
		return nil
	}
	h.notices, err = push.Open(ctx, push.Options{DB: h.desk, Source: h.store, Contact: "mailto:" + h.conf.Sending.Postmaster, Now: time.Now, Log: h.log})
	return err
}

// pushNews tells of new mail while that is switched on.
func (h *house) pushNews(ctx context.Context) error {
	if h.notices == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.notices.Run(ctx)
}
