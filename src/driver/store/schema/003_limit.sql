-- Limits and signatures.

-- What a tenant had accepted on a UTC day (days since 1970): written with the events, once a batch, so
-- that a restart knows how much of the daily cap is used without counting events.
CREATE TABLE usage_day (
    tenant INTEGER NOT NULL,
    day INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;

-- While a webhook secret is being replaced, signatures by the one before it are good too.
ALTER TABLE tenant ADD COLUMN webhook_secret_old_sealed BLOB;
ALTER TABLE tenant ADD COLUMN webhook_secret_old_until_ms INTEGER NOT NULL DEFAULT 0;
