//! What a person pastes into a terminal.

use std::process::Command;

use serde_json::Value;

/// Runs a script and gives what it printed.
pub fn bash(script: &str) -> String {
    let output = Command::new("bash")
        .args(["-euc", script])
        .output()
        .expect("bash starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{script}\n--- printed\n{stdout}\n{stderr}"
    );
    stdout.into_owned()
}

/// The same for a line that prints JSON.
pub fn bash_json(script: &str) -> Value {
    let printed = bash(script);
    serde_json::from_str(&printed)
        .unwrap_or_else(|error| panic!("{script}\nprinted no JSON ({error}): {printed}"))
}
