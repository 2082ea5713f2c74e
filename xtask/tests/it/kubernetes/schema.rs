//! Whether an API server would take it.

use std::process::Command;

use ferrule_testkit::kubernetes_tool;

use super::on_each_overlay;

/// The oldest release that knows `preStop.sleep` without a switch, and the newest that the validator knows.
const RELEASES: [&str; 2] = ["1.30.0", "1.37.0"];

/// What cert-manager defines, and Kubernetes has no schema of: `references` looks at those.
const OF_CERT_MANAGER: [&str; 2] = ["Certificate", "Issuer"];

#[test]
fn every_document_is_one_that_kubernetes_knows() {
    on_each_overlay(|rendered| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rendered.yaml");
        std::fs::write(&file, &rendered.text).expect("a file");
        for release in RELEASES {
            let output = Command::new(kubernetes_tool("kubernetes-validate"))
                .args(["--strict", "--kubernetes-version", release])
                .arg(&file)
                .output()
                .expect("kubernetes-validate starts");
            let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(
                output.status.success(),
                "{} on {release}:\n{told}",
                rendered.overlay
            );

            let passed = told.lines().filter(|line| line.starts_with("INFO")).count();
            let foreign = rendered
                .documents
                .iter()
                .filter(|document| OF_CERT_MANAGER.contains(&document.kind()))
                .count();
            assert_eq!(passed + foreign, rendered.documents.len(), "{told}");
        }
    });
}

#[test]
fn nothing_is_there_twice() {
    on_each_overlay(|rendered| {
        let mut names: Vec<_> = rendered
            .documents
            .iter()
            .map(|document| (document.kind(), document.name()))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}", rendered.overlay);
    });
}
