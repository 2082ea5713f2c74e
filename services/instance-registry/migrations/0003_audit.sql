-- What happened to each instance. Rows are added, never changed, and outlive their instance; of what happens all the
-- time the newest stay. Names and reasons only: never a value, never a vendor's words.
CREATE TABLE audit (
    instance_id BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    event TEXT NOT NULL,
    -- Who did it; 0: Ferrule itself.
    user_id BIGINT NOT NULL,
    request_id TEXT,
    reason TEXT,
    -- The names of what was changed, as a list in JSON.
    changed TEXT NOT NULL,
    PRIMARY KEY (instance_id, happened_at, event, user_id)
);

-- In which hour since 1970 each user was last shown each instance's token.
CREATE TABLE tokens_shown (
    instance_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    PRIMARY KEY (instance_id, user_id)
);

ALTER TABLE instances ADD COLUMN first_used_at BIGINT;
-- The version whose access token the vendor refused when its refresh token was no longer honoured either.
ALTER TABLE instances ADD COLUMN refused_version BIGINT;
