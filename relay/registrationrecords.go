package relay

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// openToken is the name of the token that holds what agents without a token
// have claimed. A person cannot give that name, and nobody has the token.
const openToken = "(open)"

// registrationRecord is what the store keeps of a name claimed over
// ReverseHttp.
type registrationRecord struct {
	Name   string    // of the claim
	Asked  string    // the name that was asked for
	Token  tokenHash // of the token that it was claimed with
	Salt   []byte    // what the secret is made of, beside the token
	Secret tokenHash // of the secret in the URLs
	Lease  time.Duration
	Made   bool // the claim was made for it, and ends with it
}

// register keeps a registration, in the place of one that the name had, and
// its claim, which is made if there is none. The error is a [*refusal] when
// the token may not have the name.
func (s *store) register(ctx context.Context, want claimRecord, reg registrationRecord) (got claimRecord, _ registrationRecord, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		var there, made int
		err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(max(registrations.made_claim), 0)
			FROM claims LEFT JOIN registrations USING (name) WHERE claims.name = ?`, want.Name).Scan(&there, &made)
		if err != nil {
			return err
		}
		if got, err = ensureClaim(ctx, tx, want); err != nil {
			return err
		}
		reg.Made = there == 0 || made == 1
		_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO registrations (name, asked, token, salt, secret, lease, made_claim)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, reg.Name, reg.Asked, reg.Token[:], reg.Salt, reg.Secret[:], int64(reg.Lease/time.Second), reg.Made)
		return err
	})
	return got, reg, err
}

// updateRegistration keeps what may change of a registration.
func (s *store) updateRegistration(ctx context.Context, reg registrationRecord) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE registrations SET token = ?, salt = ?, secret = ?, lease = ? WHERE name = ?",
			reg.Token[:], reg.Salt, reg.Secret[:], int64(reg.Lease/time.Second), reg.Name)
		return err
	})
}

// unregister forgets a registration, and its claim too if it is to.
func (s *store) unregister(ctx context.Context, name string, withClaim bool) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM registrations WHERE name = ?", name)
		if err == nil && withClaim {
			_, err = tx.ExecContext(ctx, "DELETE FROM claims WHERE name = ?", name)
		}
		return err
	})
}

// registrations returns all registrations in the order of their names.
func (s *store) registrations(ctx context.Context) ([]registrationRecord, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, asked, token, salt, secret, lease, made_claim FROM registrations ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []registrationRecord
	for rows.Next() {
		var r registrationRecord
		var token, secret []byte
		var lease int64
		if err := rows.Scan(&r.Name, &r.Asked, &token, &r.Salt, &secret, &lease, &r.Made); err != nil {
			return nil, err
		}
		if copy(r.Token[:], token) != len(r.Token) || copy(r.Secret[:], secret) != len(r.Secret) {
			return nil, fmt.Errorf("registration %q has a malformed hash", r.Name)
		}
		r.Lease = time.Duration(lease) * time.Second
		all = append(all, r)
	}
	return all, rows.Err()
}
