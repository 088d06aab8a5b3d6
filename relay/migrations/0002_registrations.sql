-- The token that holds the names which agents without a token have claimed.
-- Nobody has it: its hash is that of nothing.
INSERT INTO tokens (name, hash, created, max_claims)
VALUES ('(open)', randomblob(32), CAST(unixepoch('subsec') * 1000 AS INTEGER), 10000);

-- What agents have claimed over ReverseHttp.
CREATE TABLE registrations (
    name       TEXT PRIMARY KEY REFERENCES claims (name) ON DELETE CASCADE,
    asked      TEXT NOT NULL,      -- the name that was asked for
    token      BLOB NOT NULL,      -- SHA-256 of the token it was claimed with
    salt       BLOB NOT NULL,      -- what the secret is made of, beside the token
    secret     BLOB NOT NULL,      -- SHA-256 of the secret in the URLs
    lease      INTEGER NOT NULL,   -- seconds
    made_claim INTEGER NOT NULL    -- 1 if the claim was made for it
) STRICT, WITHOUT ROWID;
