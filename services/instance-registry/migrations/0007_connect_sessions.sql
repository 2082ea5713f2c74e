-- Links by which a product's customers connect their accounts, each good for one instance.
CREATE TABLE connect_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    -- Who opened it, and will have made its instance.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Connectors' keys, and the instance's tags, as lists in JSON.
    elements TEXT NOT NULL,
    tags TEXT NOT NULL,
    name TEXT NOT NULL,
    end_user_id TEXT NOT NULL,
    return_url TEXT NOT NULL,
    caller_state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How the last login ended that made nothing: DENIED or FAILED. NULL: none did.
    setback TEXT,
    -- What it made. NULL: nothing yet.
    instance_id BIGINT,
    -- Digests of the Idempotency-Key and the body that came with it.
    request_key TEXT,
    request_body TEXT,
    UNIQUE (organization_id, request_key)
);

CREATE INDEX connect_sessions_by_end ON connect_sessions (expires_at);

-- The secret of a link is in the link alone; here is its digest.
CREATE TABLE connect_links (
    digest TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES connect_sessions (id) ON DELETE CASCADE
);

CREATE INDEX connect_links_by_session ON connect_links (session_id);

-- The one origin that may embed an organization's links.
CREATE TABLE connect_origins (
    organization_id BIGINT NOT NULL PRIMARY KEY REFERENCES organizations (id),
    origin TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
