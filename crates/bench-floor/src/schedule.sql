INSERT INTO organizations (id, name, secret_digest, data_key, created_at)
VALUES (1, 'bench', 'none', 'none', 0);
INSERT INTO users (id, organization_id, secret_digest, email, first_name, last_name, created_at)
VALUES (1, 1, 'none', '', '', '', 0);
INSERT INTO instances (
    id, organization_id, user_id, element_key, element_id, name, name_folded, tags, configuration,
    token_digest, token_sealed, access_token, refresh_token, scope, expires_at, requested_at,
    created_at, updated_at, version, disabled, erased, refresh_due_at)
SELECT
    id, 1, 1, 'bench-' || CASE WHEN id <= :due THEN 0 ELSE id % 20 END, 1, 'bench', 'bench', '[]', '{}',
    id::TEXT, repeat('s', 200), repeat('a', 500), repeat('r', 200), '', now.micros + 3600000000, now.micros,
    now.micros, now.micros, 1, 0, 0,
    -- Spread over the table, as rows that are due are.
    now.micros + CASE WHEN id <= :due THEN id - 60000000 ELSE 600000000 + (id * 7919) % 3000000000 END
FROM (SELECT ordinal AS id FROM generate_series(1::BIGINT, :rows) ordinal ORDER BY md5(ordinal::TEXT)) ids,
    (SELECT (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT AS micros) now;
VACUUM (ANALYZE) instances;
