-- E-mail and SMS on their way out: who sends them, who is sending them now, and each try.

CREATE TABLE provider (
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    channel INTEGER NOT NULL,             -- Channel
    kind TEXT NOT NULL,                   -- ProviderKind: 'resend', 'webhook', ...
    credentials_sealed BLOB NOT NULL,     -- a JSON object, bound to tenant and row
    key_id INTEGER NOT NULL,              -- of the master key that sealed it
    base_url TEXT,                        -- instead of the vendor's own
    priority INTEGER NOT NULL,            -- the lowest is asked first
    active INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;

-- A delivery in the hands of a courier carries that courier's number, written before the call is made; so
-- after a crash exactly these are uncertain (RELIABILITY P5).
ALTER TABLE delivery ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;      -- 0: in nobody's hands
ALTER TABLE delivery ADD COLUMN retry_count INTEGER NOT NULL DEFAULT 0; -- delays taken; attempt_count counts calls
ALTER TABLE delivery ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0; -- FAILED because nobody wanted it sent
CREATE INDEX delivery_claimed ON delivery (claim) WHERE claim <> 0;

-- The queue, one line a tenant and channel, so that a long one is nobody else's problem. A first attempt
-- is due at 0, which puts a line into the order in which its events were accepted (P9).
DROP INDEX delivery_due;
UPDATE delivery SET due_ms = 0 WHERE status = 0;
CREATE INDEX delivery_line ON delivery (tenant, channel, due_ms, event)
    WHERE status IN (0, 4) AND claim = 0;

CREATE TABLE attempt (                    -- one call to a provider; goes with its delivery
    tenant INTEGER NOT NULL,
    event INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    no INTEGER NOT NULL,                  -- from 1
    provider TEXT,                        -- its name then; NULL: not known after a crash
    provider_id BLOB,
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL,
    class INTEGER NOT NULL,               -- OutcomeClass
    status INTEGER,                       -- HTTP status or SMTP reply; NULL: no answer
    reference TEXT,                       -- the vendor's id of the message
    request TEXT,                         -- excerpts, bounded, secrets taken out
    answer TEXT,
    cause TEXT,
    PRIMARY KEY (tenant, event, channel, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_reference ON attempt (tenant, reference) WHERE reference IS NOT NULL;

-- What a template asks for when it is not known whether a message went out: 0 send it again, 1 never.
ALTER TABLE template ADD COLUMN at_most_once INTEGER NOT NULL DEFAULT 0;
ALTER TABLE template_version ADD COLUMN at_most_once INTEGER NOT NULL DEFAULT 0;
