-- "HHrq": tells this file from other SQLite files.
PRAGMA application_id = 0x48487271;

-- One row per delivery that is accepted and not yet home. seq is the order of
-- acceptance. The body comes last, so that nothing else lies behind its pages.
CREATE TABLE items (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL,
    claim    TEXT NOT NULL,
    received INTEGER NOT NULL, -- microseconds since 1970
    attempts INTEGER NOT NULL,
    bytes    INTEGER NOT NULL, -- what counts against the claim's limit
    size     INTEGER NOT NULL, -- of the body
    file     TEXT,             -- in the folder bodies, if the body is not here
    sum      INTEGER NOT NULL, -- CRC-32C of that file; 0 for none
    crc      INTEGER NOT NULL, -- CRC-32C of the row, but for seq, attempts and bytes
    head     BLOB,
    origin   BLOB,
    trailer  BLOB,
    body     BLOB
);

CREATE INDEX items_claim ON items (claim);
CREATE INDEX items_file ON items (file) WHERE file IS NOT NULL;

-- Deliveries that the disk has not kept as they were: the body's file is gone or
-- cut, or bytes of it or of the row have changed; and deliveries that came for
-- another holder of the claim's name. They are not sent any more; what is left of
-- them stays here for a person to see.
CREATE TABLE lost (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL,
    claim    TEXT NOT NULL,
    received INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    why      TEXT NOT NULL, -- in words
    file     TEXT,
    head     BLOB,
    origin   BLOB,
    trailer  BLOB,
    body     BLOB
);
