-- Whose tokens are good, besides the server's own, and who may ask for some.

-- Keys that verify the login tokens a tenant's own system signs: at most 16 a tenant, read with it.
CREATE TABLE verification_key (
    tenant INTEGER NOT NULL,
    id BLOB NOT NULL,
    kind INTEGER NOT NULL,                -- KeyKind
    kid TEXT,
    issuer TEXT,                          -- NULL: any, as below
    audience TEXT,
    user_claim TEXT NOT NULL,
    secret_sealed BLOB,                   -- HS256
    public_key TEXT,                      -- RS256, ES256: PEM
    jwks_url TEXT,
    jwks TEXT,                            -- the last good answer from there
    jwks_fetched_ms INTEGER NOT NULL DEFAULT 0, -- when it came
    jwks_error TEXT,                      -- NULL: the last fetch worked
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

-- Programs of a tenant that trade a secret for a token (POST /oidc/token). Found by their id alone.
CREATE TABLE service_account (
    client_id TEXT PRIMARY KEY NOT NULL,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,            -- SHA-256 of 32 random bytes in text form
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX service_account_of_tenant ON service_account (tenant);
