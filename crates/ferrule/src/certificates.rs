//! Certificates of an authority of one's own: for a cluster on one machine.

use anyhow::Context as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use secrecy::{ExposeSecret as _, SecretString};

/// Ten years.
const AUTHORITY_DAYS: i64 = 3650;
/// What browsers accept at most.
const CERTIFICATE_DAYS: i64 = 397;

/// Signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    now: Timestamp,
}

/// A certificate and its key, in PEM.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: SecretString,
}

/// What a certificate may be shown for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// By a server to browsers.
    Server,
    /// By a service to the services that it calls and that call it.
    Peer,
}

impl Authority {
    /// A new authority: what must be kept to be it again.
    pub(crate) fn begin(now: Timestamp) -> anyhow::Result<Certified> {
        let key = KeyPair::generate()?;
        let mut parameters = authority();
        last(&mut parameters, now, AUTHORITY_DAYS)?;
        Ok(Certified {
            certificate: parameters.self_signed(&key)?.pem(),
            key: key.serialize_pem().into(),
        })
    }

    /// The authority whose key this is.
    pub(crate) fn with_key(key: &SecretString, now: Timestamp) -> anyhow::Result<Self> {
        let key = KeyPair::from_pem(key.expose_secret()).context("the authority's key")?;
        Ok(Self {
            issuer: Issuer::new(authority(), key),
            now,
        })
    }

    /// A certificate for these names and addresses, the first one its common name.
    pub(crate) fn certify(&self, names: &[&str], purpose: Purpose) -> anyhow::Result<Certified> {
        let key = KeyPair::generate()?;
        let owned: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(owned)?;
        parameters.distinguished_name = named(names.first().copied().unwrap_or_default());
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = match purpose {
            Purpose::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Purpose::Peer => vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
        };
        last(&mut parameters, self.now, CERTIFICATE_DAYS)?;
        Ok(Certified {
            certificate: parameters.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem().into(),
        })
    }
}

/// What every certificate of the authority's says of it: the same whenever it is made anew from its key.
fn authority() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named("Ferrule on this machine");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// It holds from yesterday's midnight, since clocks differ, for so many days.
fn last(parameters: &mut CertificateParams, now: Timestamp, days: i64) -> anyhow::Result<()> {
    let day = |days| -> anyhow::Result<_> {
        let moment = now.checked_add(SignedDuration::from_hours(24 * days))?;
        let date = TimeZone::UTC.to_datetime(moment).date();
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        Ok(date_time_ymd(date.year().into(), month, day))
    };
    (parameters.not_before, parameters.not_after) = (day(-1)?, day(days)?);
    Ok(())
}
