ALTER TABLE deliveries ADD COLUMN answer TEXT;
ALTER TABLE deliveries ADD COLUMN due INTEGER; -- microseconds since 1970
ALTER TABLE deliveries ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN changed INTEGER; -- number of the newest change
ALTER TABLE deliveries ADD COLUMN facet INTEGER; -- facets.id
ALTER TABLE deliveries ADD COLUMN arrival INTEGER; -- order of unfinished durable deliveries

-- What filters look at. Deliveries that are alike in all of it share a row, so
-- that any combination of filters is a few ranges of one index. An empty table
-- makes the journal fill it and deliveries.facet when it opens the file.
CREATE TABLE facets (
    id     INTEGER PRIMARY KEY,
    claim  TEXT NOT NULL,
    route  TEXT NOT NULL,
    state  TEXT NOT NULL,
    method TEXT NOT NULL, -- "*" stands for all unusual ones
    status INTEGER NOT NULL
);

DROP INDEX deliveries_state;
CREATE INDEX deliveries_facet ON deliveries (facet);

CREATE INDEX deliveries_sender ON deliveries (sender_id, claim) WHERE sender_id IS NOT NULL AND state <> 'duplicate';

CREATE INDEX deliveries_arrival ON deliveries (arrival) WHERE arrival IS NOT NULL;

-- What came in, of unfinished durable deliveries of which requests holds less.
CREATE TABLE originals (
    seq    INTEGER PRIMARY KEY,
    sealed INTEGER NOT NULL, -- head, body and file are encrypted
    head   BLOB,
    body   BLOB,
    file   TEXT -- holds the body instead
);

-- The log of changes: the deliveries that one transaction has changed, 8 bytes
-- of seq each. The last of them has the number, those before the ones below it.
-- Of several changes of one delivery the newest counts.
CREATE TABLE changes (
    number INTEGER PRIMARY KEY,
    seqs   BLOB NOT NULL
);

-- What is left of pruned deliveries that may come again.
CREATE TABLE remembered (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    claim       TEXT,
    relay       TEXT,
    state       TEXT NOT NULL,
    status      INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    body_sha256 TEXT,
    sender_id   TEXT
);

CREATE UNIQUE INDEX remembered_id ON remembered (id);
CREATE INDEX remembered_sender ON remembered (sender_id) WHERE sender_id IS NOT NULL;

-- counted is how long journals have had the file open, in seconds; a row spans
-- the time to the next row and says which deliveries were stored in it.
CREATE TABLE spans (
    counted INTEGER PRIMARY KEY,
    oldest  INTEGER NOT NULL,
    newest  INTEGER NOT NULL
);

CREATE TABLE numbers (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);

-- The full-text index: one table words_<id> for the deliveries from low on, in
-- buckets of a millisecond. What is later than indexed, and what is in
-- unindexed, is not in it as it is now.
CREATE TABLE shards (
    id      INTEGER PRIMARY KEY,
    low     INTEGER NOT NULL,
    buckets INTEGER NOT NULL
);

CREATE TABLE indexed (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    bucket INTEGER NOT NULL
);

CREATE TABLE unindexed (
    bucket INTEGER PRIMARY KEY
);
