-- An organization's own app at a vendor, so that nobody has to bring it.
CREATE TABLE vendor_apps (
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    element_key TEXT NOT NULL,
    api_key TEXT NOT NULL,
    -- Sealed, and bound to the other columns of its row.
    api_secret TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, element_key)
);
