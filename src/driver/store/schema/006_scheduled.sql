-- Events that happen later: each waits here as the trigger it came as, and what it says and to whom is planned
-- when it fires, with the templates of that moment.

CREATE TABLE scheduled (
    no INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: who fires a row that was cancelled finds none
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,                     -- of the event; may repeat, like the event's own
    type TEXT NOT NULL,
    end_user TEXT NOT NULL,               -- its name: met in an event only when this fires
    trace_id TEXT,
    send_at_ms INTEGER NOT NULL,          -- what was asked for
    due_ms INTEGER,                       -- when it fires; NULL: its tenant was suspended when it should have
    created_ms INTEGER NOT NULL,
    body TEXT NOT NULL                    -- the trigger, a JSON object
) STRICT;
-- The earliest comes first, all tenants together, as time is.
CREATE INDEX scheduled_due ON scheduled (due_ms, send_at_ms, no) WHERE due_ms IS NOT NULL;
CREATE INDEX scheduled_held ON scheduled (tenant) WHERE due_ms IS NULL;
CREATE INDEX scheduled_id ON scheduled (tenant, id);
CREATE INDEX scheduled_end_user ON scheduled (tenant, end_user);
CREATE INDEX scheduled_page ON scheduled (tenant, send_at_ms, no);

-- How many of a tenant's events wait: there is a ceiling, and counting up to it for every trigger would cost
-- more than the trigger. Whoever writes `scheduled` writes this in the same transaction.
CREATE TABLE scheduled_count (
    tenant INTEGER PRIMARY KEY,
    waiting INTEGER NOT NULL
) STRICT;

-- A replay tells again when the first one was scheduled for. 0: it was not.
ALTER TABLE idempotency ADD COLUMN send_at_ms INTEGER NOT NULL DEFAULT 0;
