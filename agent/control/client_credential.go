package control

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Credentials returns what may be shown of the stored credentials.
func (c *Client) Credentials(ctx context.Context) ([]Credential, error) {
	a, err := get[credentialsAnswer](ctx, c, "/v1/credentials", nil)
	if err != nil {
		return nil, err
	}
	return a.Credentials, nil
}

// SetCredential stores value, text of 1 byte to 16 KiB, under name, in place of
// what is there. The error of this and the following methods wraps ErrLocked while
// the agent waits for its keyring.
func (c *Client) SetCredential(ctx context.Context, name, value string) error {
	return c.call(ctx, callTimeout, http.MethodPut, credentialPath(name), nil, []byte(value), nil)
}

// RotateCredential stores value under name and lets the values that are there be
// valid besides for keep, or with 0 until RemoveOldValues.
func (c *Client) RotateCredential(ctx context.Context, name, value string, keep time.Duration) error {
	query := url.Values{"rotate": {"true"}}
	if keep > 0 {
		query.Set("keep", keep.String())
	}
	return c.call(ctx, callTimeout, http.MethodPut, credentialPath(name), query, []byte(value), nil)
}

// RemoveCredential removes a credential; ErrNotFound if there is none.
func (c *Client) RemoveCredential(ctx context.Context, name string) error {
	return c.call(ctx, callTimeout, http.MethodDelete, credentialPath(name), nil, nil, nil)
}

// RemoveOldValues removes the values of a credential but the newest; ErrNotFound
// if there is no credential of that name.
func (c *Client) RemoveOldValues(ctx context.Context, name string) error {
	return c.call(ctx, callTimeout, http.MethodDelete, credentialPath(name), url.Values{"old": {"true"}}, nil, nil)
}

// MoveCredentials has the root key of the credentials kept at another place.
func (c *Client) MoveCredentials(ctx context.Context, m MoveCredentials) (*CredentialStore, error) {
	return post[CredentialStore](ctx, c, callTimeout, "/v1/credentials-store", m)
}

func credentialPath(name string) string { return "/v1/credentials/" + url.PathEscape(name) }
