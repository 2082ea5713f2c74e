//! Where a user logs in, as `oauth2` and `oauth1` have it.

use toml::Spanned;

use super::super::Reading;
use super::refuse;
use crate::address::Address;
use crate::section::Section;
use crate::template::Template;

/// The required authorization URL, whose own query holds none of `own`.
pub(super) fn authorization_url(
    reading: &Reading<'_>,
    section: &Section<'_>,
    own: &[&str],
) -> Option<Template> {
    let text = section.required_text("authorization_url")?;
    let template = reading.address(&text)?;
    let names = template.as_address().map(Address::query_names);
    for name in names.unwrap_or_default() {
        refuse(
            reading,
            own,
            &Spanned::new(text.span(), name),
            "authorization_url",
        );
    }
    Some(template)
}

/// Extra parameters of an authorization URL, none of them among `own`.
pub(super) fn authorize_params(
    reading: &Reading<'_>,
    section: &Section<'_>,
    own: &[&str],
) -> Vec<(String, Template)> {
    let pairs = section.pairs("authorize_params").into_iter();
    let params = pairs.filter_map(|(name, text)| {
        refuse(reading, own, &name, "authorize_params");
        Some((name.into_inner(), reading.parsed(&text, Template::text)?))
    });
    params.collect()
}
