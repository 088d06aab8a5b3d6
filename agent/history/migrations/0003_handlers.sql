-- checked holds the keys of the checks that the sender has passed, each with a
-- newline behind it; a newline alone says that none was needed. renewed is the
-- number of the last attempt before the user had the delivery retried.
ALTER TABLE deliveries ADD COLUMN checked TEXT;
ALTER TABLE deliveries ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;

-- What the routes said of the delivery, as JSON.
ALTER TABLE requests ADD COLUMN trace BLOB;

-- place is that of the handler in its route. With given_up, the handler has
-- failed and is not tried again.
ALTER TABLE attempts ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;

UPDATE deliveries SET renewed = max(attempts - starts, 0) WHERE arrival IS NOT NULL;

-- An attempt that runs has a row from now on as soon as it has begun.
INSERT OR IGNORE INTO attempts (seq, number, route, started, duration_ms, status, exit, output_truncated, response_size, response_truncated)
SELECT seq, attempts, route, seq / 1000, 0, 0, -1, 0, 0, 0 FROM deliveries
WHERE arrival IS NOT NULL AND state = 'running' AND attempts > 0;
