//! `deploy/kubernetes`, as an API server would get it.

mod network;
mod pods;
mod references;
mod rendered;
mod schema;

use rendered::Rendered;

const OVERLAYS: [&str; 2] = ["local", "production"];

/// Runs a rule on what each overlay renders.
fn on_each_overlay(rule: impl Fn(&Rendered)) {
    for overlay in OVERLAYS {
        rule(&Rendered::overlay(overlay));
    }
}
