package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"homehook/agent/config"
)

// registry speaks the claims API of one relay: settings of claims go there,
// and their public URLs come from there. Relays of other makes have none.
type registry struct {
	base   *url.URL
	token  string
	client *http.Client
}

// errForeign reports a relay without a claims API.
var errForeign = errors.New("relay has no claims API")

const registryTimeout = 10 * time.Second

func newRegistry(base *url.URL, token string, conf *tls.Config) *registry {
	t := &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}
	return &registry{base: base, token: token, client: &http.Client{
		Transport: t, Timeout: registryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// put states the settings of a claim and returns its public URL.
func (r *registry) put(ctx context.Context, c config.Claim) (string, error) {
	body, err := json.Marshal(map[string]any{"answer": c.Answer, "max_body": c.MaxBody})
	if err != nil {
		return "", err
	}
	var told struct {
		URL string `json:"url"`
	}
	if err := r.do(ctx, http.MethodPut, c.Name, body, &told); err != nil {
		return "", err
	}
	if u, err := url.Parse(told.URL); err != nil || u.Host == "" {
		return "", errForeign
	}
	return told.URL, nil
}

// guess is the public URL of a claim at a relay that cannot tell.
func (r *registry) guess(name string) string { return r.base.JoinPath("~"+name, "/").String() }

// remove releases a claim. A claim that the relay does not know is released.
func (r *registry) remove(ctx context.Context, name string) error {
	return r.do(ctx, http.MethodDelete, name, nil, nil)
}

func (r *registry) do(ctx context.Context, method, name string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base.JoinPath("api", "claims", name).String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask relay: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read relay's answer: %w", err)
	}
	return judge(res, answer, into)
}

// judge turns an answer of the claims API into a result. What is not JSON does
// not come from that API.
func judge(res *http.Response, answer []byte, into any) error {
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &problem) != nil {
		return errForeign
	}
	switch {
	case res.StatusCode < 300 && into != nil:
		return json.Unmarshal(answer, into)
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusNotFound && res.Request.Method == http.MethodDelete:
		return nil
	case problem.Detail != "":
		return fmt.Errorf("relay says: %s (%d)", problem.Detail, res.StatusCode)
	}
	return fmt.Errorf("relay says: %s (%d)", problem.Title, res.StatusCode)
}
