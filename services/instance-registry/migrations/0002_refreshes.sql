-- What keeps token pairs alive. Every new column may be left out, as the previous release does.

-- `refresh_due_at` is the moment of the next attempt: ahead of the access token's end, after a setback, or when the
-- lease of an attempt under way is over. NULL: none by itself.

-- Attempts that brought no tokens since the last that did.
ALTER TABLE instances ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
-- The vendor's words with the last of them.
ALTER TABLE instances ADD COLUMN verdict_words TEXT;
-- The app that the vendor refuses: the digest in `paused_apps`.
ALTER TABLE instances ADD COLUMN paused_by TEXT;

DROP INDEX instances_to_refresh;
-- A connector first: each is refreshed at a pace of its own. What is not due is never looked at.
CREATE INDEX instances_due ON instances (element_key, refresh_due_at)
    WHERE refresh_due_at IS NOT NULL AND deleted_at IS NULL AND disabled = 0;
CREATE INDEX instances_paused ON instances (paused_by) WHERE paused_by IS NOT NULL;

-- Vendor apps that nobody refreshes with for now.
CREATE TABLE paused_apps (
    -- The digest of organization, connector, client id and client secret.
    client TEXT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL,
    element_key TEXT NOT NULL,
    -- APP_MISCONFIGURED, until any success, with a probe at `until`; or THROTTLED, until then.
    reason TEXT NOT NULL,
    until BIGINT NOT NULL
);
