package relay

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// tokenRecord and claimRecord are rows of the store.
type tokenRecord struct {
	Token
	hash tokenHash
}

type claimRecord struct {
	Name    string
	Token   string // name of the token that holds it
	Answer  string
	MaxBody int64 // bytes; 0 for the relay's own limit
	Created time.Time
	More    moreSettings
}

// fact returns a fact about the relay, which is value from now on if there
// was none.
func (s *store) fact(ctx context.Context, name, value string) (string, error) {
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT value FROM facts WHERE name = ?", name).Scan(&value)
	})
	return value, err
}

// addToken keeps the hash of a new token. A name whose token was revoked may
// be given again: the new token then holds the claims of the old one.
func (s *store) addToken(ctx context.Context, name string, hash tokenHash, maxClaims int) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO tokens (name, hash, created, max_claims) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, created = excluded.created,
				max_claims = excluded.max_claims, revoked = 0 WHERE revoked <> 0`,
			name, hash[:], time.Now().UnixMilli(), maxClaims)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTokenExists)
		}
		return nil
	})
}

// revokeToken ends a token. Its claims stay, so that nobody else can take
// their names.
func (s *store) revokeToken(ctx context.Context, name string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE tokens SET revoked = ? WHERE name = ? AND revoked = 0", time.Now().UnixMilli(), name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoToken)
		}
		return nil
	})
}

// tokens returns all tokens in the order of their names.
func (s *store) tokens(ctx context.Context) ([]tokenRecord, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, hash, created, revoked, max_claims,
		(SELECT count(*) FROM claims WHERE claims.token = tokens.name) FROM tokens ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []tokenRecord
	for rows.Next() {
		var t tokenRecord
		var hash []byte
		var created, revoked int64
		if err := rows.Scan(&t.Name, &hash, &created, &revoked, &t.MaxClaims, &t.Claims); err != nil {
			return nil, err
		}
		if copy(t.hash[:], hash) != len(t.hash) {
			return nil, fmt.Errorf("token %q has a malformed hash", t.Name)
		}
		t.Created = time.UnixMilli(created)
		if revoked != 0 {
			t.Revoked = time.UnixMilli(revoked)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// claims returns all claims in the order of their names.
func (s *store) claims(ctx context.Context) ([]claimRecord, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, token, answer, max_body, created, settings FROM claims ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []claimRecord
	for rows.Next() {
		var c claimRecord
		var created int64
		var more string
		if err := rows.Scan(&c.Name, &c.Token, &c.Answer, &c.MaxBody, &created, &more); err != nil {
			return nil, err
		}
		c.Created = time.UnixMilli(created)
		if err := json.Unmarshal([]byte(more), &c.More); err != nil {
			return nil, fmt.Errorf("claim %q has malformed settings: %w", c.Name, err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// ensureClaim returns the claim of a name, and creates it with the given
// settings if there is none. The error is a [*refusal] when the name is
// another token's, or the token may hold no more.
func (s *store) ensureClaim(ctx context.Context, want claimRecord) (got claimRecord, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		got, err = ensureClaim(ctx, tx, want)
		return err
	})
	return got, err
}

// putClaim is ensureClaim, but also changes the settings of a claim that is
// there.
func (s *store) putClaim(ctx context.Context, want claimRecord) (got claimRecord, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if got, err = ensureClaim(ctx, tx, want); err != nil {
			return err
		}
		got.Answer, got.MaxBody, got.More = want.Answer, want.MaxBody, want.More
		more, err := json.Marshal(got.More)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE claims SET answer = ?, max_body = ?, settings = ? WHERE name = ?",
			got.Answer, got.MaxBody, string(more), got.Name)
		return err
	})
	return got, err
}

func ensureClaim(ctx context.Context, tx *sql.Tx, want claimRecord) (claimRecord, error) {
	got := claimRecord{Name: want.Name}
	var created int64
	var more string
	err := tx.QueryRowContext(ctx, "SELECT token, answer, max_body, created, settings FROM claims WHERE name = ?", want.Name).
		Scan(&got.Token, &got.Answer, &got.MaxBody, &created, &more)
	switch {
	case err == nil && got.Token != want.Token:
		return got, errNotYours
	case err == nil:
		got.Created = time.UnixMilli(created)
		return got, json.Unmarshal([]byte(more), &got.More)
	case !errors.Is(err, sql.ErrNoRows):
		return got, err
	}
	if err := mayClaim(ctx, tx, want.Token); err != nil {
		return got, err
	}
	got = want
	got.Created = time.UnixMilli(time.Now().UnixMilli())
	settings, err := json.Marshal(got.More)
	if err != nil {
		return got, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO claims (name, token, answer, max_body, created, settings) VALUES (?, ?, ?, ?, ?, ?)",
		got.Name, got.Token, got.Answer, got.MaxBody, got.Created.UnixMilli(), string(settings))
	return got, err
}

// mayClaim checks that a token is good and has room for one more claim.
func mayClaim(ctx context.Context, tx *sql.Tx, token string) error {
	var most, have int
	err := tx.QueryRowContext(ctx, `SELECT max_claims, (SELECT count(*) FROM claims WHERE token = tokens.name)
		FROM tokens WHERE name = ? AND revoked = 0`, token).Scan(&most, &have)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errBadToken
	case err != nil:
		return err
	case have >= most:
		return refuse(403, fmt.Sprintf("this token may hold %d claims and holds %d; release one, or ask the relay's owner for more", most, have))
	}
	return nil
}

// removeClaim releases a claim that the token holds.
func (s *store) removeClaim(ctx context.Context, name, token string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM claims WHERE name = ? AND token = ?", name, token)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errNoClaim)
		}
		return nil
	})
}
