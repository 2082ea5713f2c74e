//! Lists the connector files that ship with Ferrule, so that a new file needs no line anywhere.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=connectors");
    let mut names = Vec::new();
    for file in fs::read_dir("connectors")? {
        let name = file?.file_name().into_string();
        names.push(name.map_err(|name| format!("connectors/{} is no UTF-8", name.display()))?);
    }
    names.sort();
    let mut list = "&[\n".to_owned();
    for name in &names {
        let path = format!("/connectors/{name}");
        writeln!(
            list,
            "({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),"
        )?;
    }
    list.push_str("]\n");
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&folder).join("built_in.rs"), list)?;
    Ok(())
}
