//! Authorization URLs, callbacks, vendors' token endpoints.
