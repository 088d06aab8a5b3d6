-- "Homh": tells this file from other SQLite files.
PRAGMA application_id = 0x486f6d68;

-- seq is the time of receipt in microseconds since 1970, times 1000, plus a
-- tie-break. The table's own order is so the order of listings and of
-- retention, and neither needs an index. Rows are narrow: filters scan them.
CREATE TABLE deliveries (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    claim        TEXT,
    relay        TEXT,
    state        TEXT NOT NULL,
    durable      INTEGER NOT NULL,
    method       TEXT,
    path         TEXT,
    query        TEXT,
    remote       TEXT,
    size         INTEGER NOT NULL,
    body_sha256  TEXT,
    route        TEXT,
    status       INTEGER NOT NULL,
    duration_ms  REAL NOT NULL,
    attempts     INTEGER NOT NULL,
    sender_id    TEXT,
    duplicate_of TEXT,
    replay_of    TEXT,
    reason       TEXT
);

CREATE UNIQUE INDEX deliveries_id ON deliveries (id);

-- Few rows are anything but succeeded, so this index costs next to nothing.
-- SQLite uses it only where a query says state <> 'succeeded' as well.
CREATE INDEX deliveries_state ON deliveries (state) WHERE state <> 'succeeded';

-- What came in, apart from deliveries so that filters need not read bodies.
CREATE TABLE requests (
    seq            INTEGER PRIMARY KEY,
    head           BLOB,
    body           BLOB,
    body_truncated INTEGER NOT NULL
);

CREATE TABLE attempts (
    seq                INTEGER NOT NULL,
    number             INTEGER NOT NULL,
    route              TEXT,
    handler            TEXT,
    started            INTEGER NOT NULL, -- microseconds since 1970
    duration_ms        REAL NOT NULL,
    status             INTEGER NOT NULL,
    exit               INTEGER NOT NULL,
    output             BLOB,
    output_truncated   INTEGER NOT NULL,
    error              TEXT,
    response_head      BLOB,
    response_body      BLOB,
    response_size      INTEGER NOT NULL,
    response_truncated INTEGER NOT NULL
);

CREATE UNIQUE INDEX attempts_number ON attempts (seq, number);
