-- One text for PostgreSQL and SQLite: TEXT and BIGINT only. Times are microseconds since 1970, flags are 0 or 1.

CREATE TABLE check_value (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organizations (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_digest TEXT NOT NULL UNIQUE,
    data_key TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    secret_digest TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Secrets and tokens are sealed text. They, and the token's digest, are NULL once the instance is erased.
CREATE TABLE instances (
    id BIGINT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    element_key TEXT NOT NULL,
    element_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- Lower case, folded before it is stored: the two databases fold differently.
    name_folded TEXT NOT NULL,
    tags TEXT NOT NULL,
    configuration TEXT NOT NULL,
    secrets TEXT,
    token_digest TEXT UNIQUE,
    token_sealed TEXT,
    access_token TEXT,
    refresh_token TEXT,
    scope TEXT NOT NULL,
    expires_at BIGINT,
    requested_at BIGINT NOT NULL,
    -- Raised only when the token pair changes.
    version BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    -- Why the instance is not valid; NULL: it is.
    verdict TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    erased BIGINT NOT NULL,
    -- A refresh under way: who holds it, until when, and the digest of the refresh token about to be spent.
    lease_owner TEXT,
    lease_until BIGINT,
    intent TEXT,
    refresh_due_at BIGINT
);

CREATE INDEX instances_by_organization ON instances (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX instances_to_erase ON instances (deleted_at, id) WHERE deleted_at IS NOT NULL AND erased = 0;
CREATE INDEX instances_to_refresh ON instances (refresh_due_at) WHERE deleted_at IS NULL;

-- The tags again, a row each, for filtering; the list in `instances` keeps their order.
CREATE TABLE instance_tags (
    instance_id BIGINT NOT NULL REFERENCES instances (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (instance_id, tag)
);

-- One code, one instance: rows outlive their instance.
CREATE TABLE spent_codes (
    digest TEXT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
    organization_id BIGINT NOT NULL,
    key_digest TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    instance_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, key_digest)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
