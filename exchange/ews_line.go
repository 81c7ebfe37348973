package exchange

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/Azure/go-ntlmssp"
)

// ewsLine is one connection to Exchange at most, used by one call at a time: NTLM logs a connection
// in, not a request, so its legs must not be mixed with another call's.
type ewsLine struct {
	o   *EWSOptions
	web *web
	in  bool // its connection was logged in by NTLM
}

func (c *EWS) newLine() (*ewsLine, error) {
	w, err := newWeb("Exchange's web services", c.o.URL, c.o.Security, c.o.Dial)
	if err != nil {
		return nil, err
	}
	w.client.Transport.(*http.Transport).MaxConnsPerHost = 1
	return &ewsLine{o: &c.o, web: w}, nil
}

func (l *ewsLine) rest() {
	l.web.close()
	l.in = false
}

// request is what one call sends, and whether its last octet left: only then may it have an effect.
type request struct {
	mailbox string
	body    []byte
	sent    bool
}

// do sends a request with the authentication that was configured, and with no other: a server that
// asks for the password itself does not get it unless basic was chosen.
func (l *ewsLine) do(ctx context.Context, r *request) (reply, error) {
	if l.o.Auth == "basic" {
		password, err := reveal(l.o.Password, l.o.Secret)
		if err != nil {
			return reply{}, err
		}
		return l.post(ctx, r, r.body, "Basic "+base64.StdEncoding.EncodeToString([]byte(l.o.User+":"+password)))
	}
	if l.in {
		answer, err := l.post(ctx, r, r.body, "")
		if err != nil || answer.status != http.StatusUnauthorized {
			return answer, err
		} // the connection that was logged in is gone: nothing was done
	}
	l.in = false
	answer, proof, err := l.shake(ctx, r)
	if err != nil || proof == "" {
		return answer, err
	}
	answer, err = l.post(ctx, r, r.body, proof)
	l.in = err == nil && answer.status != http.StatusUnauthorized
	return answer, err
}

// shake does the first two legs of NTLM without the message, which may be large; proof is what the
// third must bear, "" where Exchange offers no NTLM.
func (l *ewsLine) shake(ctx context.Context, r *request) (answer reply, proof string, err error) {
	hello, err := ntlmssp.NewNegotiateMessage("", "")
	if err != nil {
		return answer, "", &Failure{Kind: ErrLogin, Op: "NTLM", Err: err}
	}
	answer, err = l.post(ctx, &request{mailbox: r.mailbox}, nil, "NTLM "+base64.StdEncoding.EncodeToString(hello))
	if err != nil {
		return answer, "", err
	}
	for _, offer := range answer.header.Values("WWW-Authenticate") {
		scheme, text, _ := strings.Cut(offer, " ")
		challenge, bad := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if answer.status != http.StatusUnauthorized || !strings.EqualFold(scheme, "NTLM") || bad != nil || len(challenge) == 0 {
			continue
		}
		password, err := reveal(l.o.Password, l.o.Secret)
		if err != nil {
			return answer, "", err
		}
		third, err := ntlmssp.NewAuthenticateMessage(challenge, l.o.User, password, nil)
		if err != nil {
			return answer, "", &Failure{Kind: ErrLogin, Op: "NTLM", Err: err, Remedy: "Exchange's offer of NTLM cannot be used: use auth = \"basic\"."}
		}
		return answer, "NTLM " + base64.StdEncoding.EncodeToString(third), nil
	}
	return answer, "", nil
}

// post makes one HTTP request.
func (l *ewsLine) post(ctx context.Context, r *request, body []byte, authorization string) (reply, error) {
	header := http.Header{
		"Content-Type": {"text/xml; charset=utf-8"}, "User-Agent": {"Holdover"}, "X-AnchorMailbox": {headerSafe(r.mailbox)},
	}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	answer, sent, err := l.web.do(ctx, http.MethodPost, l.web.base.String(), header, body, answerBudget)
	r.sent = r.sent || sent
	return answer, err
}

// headerSafe keeps what may stand in a header line; the header is a hint for load balancers only.
func headerSafe(address string) string {
	return strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return -1
		}
		return r
	}, address)
}
