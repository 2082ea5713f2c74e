//! The public face: REST, pages, proxy.
