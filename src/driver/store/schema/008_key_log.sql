-- Idempotency keys, appended as they come (RELIABILITY P7). Clustered by their hashes, as 002 had them, every
-- key dirtied a page of its own: 4 KiB to the WAL and later to the file, twice with the index by expiry. Here
-- thirty share one. Who has a key is asked of an index in memory, rebuilt from these rows after a start
-- (sqlite_key_index.h); for PostgreSQL it would be a unique hash index.

-- Keys from before this schema, and those beyond what that index may hold (KEYS_INDEXED_MAX).
ALTER TABLE idempotency RENAME TO idempotency_spill;

CREATE TABLE idempotency (
    no INTEGER PRIMARY KEY,               -- grows with time: expired rows are the first ones
    tenant INTEGER NOT NULL,
    key_hash BLOB NOT NULL,
    body_hash BLOB NOT NULL,              -- of the first request: another body is replayed too, and counted
    event_id TEXT NOT NULL,               -- of the first event, and
    answer TEXT NOT NULL,                 -- what its sender was told
    expires_ms INTEGER NOT NULL,          -- free again from then on, swept or not
    send_at_ms INTEGER NOT NULL DEFAULT 0 -- when the first event was scheduled for; 0: it was not
) STRICT;
