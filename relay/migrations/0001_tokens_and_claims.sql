-- Facts about this relay: its pseudonym in Via.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Times are milliseconds since 1970, UTC.
CREATE TABLE tokens (
    name       TEXT PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,   -- SHA-256 of the token
    created    INTEGER NOT NULL,
    revoked    INTEGER NOT NULL DEFAULT 0,
    max_claims INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    name     TEXT PRIMARY KEY,         -- in lower case
    token    TEXT NOT NULL REFERENCES tokens (name) ON UPDATE CASCADE,
    answer   TEXT NOT NULL,
    max_body INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_token ON claims (token);
