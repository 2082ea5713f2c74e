//! The README's table of settings is the code's.

use std::path::Path;

use ferrule_service::settings::{VARIABLES, Variable};

const BEGIN: &str = "<!-- settings: begin (a test in crates/service compares this table with the code) -->\n";
const END: &str = "<!-- settings: end -->";

const PROGRAMS: usize = 4;

fn table() -> String {
    let rows = VARIABLES.iter().map(|variable| {
        format!(
            "| {} | {} | {} | {} |\n",
            name(variable),
            variable.meaning,
            default(variable),
            readers(variable)
        )
    });
    let head = "| variable | meaning | default | read by |\n|---|---|---|---|\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

fn name(variable: &Variable) -> String {
    let file_form = if variable.has_file_form {
        ", `…_FILE`"
    } else {
        ""
    };
    format!("`{}`{file_form}", variable.name)
}

fn default(variable: &Variable) -> String {
    let embedded = variable.embedded_default;
    let service = variable
        .service_default
        .filter(|_| variable.used_by != ["ferrule"]);
    match (embedded, service) {
        (Some(embedded), Some(service)) if embedded == service => format!("`{embedded}`"),
        (Some(embedded), Some(service)) => format!("`{embedded}` (embedded), `{service}`"),
        (Some(embedded), None) => format!("`{embedded}` (embedded)"),
        (None, Some(service)) => format!("{}, else `{service}`", variable.when_unset),
        (None, None) => variable.when_unset.to_owned(),
    }
}

fn readers(variable: &Variable) -> String {
    if variable.used_by.len() == PROGRAMS {
        return "all".to_owned();
    }
    let programs: Vec<_> = variable
        .used_by
        .iter()
        .map(|program| format!("`{program}`"))
        .collect();
    programs.join(", ")
}

#[test]
fn the_readme_lists_every_setting_as_it_is() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let (_, after) = readme.split_once(BEGIN).expect("the table's begin");
    let (written, _) = after.split_once(END).expect("the table's end");
    let current = table();
    assert!(
        written == current,
        "write this between the README's two marks:\n\n{current}"
    );
}
