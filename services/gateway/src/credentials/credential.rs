//! What a call to a vendor takes: where it goes, the headers it carries, and for how long that may be believed.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use ferrule_catalog::{Api, Catalog, Connector, HeaderTemplate, Parameters};
use ferrule_model::{Chance, InstanceId, OrganizationId};
use ferrule_wire::{Reason, Refusal, v1};
use jiff::Timestamp;
use tokio::time::Instant;

use super::authorization::{Authorization, Given, value};
use super::origin::Origin;
use crate::meters::VendorMeter;
use crate::proxy::{Breaker, Breakers};

/// How long an answer of the registry's is believed at most.
const BELIEVED: Duration = Duration::from_secs(1);

/// The same once a refresh is due: the next call soon finds the new token.
const BELIEVED_WHEN_DUE: Duration = Duration::from_millis(100);

/// A credential, ready for use. What is secret in it is wiped when the last call that uses it is over.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) organization: OrganizationId,
    pub(crate) instance: InstanceId,
    pub(crate) connector: Arc<Connector>,
    /// Rises with each new pair of tokens.
    pub(crate) version: i64,
    pub(crate) origin: Origin,
    pub(crate) breaker: Arc<Breaker>,
    /// Counts its calls.
    pub(crate) meter: VendorMeter,
    /// The longest that the vendor may leave a call standing before its answer begins.
    pub(crate) timeout: Duration,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// How each call proves whose it is.
    pub(crate) authorization: Authorization,
    /// When the registry was asked.
    pub(crate) asked: Instant,
    /// From then on it must be asked again.
    pub(crate) until: Instant,
}

impl Credential {
    /// From the registry's answer. `asked` is when it was asked, `now` the time by which its times are read, `believed`
    /// the longest that it may be kept ([`believed`]).
    pub(crate) fn new(
        mut answer: v1::Credential,
        catalog: &Catalog,
        breakers: &Breakers,
        asked: Instant,
        now: Timestamp,
        believed: Duration,
    ) -> Result<Self, Refusal> {
        let until = until(&answer, asked, now, believed);
        let connector = catalog.get(&answer.element_key).ok_or_else(|| {
            let words = format!(
                "The connector `{}` of this instance is not installed.",
                answer.element_key
            );
            Refusal::new(Reason::ElementUnknown, words)
        })?;
        let api = connector.api.as_ref().ok_or_else(|| {
            Refusal::new(
                Reason::ElementUnknown,
                "This API is not currently supported for this element",
            )
        })?;
        let unfit = |why: String| {
            let words = format!(
                "The instance's configuration does not fit its connector: {why}. Change it by PATCH."
            );
            Refusal::new(Reason::InvalidRequest, words)
        };
        let (organization, instance) = (
            OrganizationId(answer.organization_id),
            InstanceId(answer.instance_id),
        );
        let version = answer.version;
        let given = Given::take(&mut answer);
        let parameters = answer.parameters.into_iter().collect();
        let base_url = api
            .base_url
            .render(&parameters)
            .map_err(|error| unfit(error.to_string()))?;
        let origin =
            Origin::parse(&base_url).ok_or_else(|| unfit("its base URL is no address".to_owned()))?;
        Ok(Self {
            organization,
            instance,
            version,
            breaker: breakers.of(origin.authority()),
            meter: VendorMeter::new(connector, api),
            timeout: api.timeout,
            origin,
            headers: headers(api, &parameters, &given).map_err(unfit)?,
            authorization: Authorization::new(connector, api, &parameters, given).map_err(unfit)?,
            connector: Arc::clone(connector),
            asked,
            until,
        })
    }

    /// The connector's headers; `Authorization` is not among them.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }
}

/// How long an answer is believed: a second, less up to a quarter by chance. What was asked at the same time is not asked
/// again at the same time, over and over: all calls would wait together.
pub(crate) fn believed(chance: &Chance) -> Duration {
    let share = f64::from(u32::from_be_bytes(*chance.bytes::<4>())) / f64::from(u32::MAX);
    BELIEVED.mul_f64(1.0 - share / 4.0)
}

/// Until when the answer is believed: for so long from asking, never past the moment its refresh falls due, and
/// once that is past a moment only, never past the token's end.
fn until(answer: &v1::Credential, asked: Instant, now: Timestamp, believed: Duration) -> Instant {
    let left = |time: i64| {
        let left = time.saturating_sub(now.as_microsecond());
        u64::try_from(left).map_or(Duration::ZERO, Duration::from_micros)
    };
    let received = Instant::now();
    let due = answer.refresh_due_at.map(left);
    let believed = match due {
        Some(Duration::ZERO) => asked + BELIEVED_WHEN_DUE,
        Some(due) => (asked + believed).min(received + due.min(BELIEVED)),
        None => asked + believed,
    };
    match answer.expires_at.map(left) {
        Some(end) => believed.min(received + end.min(BELIEVED)),
        None => believed,
    }
}

/// The headers that the connector's file names beside `Authorization`, but for those whose optional parameter has no
/// value.
fn headers(
    api: &Api,
    parameters: &Parameters,
    given: &Given,
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let header = |(name, template): &(String, HeaderTemplate)| {
        let header =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("'{name}' is no header's name"))?;
        let text = given
            .render(template, parameters)
            .map_err(|error| error.to_string())?;
        Ok((header, value(name, text)?))
    };
    let given_for = |(_, template): &&(String, HeaderTemplate)| !template.is_left_out(parameters);
    api.headers.iter().filter(given_for).map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nothing_is_believed_for_longer_than_its_rule() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let micros = |millis: i64| now.as_microsecond() + millis * 1000;
        let (second, moment) = (BELIEVED, BELIEVED_WHEN_DUE);
        let millis = Duration::from_millis;
        for (due, end, want) in [
            (None, None, second),
            (Some(3_600_000), Some(3_660_000), second),
            (Some(400), Some(1_000), millis(400)),
            (Some(0), Some(60_000), moment),
            (Some(-5_000), Some(55_000), moment),
            (Some(-5_000), Some(40), millis(40)),
            (Some(-5_000), Some(-1), Duration::ZERO),
            (None, Some(250), millis(250)),
            (Some(i64::MIN / 2000), None, moment),
            (None, Some(i64::MAX / 2000 - 2_000_000_000_000), second),
        ] {
            let answer = v1::Credential {
                refresh_due_at: due.map(micros),
                expires_at: end.map(micros),
                ..v1::Credential::default()
            };
            let asked = Instant::now();
            assert_eq!(
                until(&answer, asked, now, BELIEVED) - asked,
                want,
                "{due:?} {end:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_counts_from_asking_however_slow_the_answer() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let asked = Instant::now();
        tokio::time::advance(Duration::from_millis(700)).await;
        let until = until(&v1::Credential::default(), asked, now, BELIEVED);
        assert_eq!(until - asked, BELIEVED);
    }

    #[test]
    fn chance_only_makes_the_second_shorter() {
        let [longest, shortest] =
            [0x00, 0xff].map(|byte| believed(&Chance::from_fn(move |bytes| bytes.fill(byte))));
        assert_eq!((longest, shortest), (BELIEVED, BELIEVED * 3 / 4));
    }
}
