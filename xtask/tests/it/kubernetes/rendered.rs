//! What `kubectl kustomize` makes of an overlay.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use ferrule_testkit::kubernetes_tool;
use serde_json::Value;

/// An overlay's documents.
pub struct Rendered {
    pub overlay: &'static str,
    pub text: String,
    pub documents: Vec<Document>,
}

/// One object.
pub struct Document(pub Value);

/// What runs: the pods that a Deployment, a `StatefulSet` or a Job makes.
#[derive(Clone, Copy)]
pub struct Workload<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    /// `spec.template.metadata.labels`
    pub labels: &'a Value,
    /// `spec.template.spec`
    pub pod: &'a Value,
}

/// `deploy/kubernetes`
pub fn folder() -> PathBuf {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the manifest is"));
    here.with_file_name("deploy").join("kubernetes")
}

/// The documents of a YAML text.
pub fn documents(yaml: &str) -> Vec<Document> {
    let values: Vec<Value> = serde_saphyr::from_multiple(yaml).expect("YAML");
    values.into_iter().map(Document).collect()
}

impl Rendered {
    pub fn overlay(overlay: &'static str) -> Self {
        let output = Command::new(kubernetes_tool("kubectl"))
            .arg("kustomize")
            .arg(folder().join("overlays").join(overlay))
            .output()
            .expect("kubectl starts");
        let problems = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && problems.is_empty(),
            "{overlay}: {problems}"
        );
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        Self {
            overlay,
            documents: documents(&text),
            text,
        }
    }

    /// Every object of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Document> {
        self.documents
            .iter()
            .filter(move |document| document.kind() == kind)
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: &str, name: &str) -> Option<&Document> {
        self.documents
            .iter()
            .find(|document| document.kind() == kind && document.name() == name)
    }

    pub fn workloads(&self) -> Vec<Workload<'_>> {
        let kinds = ["Deployment", "StatefulSet", "Job"];
        let running = self
            .documents
            .iter()
            .filter(|document| kinds.contains(&document.kind()));
        running
            .map(|document| Workload {
                kind: document.kind(),
                name: document.name(),
                labels: document.at("/spec/template/metadata/labels"),
                pod: document.at("/spec/template/spec"),
            })
            .collect()
    }
}

impl Document {
    pub fn kind(&self) -> &str {
        text(&self.0["kind"])
    }

    pub fn name(&self) -> &str {
        text(&self.0["metadata"]["name"])
    }

    /// What stands at a JSON pointer; null when nothing does.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }
}

impl<'a> Workload<'a> {
    pub fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        ["initContainers", "containers"]
            .into_iter()
            .flat_map(|list| list_of(&self.pod[list]))
    }

    /// Whether Ferrule runs in it, rather than a store.
    pub fn is_ours(&self) -> bool {
        !matches!(self.name, "postgres" | "redis")
    }
}

/// The items of a list; none where there is no list.
pub fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; empty where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
