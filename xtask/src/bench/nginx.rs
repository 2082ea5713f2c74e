//! The reverse proxy that Ferrule is held against.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use ferrule_testkit::{Process, free_port};
use tempfile::TempDir;

use crate::packages;

/// A running nginx; its workers end with it.
pub struct Nginx {
    process: Process,
    pub address: String,
    _folder: TempDir,
}

impl Nginx {
    /// `proxy_pass` with keepalive and a fixed Authorization header.
    pub fn start(workers: u32, upstream: &str) -> anyhow::Result<Self> {
        let program = packages::nginx().context("nginx is not installed")?;
        let folder = TempDir::with_prefix("ferrule-nginx-").context("a temporary directory")?;
        let address = format!("127.0.0.1:{}", free_port());
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(folder.path(), workers, &address, upstream))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let (place, file) = (folder.path().display().to_string(), file.display().to_string());
        let arguments = ["-p", &place, "-c", &file, "-e", "stderr"];
        let mut process = Process::spawn_with(&program, &arguments, &[]);
        process.wait_until_ready(&format!("http://{address}/ready"));
        Ok(Self {
            process,
            address,
            _folder: folder,
        })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A master that is killed leaves its workers behind.
        self.process.terminate();
        self.process.wait();
    }
}

fn configuration(folder: &Path, workers: u32, address: &str, upstream: &str) -> String {
    let folder = folder.display();
    format!(
        "worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/client_body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 10000000;
  upstream vendor {{ server {upstream}; keepalive 64; keepalive_requests 10000000; }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://vendor;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_set_header Authorization \"Bearer fixed-token\";
    }}
  }}
}}
"
    )
}
