//! The TOML file under the environment.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::{SettingsError, VARIABLES};

/// Reads the file into values by variable name. Lists become comma separated, as in the environment.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, String>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable {
        variable: "FERRULE_CONFIG".to_owned(),
        path: path.to_owned(),
        cause,
    })?;
    let table: Table = toml::from_str(&text).map_err(|error| SettingsError::ConfigFile {
        path: path.to_owned(),
        line: line_of(&text, error.span().map_or(0, |span| span.start)),
        problem: error.message().lines().collect::<Vec<_>>().join(" "),
    })?;
    let keys = known_keys();
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let Some(name) = keys.get(&key) else {
            return Err(SettingsError::UnknownKey {
                path: path.to_owned(),
                nearest: nearest(&key, &keys),
                key,
            });
        };
        let value = as_text(&value).ok_or_else(|| SettingsError::ConfigFile {
            path: path.to_owned(),
            line: line_of_key(&text, &key),
            problem: format!("{key} must be a string, a number, true, false, or a list of strings"),
        })?;
        if !value.is_empty() {
            values.insert(name.clone(), value);
        }
    }
    Ok(values)
}

/// Keys of the file and the variables they stand for; the file cannot name another file.
fn known_keys() -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for variable in VARIABLES
        .iter()
        .filter(|variable| variable.name != "FERRULE_CONFIG")
    {
        keys.insert(variable.key(), variable.name.to_owned());
        if let Some(file_form) = variable.file_form() {
            keys.insert(format!("{}_file", variable.key()), file_form);
        }
    }
    keys
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn line_of_key(text: &str, key: &str) -> usize {
    let opens = |line: &str| line.trim_start_matches([' ', '\t', '[', '"']).starts_with(key);
    1 + text.lines().position(opens).unwrap_or_default()
}

fn nearest(key: &str, keys: &BTreeMap<String, String>) -> String {
    let key = key.to_ascii_lowercase();
    let key = key.strip_prefix("ferrule_").unwrap_or(&key);
    keys.keys()
        .min_by_key(|known| distance(key, known))
        .cloned()
        .unwrap_or_default()
}

/// How many characters must be added, dropped or changed to turn one word into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, c) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(c != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn strings_numbers_flags_and_lists_are_read() {
        let file = file(
            "listen = \"127.0.0.1:1\"\ndrain_seconds = 5\nsandbox = false\nlog = \"\"\n\
             trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nmaster_keys_file = \"/run/keys\"\n",
        );
        let want = [
            ("FERRULE_DRAIN_SECONDS", "5"),
            ("FERRULE_LISTEN", "127.0.0.1:1"),
            ("FERRULE_MASTER_KEYS_FILE", "/run/keys"),
            ("FERRULE_SANDBOX", "false"),
            ("FERRULE_TRUSTED_PROXIES", "10.0.0.0/8,::1"),
        ];
        let want = want.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(file.path()).unwrap(), BTreeMap::from(want));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, want) in [
            ("listn = \"x\"", "unknown key \"listn\": did you mean \"listen\"?"),
            (
                "FERRULE_REDIS_URI = \"x\"",
                "unknown key \"FERRULE_REDIS_URI\": did you mean \"redis_url\"?",
            ),
            ("config = \"x\"", "unknown key \"config\": did you mean"),
            (
                "log = \"info\"\n\nlisten = 1.5",
                ":3: listen must be a string, a number",
            ),
            ("log = \"info\"\nlisten = \n", ":2: "),
        ] {
            let file = file(text);
            let error = read(file.path()).unwrap_err().to_string();
            assert!(error.starts_with("FERRULE_CONFIG: "), "{error}");
            assert!(error.contains(want), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("/nowhere/ferrule.toml")).unwrap_err().to_string();
        assert!(
            error.starts_with("FERRULE_CONFIG: /nowhere/ferrule.toml cannot be read: "),
            "{error}"
        );
    }
}
