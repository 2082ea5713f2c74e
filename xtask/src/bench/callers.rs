//! Instances, made through the API, and the requests of those who call through them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, anyhow, ensure};
use ferrule_testkit::HttpClient;

use super::product::{CONNECTOR, ORGANIZATION, Product, USER, platform};

const WORKERS: usize = 8;

/// Makes instances, numbered after `name`; gives the Authorization header of a call through each.
pub fn make(product: &Product, name: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<Vec<String>> {
        let mut headers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(headers);
            }
            headers.push(make_one(product, &format!("{name}-{number}"))?);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let mut headers = Vec::with_capacity(count);
        for worker in workers {
            headers.extend(worker.join().map_err(|_| anyhow!("a worker broke off"))??);
        }
        Ok(headers)
    })
}

fn make_one(product: &Product, name: &str) -> anyhow::Result<String> {
    let body = format!(
        r#"{{"element":{{"key":"{CONNECTOR}"}},"providerData":{{"code":"code-{name}"}},
        "configuration":{{"oauth.api.key":"bench-client","oauth.api.secret":"bench-secret",
        "oauth.callback.url":"https://app.example.com/callback"}},"name":"{name}"}}"#
    );
    let url = format!("{}/instances", product.url);
    let answer = HttpClient::new().post(&url, &[("Authorization", &platform())], body);
    ensure!(
        answer.status == 200,
        "POST /instances: {} {}",
        answer.status,
        answer.text()
    );
    let answer = answer.json();
    let token = answer["token"].as_str().context("an instance has a token")?;
    Ok(format!(
        "User {USER}, Organization {ORGANIZATION}, Element {token}"
    ))
}

/// A script for wrk that sends these headers in rotation.
pub fn script(folder: &Path, name: &str, headers: &[String]) -> anyhow::Result<PathBuf> {
    let list = folder.join(format!("{name}.txt"));
    let text = format!(
        "local headers = {{}}
for line in io.lines(\"{list}\") do headers[#headers + 1] = line end
local requests, turn = {{}}, 0
function init()
  for _, header in ipairs(headers) do
    requests[#requests + 1] = wrk.format(\"GET\", nil, {{ Authorization = header }})
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
",
        list = list.display()
    );
    let file = folder.join(format!("{name}.lua"));
    fs::write(&list, headers.join("\n") + "\n")
        .and_then(|()| fs::write(&file, text))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
