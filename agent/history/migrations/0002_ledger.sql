-- answer is the claim's mode. due and the like are microseconds since 1970.
-- changed is the number of the newest change, facet is facets.id, arrival the
-- order of unfinished durable deliveries.
ALTER TABLE deliveries ADD COLUMN answer TEXT;
ALTER TABLE deliveries ADD COLUMN due INTEGER;
ALTER TABLE deliveries ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN changed INTEGER;
ALTER TABLE deliveries ADD COLUMN facet INTEGER;
ALTER TABLE deliveries ADD COLUMN arrival INTEGER;

-- What filters look at. Deliveries that are alike in all of it share a row, so
-- that any combination of filters is a few ranges of one index. The method "*"
-- stands for all unusual ones. An empty table makes the journal fill it and
-- deliveries.facet when it opens the file.
CREATE TABLE facets (id INTEGER PRIMARY KEY, claim TEXT, route TEXT, state TEXT, method TEXT, status INTEGER);

DROP INDEX deliveries_state;
CREATE INDEX deliveries_facet ON deliveries (facet);
CREATE INDEX deliveries_sender ON deliveries (sender_id, claim) WHERE sender_id IS NOT NULL AND state <> 'duplicate';
CREATE INDEX deliveries_arrival ON deliveries (arrival) WHERE arrival IS NOT NULL;

-- What came in, of unfinished durable deliveries of which requests holds less.
-- Head, body and file are encrypted if sealed; file holds the body instead.
CREATE TABLE originals (seq INTEGER PRIMARY KEY, sealed INTEGER, head BLOB, body BLOB, file TEXT);

-- The log of changes: the deliveries that one transaction has changed, 8 bytes
-- of seq each. The last of them has the number, those before the ones below it.
-- Of several changes of one delivery the newest counts.
CREATE TABLE changes (number INTEGER PRIMARY KEY, seqs BLOB);

-- What is left of pruned deliveries that may come again.
CREATE TABLE remembered (seq INTEGER PRIMARY KEY, id TEXT, claim TEXT, relay TEXT, state TEXT, status INTEGER, size INTEGER, body_sha256 TEXT, sender_id TEXT);
CREATE UNIQUE INDEX remembered_id ON remembered (id);
CREATE INDEX remembered_sender ON remembered (sender_id) WHERE sender_id IS NOT NULL;

-- counted is how long journals have had the file open, in seconds; a row spans
-- the time to the next row and says which deliveries were stored in it.
CREATE TABLE spans (counted INTEGER PRIMARY KEY, oldest INTEGER, newest INTEGER);

CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER);

-- What the index of searches, a file of its own, does not hold as it is now.
CREATE TABLE unindexed (bucket INTEGER PRIMARY KEY);
