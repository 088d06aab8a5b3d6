-- What else an agent has set of a claim: a JSON object with the members of the
-- claims API. A claim that a link has made has none.
ALTER TABLE claims ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
