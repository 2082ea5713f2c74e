//! Whether calls to the API carry the credential that the connector's kind has, and no other.

use toml::Spanned;

use super::Reading;
use crate::auth::Auth;
use crate::header::HeaderTemplate;
use crate::section::Section;

/// The headers of `[api]`, checked one by one, then as a whole.
pub(super) struct Carried<'a> {
    reading: &'a Reading<'a>,
    auth: Option<&'a Auth>,
    somewhere: bool,
}

impl<'a> Carried<'a> {
    /// `None`: what is wrong with `[auth]` is reported already.
    pub(super) fn new(reading: &'a Reading<'a>, auth: Option<&'a Auth>) -> Self {
        Self {
            reading,
            auth,
            somewhere: false,
        }
    }

    /// A header's value, with no other kind's credential in it.
    pub(super) fn template(&mut self, text: &Spanned<String>) -> Option<HeaderTemplate> {
        let template = self.reading.parsed(text, HeaderTemplate::parse)?;
        let own = self.auth.map(placeholder);
        for secret in template.secrets() {
            match own {
                Some(own) if own != Some(secret) => {
                    let message =
                        format!("{{{secret}}} is nothing that this kind of connector has: remove it");
                    self.reading.report.at(text.span(), message);
                }
                _ => self.somewhere = true,
            }
        }
        Some(template)
    }

    /// Reports what would leave calls without their credential, or with two.
    pub(super) fn check(&self, section: &Section<'_>, authorization: Option<&Spanned<String>>) {
        let report = self.reading.report;
        match (self.auth, authorization) {
            (Some(Auth::Basic(_)), Some(text)) => {
                let message = "authorization: Ferrule makes it from user name and password: remove it";
                report.at(text.span(), message);
            }
            (Some(Auth::OAuth1(_)), Some(text)) => {
                let message = "authorization: Ferrule signs each call anew: remove it";
                report.at(text.span(), message);
            }
            (Some(auth @ (Auth::ApiKey(_) | Auth::ClientCredentials(_))), _) if !self.somewhere => {
                let secret = placeholder(auth).unwrap_or_default();
                let message = format!(
                    "[api] sends the credential nowhere: write authorization = \"Bearer {{{secret}}}\", or a \
                     header that holds {{{secret}}}"
                );
                report.at(section.span(), message);
            }
            _ => {}
        }
    }
}

/// The placeholder by which a kind's credential stands in headers.
fn placeholder(auth: &Auth) -> Option<&'static str> {
    match auth {
        Auth::OAuth2(_) | Auth::ClientCredentials(_) => Some("access_token"),
        Auth::ApiKey(_) => Some("api_key"),
        Auth::OAuth1(_) | Auth::Basic(_) | Auth::None => None,
    }
}
