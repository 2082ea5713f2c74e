-- Browsers that signed in. The session's secret is in the browser's cookie alone; here is its digest.
CREATE TABLE sessions (
    digest TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    -- When it was used last, to the minute.
    seen_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE INDEX sessions_by_user ON sessions (user_id);
