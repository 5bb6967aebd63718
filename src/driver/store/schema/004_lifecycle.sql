-- A tenant's life after its birth: two keys while one is exchanged, and whose a message is.

-- The key before the current one keeps working until then (rotate-key with an overlap).
ALTER TABLE tenant ADD COLUMN api_key_old_hash BLOB;
ALTER TABLE tenant ADD COLUMN api_key_old_until_ms INTEGER NOT NULL DEFAULT 0;

-- The one user whose inbox holds the message. It makes a message's inbox row a point to find, so that
-- the sweep can go through messages by number, which is by age, and needs no index of its own.
ALTER TABLE message ADD COLUMN end_user INTEGER NOT NULL DEFAULT 0;
UPDATE message SET end_user = coalesce((SELECT e.end_user FROM event e WHERE e.no = message.event), 0);
