-- Keys under which events were accepted (RELIABILITY P7): written with the event, read by whoever repeats
-- it, swept when expired. Hashes, because keys and bodies are the client's and may say anything; 16 bytes
-- of each, so that a row stays small. They are as random as inserts get: one page a row is touched.

CREATE TABLE idempotency (
    tenant INTEGER NOT NULL,
    key_hash BLOB NOT NULL,
    body_hash BLOB NOT NULL,              -- of the first request: another body is replayed too, and counted
    event_id TEXT NOT NULL,               -- of the first event, and
    answer TEXT NOT NULL,                 -- what its sender was told
    expires_ms INTEGER NOT NULL,          -- free again from then on, swept or not
    PRIMARY KEY (tenant, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency (expires_ms); -- grows at its end, is swept at its start
