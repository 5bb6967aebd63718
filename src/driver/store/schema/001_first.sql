-- The first schema. Applied once, in one transaction; never edited afterwards: a change is the next file.
--
-- Every key begins with the tenant's number, so no lookup can leave its tenant by accident and one
-- tenant's rows lie together. Numbers (`no`) are given by the writer in commit order; they never leave
-- the store. Ids (16-byte UUIDs) are what the world sees. Times are milliseconds since 1970.
--
-- What one accepted event with one PUSH costs (see sqlite_accept.c): one row in event, delivery, message
-- and inbox. All of them are appended at the end of their tree or of their tenant's part of it, except
-- inbox, which is clustered by user.

-- ---- who uses us ----

CREATE TABLE tenant (
    no INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: rows of a deleted tenant find no heir
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    active INTEGER NOT NULL DEFAULT 1,
    api_key_hash BLOB NOT NULL UNIQUE,    -- SHA-256
    api_key_sealed BLOB NOT NULL,         -- so that the console can show it
    webhook_secret_sealed BLOB,
    rate_limit_per_minute INTEGER NOT NULL DEFAULT 100, -- 0: unlimited, as below
    daily_cap INTEGER NOT NULL DEFAULT 10000,
    delivery_channels INTEGER NOT NULL DEFAULT 7, -- ChannelSet
    channels TEXT NOT NULL DEFAULT '[]',  -- JSON array of custom WebSocket channels
    sender_email TEXT,
    sender_name TEXT,
    bridge_dialects INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE template (
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    channel INTEGER NOT NULL,             -- Channel
    format INTEGER NOT NULL DEFAULT 0,    -- TemplateFormat
    subject TEXT,
    body TEXT NOT NULL,
    target_channel TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    active INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, event_type, channel)
) STRICT;

CREATE TABLE template_version (           -- what each version said, the current one included
    tenant INTEGER NOT NULL,
    template BLOB NOT NULL,
    version INTEGER NOT NULL,
    format INTEGER NOT NULL DEFAULT 0,
    subject TEXT,
    body TEXT NOT NULL,
    target_channel TEXT,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, template, version)
) STRICT;

CREATE TABLE admin_user (
    username TEXT PRIMARY KEY NOT NULL,
    password_hash TEXT NOT NULL,          -- argon2id, in its own text form
    role INTEGER NOT NULL,
    tenant INTEGER,                       -- NULL: an operator
    must_reset INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE admin_session (
    id_hash BLOB PRIMARY KEY NOT NULL,    -- SHA-256 of the bearer token
    username TEXT NOT NULL,
    role INTEGER NOT NULL,
    tenant INTEGER,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    idle_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    no INTEGER PRIMARY KEY,
    tenant INTEGER,                       -- NULL: about the whole server
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,                 -- 'event.unmatched', 'tenant.created', ...
    subject TEXT,
    trace_id TEXT,
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX audit_of_tenant ON audit (tenant, no);

-- ---- what is sent ----

-- A tenant's own users, met in events. Not called "user": in PostgreSQL that word is a function.
-- The last position of a user's feed is the one of its newest inbox row, which lies where the next row
-- goes anyway; so an accept updates no counter. seq_floor keeps positions from being given again:
-- whoever deletes inbox rows first raises it to the highest deleted seq.
CREATE TABLE end_user (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    seq_floor INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, id)
) STRICT;

CREATE TABLE event (
    no INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,                     -- the client's own, or a UUID's text; may repeat (E.1)
    type TEXT NOT NULL,
    end_user INTEGER NOT NULL,
    trace_id TEXT,
    payload TEXT NOT NULL,                -- JSON object
    variables TEXT NOT NULL,              -- JSON object
    created_ms INTEGER NOT NULL
) STRICT;

-- Clustered in commit order within the tenant: the log, newest first, is this key read backwards.
CREATE TABLE delivery (
    tenant INTEGER NOT NULL,
    event INTEGER NOT NULL,
    channel INTEGER NOT NULL,             -- Channel
    id BLOB NOT NULL,                     -- UUIDv7: the index below grows at its end
    status INTEGER NOT NULL,              -- DeliveryStatus
    recipient TEXT,                       -- NULL: PUSH
    cause TEXT,                           -- NULL unless it failed
    template_id BLOB,                     -- NULL: a platform template
    template_version INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL,              -- next attempt not before
    provider TEXT,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, event, channel)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX delivery_id ON delivery (tenant, id);
-- The queue: only what waits (PENDING, RETRYING) is in it. All tenants together, as time is.
CREATE INDEX delivery_due ON delivery (due_ms) WHERE status IN (0, 4);

-- ---- the in-app feed ----

CREATE TABLE message (                    -- content, once, however many users read it
    no INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL,                     -- UUIDv7: the index below grows at its end
    event INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    channel TEXT NOT NULL,                -- without "#user": inbox knows who
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    data TEXT NOT NULL,                   -- the publication's JSON object, as it was published
    created_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_id ON message (tenant, id);

-- One row a reader: a page of history is one range of this tree, a mark-read one point. message and
-- seq grow together (both are given in commit order), so the order by one is the order by the other.
CREATE TABLE inbox (
    tenant INTEGER NOT NULL,
    end_user INTEGER NOT NULL,
    message INTEGER NOT NULL,
    seq INTEGER NOT NULL,                 -- position in the user's feed, from 1
    read_ms INTEGER,                      -- NULL: unread
    PRIMARY KEY (tenant, end_user, message)
) STRICT, WITHOUT ROWID;
