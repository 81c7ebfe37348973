package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Tenant asks the discovery document (OpenID Connect Discovery 1.0, 4) beside a token endpoint which
// tenant it belongs to. Nothing secret is sent. The answer's Pin is "tenant:" and the tenant's id.
func Tenant(ctx context.Context, tokenURL string, security Security, dial dialer) (Presented, error) {
	base, found := strings.CutSuffix(tokenURL, "/oauth2/v2.0/token")
	if !found {
		return Presented{}, errors.New("the token endpoint is not of the form https://HOST/TENANT/oauth2/v2.0/token: the tenant cannot be asked")
	}
	address := base + "/v2.0/.well-known/openid-configuration"
	w, err := newWeb("the tenant", address, security, dial)
	if err != nil {
		return Presented{}, err
	}
	defer w.close()
	r, _, err := w.do(ctx, http.MethodGet, address, http.Header{"Accept": {"application/json"}}, nil, tokenBudget)
	if err != nil {
		return Presented{}, broken("discovery", err, false)
	}
	var answer struct {
		Issuer string `json:"issuer"`
	}
	if r.status != http.StatusOK || json.Unmarshal(r.body, &answer) != nil {
		return Presented{}, fmt.Errorf("the discovery document cannot be read: HTTP %d", r.status)
	}
	issuer, err := url.Parse(answer.Issuer)
	if err != nil {
		return Presented{}, errors.New("the discovery document names no issuer")
	}
	id, _, _ := strings.Cut(strings.Trim(issuer.Path, "/"), "/")
	if id == "" {
		return Presented{}, errors.New("the discovery document names no tenant")
	}
	asked, _ := url.Parse(base)
	return Presented{Subject: oneLine(strings.Trim(asked.Path, "/")), Issuer: oneLine(answer.Issuer), Pin: "tenant:" + oneLine(strings.ToLower(id))}, nil
}
