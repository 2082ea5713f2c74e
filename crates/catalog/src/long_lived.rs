//! A vendor whose code brings a token for an hour, and that token one for months.

use crate::api::Method;
use crate::template::Template;

/// The request that turns a fresh access token into a long-lived one.
#[derive(Clone, Debug)]
pub struct LongLived {
    /// Where it goes.
    pub url: Template,
    /// `GET`, its parameters in the query, or `POST`, its parameters as a form.
    pub method: Method,
    /// Its parameters, in the file's order.
    pub params: Vec<(String, LongLivedValue)>,
    /// How such a token is renewed, by itself; `None`: the vendor has refresh tokens, or the user logs in again.
    pub renewal: Option<Renewal>,
}

/// The request that turns a long-lived access token into the next one, with the method of the one before.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Where it goes.
    pub url: Template,
    /// Its parameters, in the file's order.
    pub params: Vec<(String, LongLivedValue)>,
}

/// What a parameter of that request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LongLivedValue {
    /// What the file says.
    Fixed(String),
    /// The access token to be replaced.
    AccessToken,
    /// The vendor app's id.
    ClientId,
    /// The vendor app's secret.
    ClientSecret,
}
