-- What comes back about e-mails and SMS, and to whom none are sent any more.

-- Where a vendor reports to: an address nobody can guess. Looked up by its hash; sealed, so that it can be shown.
ALTER TABLE provider ADD COLUMN hook_hash BLOB;
ALTER TABLE provider ADD COLUMN hook_sealed BLOB;
CREATE UNIQUE INDEX provider_hook ON provider (hook_hash) WHERE hook_hash IS NOT NULL;

-- What a vendor told of a delivery, the first time of each kind: an opened mail is opened, however often.
-- Goes with its delivery.
CREATE TABLE report (
    tenant INTEGER NOT NULL,
    event INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    kind INTEGER NOT NULL,                -- ReportKind
    at_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,               -- its name then
    cause TEXT,
    PRIMARY KEY (tenant, event, channel, kind)
) STRICT, WITHOUT ROWID;

-- Plain text: an operator who is asked "why do I get nothing?" must find the address.
CREATE TABLE suppression (
    tenant INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    address TEXT NOT NULL,                -- of an e-mail in lower case
    category TEXT NOT NULL,               -- an event type; '': all of them
    id BLOB NOT NULL,
    reason INTEGER NOT NULL,              -- SuppressReason
    source TEXT NOT NULL,                 -- the provider or the admin who said so
    note TEXT,
    end_user INTEGER,                     -- whom the address belonged to, as far as known: for erasing
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, channel, address, category)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX suppression_id ON suppression (tenant, id);
CREATE INDEX suppression_user ON suppression (tenant, end_user) WHERE end_user IS NOT NULL;

-- Dead letters: what was given up, all channels. Small where things work.
CREATE INDEX delivery_dead ON delivery (tenant, event, channel) WHERE status = 3;
