//! What every page is held to, wherever a test meets it; pictures of it go to `target/screenshots`.

use std::fs;
use std::path::{Path, PathBuf};

use ferrule_testkit::axe;
use serde_json::Value;

use super::window::Window;

/// What a page may weigh with all that it loads, unpacked.
const HEAVIEST: u64 = 60 * 1024;

/// As narrow as a phone.
const NARROW: u32 = 360;

/// Looks at the page that the window shows: nobody is kept out of it, in neither scheme; it fits a phone; it is light;
/// its policy was not offended.
pub fn look(window: &Window, name: &str) {
    let weight = window.script(
        "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
           .map((entry) => [entry.name, entry.decodedBodySize])",
    );
    let loaded = weight.as_array().expect("what was loaded");
    let total: u64 = loaded.iter().filter_map(|entry| entry[1].as_u64()).sum();
    assert!(total <= HEAVIEST, "{name} weighs {total} bytes: {weight}");

    for scheme in ["light", "dark"] {
        window.prefer(scheme);
        keep(&format!("{name}-{scheme}"), &window.picture());
        let barriers = barriers(window);
        assert!(barriers.is_empty(), "{name} in {scheme}: {barriers:#?}");
    }
    window.prefer("light");
    window.resize(NARROW, 740);
    keep(&format!("{name}-narrow"), &window.picture());
    let wide = window.script(
        "return document.documentElement.scrollWidth > innerWidth
           ? [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth)
               .map((one) => one.outerHTML.slice(0, 120)) : []",
    );
    assert_eq!(wide, Value::Array(Vec::new()), "{name} is wider than a phone");
    window.resize(1280, 900);

    // Vendors' pages are theirs; and a refusal is a page too, whose status is no complaint.
    let ours = window.script("return location.origin");
    let ours = format!(": {}/", ours.as_str().expect("an origin"));
    let complaints: Vec<_> = window
        .complaints()
        .into_iter()
        .filter(|words| words.contains(&ours) && !words.contains("the server responded with a status of"))
        .collect();
    assert_eq!(complaints, [""; 0], "{name}");
}

/// What axe finds serious or critical.
fn barriers(window: &Window) -> Vec<Value> {
    let axe = fs::read_to_string(axe()).expect("axe-core's script");
    let found = window.later(&format!(
        "const done = arguments[0];
         if (!window.axe) {{ {axe} }}
         axe.run(document, {{ resultTypes: ['violations'], preload: false }})
            .then((found) => done(found.violations.map(({{ id, impact, nodes }}) =>
               ({{ id, impact, at: nodes.map((node) => [node.html, node.failureSummary]) }}))),
                  (error) => done([{{ id: String(error), impact: 'critical' }}]));"
    ));
    let found = found.as_array().expect("axe's findings").clone();
    let grave = |one: &Value| matches!(one["impact"].as_str(), Some("serious" | "critical"));
    found.into_iter().filter(grave).collect()
}

/// Keeps a picture for people to look at.
fn keep(name: &str, picture: &[u8]) {
    let built = Path::new(env!("CARGO_BIN_EXE_ferrule"));
    let folder: PathBuf = built
        .ancestors()
        .nth(2)
        .expect("a target directory")
        .join("screenshots");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    fs::write(folder.join(format!("{name}.png")), picture).expect("a picture is kept");
}
