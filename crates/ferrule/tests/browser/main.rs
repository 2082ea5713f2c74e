//! The pages in a real browser, as people use them.
#![expect(clippy::expect_used, reason = "a test that cannot go on ends here")]

mod certified_flow;
mod connect_links;
mod flow;
mod hostile_text;
mod keyboard;
mod look;
mod reference;
mod refusals;
mod site;
#[path = "../it/vendors.rs"]
#[expect(dead_code, reason = "the same vendors serve other tests")]
mod vendors;
mod webdriver;
mod window;
mod without_scripts;
#[path = "../it/world.rs"]
#[expect(dead_code, reason = "the same machine serves other tests")]
mod world;
