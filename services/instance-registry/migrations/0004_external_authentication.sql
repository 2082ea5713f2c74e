-- 1: the caller logged in by itself and brought its tokens (the contract's externalAuthentication "initial").
ALTER TABLE instances ADD COLUMN external_authentication BIGINT NOT NULL DEFAULT 0;
