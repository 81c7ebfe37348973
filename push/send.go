package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"holdover/database"
	"holdover/internet"
)

// note is what crosses the push service, encrypted for the browser (RFC 8291).
type note struct {
	N    int    `json:"n,omitempty"`
	Lang string `json:"lang"`
	Test bool   `json:"test,omitempty"`
}

// mostFails in a row end a subscription.
const mostFails = 20

// send delivers one notification. A browser that is gone is forgotten (RFC 8030, 7.3).
func (p *Push) send(ctx context.Context, s Subscription, n note) error {
	payload, err := json.Marshal(n)
	if err != nil {
		return err
	}
	status, err := p.deliver(ctx, s, payload)
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		return p.exec(ctx, `DELETE FROM push_subscription WHERE endpoint=?`, s.Endpoint)
	case err == nil && status < 300:
		return p.exec(ctx, `UPDATE push_subscription SET fails=0 WHERE endpoint=? AND fails>0`, s.Endpoint)
	case err == nil:
		err = fmt.Errorf("the push service answers %d", status)
	}
	return errors.Join(fmt.Errorf("push: %w", err), p.exec(ctx, `UPDATE push_subscription SET fails=fails+1 WHERE endpoint=?`, s.Endpoint),
		p.exec(ctx, `DELETE FROM push_subscription WHERE fails>=?`, mostFails))
}

// deliver makes the one request. Its error does not name the endpoint: who knows that can send there.
func (p *Push) deliver(ctx context.Context, s Subscription, payload []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := webpush.SendNotificationWithContext(ctx, payload,
		&webpush.Subscription{Endpoint: s.Endpoint, Keys: webpush.Keys{P256dh: s.P256dh, Auth: s.Auth}},
		&webpush.Options{HTTPClient: p.o.Client, Subscriber: p.o.Contact, VAPIDPublicKey: p.public, VAPIDPrivateKey: p.private, TTL: 3600, Urgency: webpush.UrgencyNormal})
	if named := new(url.Error); errors.As(err, &named) {
		err = named.Err
	}
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 4096))
	return answer.StatusCode, nil
}

func (p *Push) exec(ctx context.Context, text string, args ...any) error {
	return p.o.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(text, args...)
		return err
	})
}

// publicClient reaches the public internet only, and follows no redirect.
func publicClient() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: internet.Dialler(5*time.Second, nil).DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 10, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
