//! The files of mTLS: whether they belong together, whom they name, until when they hold.

use std::path::Path;

use ferrule_model::Clock;
use ferrule_service::settings::{GrpcTlsFiles, Layers};
use ferrule_wire::Tls;
use jiff::{SignedDuration, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

use super::report::Finding;

const CHECK: &str = "certificate";
const AUTHORITY: &str = "authority";

/// When a certificate should have been renewed by whatever renews it.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Nothing where no files are set, but for a word where they should be.
pub(super) fn look(program: &str, layers: &Layers, clock: &Clock) -> Vec<Finding> {
    let Ok(Some(files)) = layers.grpc_tls_files() else {
        return Vec::new();
    };
    if let Err(error) = Tls::from_files(&files.certificate, &files.key, &files.authority) {
        let remedy = "give FERRULE_GRPC_TLS_CERT, _KEY and _CA PEM files that belong together";
        return vec![Finding::wrong(CHECK, error.to_string(), remedy)];
    }
    let mut found = Vec::new();
    for (check, file) in [(CHECK, &files.certificate), (AUTHORITY, &files.authority)] {
        found.extend(lifetimes(check, file, clock.now()));
    }
    found.extend(names(program, layers, &files));
    found
}

/// A finding for each certificate in the file.
fn lifetimes(check: &'static str, file: &Path, now: Timestamp) -> Vec<Finding> {
    let read = in_file(file, |certificate| {
        let validity = certificate.validity();
        let at = |moment: i64| Timestamp::from_second(moment).unwrap_or(Timestamp::MAX);
        let (begins, ends) = (
            at(validity.not_before.timestamp()),
            at(validity.not_after.timestamp()),
        );
        let whose = format!("{} ({})", file.display(), certificate.subject());
        let renew = "renew it: the files are read again by themselves";
        if now < begins {
            let remedy = "wait, or set this machine's clock";
            Finding::wrong(check, format!("{whose} does not hold before {begins}"), remedy)
        } else if now > ends {
            Finding::wrong(check, format!("{whose} has not held since {ends}"), renew)
        } else if ends.duration_since(now) < SOON {
            Finding::warn(check, format!("{whose} holds until {ends}, soon"), renew)
        } else {
            Finding::ok(check, format!("{whose} holds until {ends}"))
        }
    });
    read.unwrap_or_else(|problem| vec![Finding::wrong(check, problem, "write it as PEM")])
}

/// Whom the others take this service for.
fn names(program: &str, layers: &Layers, files: &GrpcTlsFiles) -> Option<Finding> {
    let borne = in_file(&files.certificate, |certificate| {
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map_or_else(Vec::new, |names| names.value.general_names.clone());
        let shown = names.into_iter().filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::URI(name) => Some(name.to_owned()),
            _ => None,
        });
        shown.collect::<Vec<_>>()
    });
    // The chain begins with the service's own.
    let borne = borne.ok()?.into_iter().next()?;
    let named = |name: &String| {
        let pairs = layers.list("FERRULE_GRPC_PEERS").unwrap_or_default();
        name == program || pairs.iter().any(|pair| pair.ends_with(&format!("={name}")))
    };
    let shown = if borne.is_empty() {
        "no name".to_owned()
    } else {
        borne.join(", ")
    };
    Some(match program {
        "gateway" | "instance-registry" if !borne.iter().any(named) => Finding::warn(
            CHECK,
            format!("it bears {shown}, and none of these says that this is the {program}"),
            format!("give it the DNS name {program}, or name it in FERRULE_GRPC_PEERS of those it calls"),
        ),
        _ => Finding::ok(CHECK, format!("it bears {shown}")),
    })
}

/// What `tell` says of each certificate in a PEM file.
fn in_file<T>(file: &Path, tell: impl Fn(&X509Certificate<'_>) -> T) -> Result<Vec<T>, String> {
    let text = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let unreadable = || format!("{} holds what is no certificate", file.display());
    Pem::iter_from_buffer(&text)
        .map(|pem| {
            let pem = pem.map_err(|_| unreadable())?;
            let certificate = pem.parse_x509().map_err(|_| unreadable())?;
            Ok(tell(&certificate))
        })
        .collect()
}
