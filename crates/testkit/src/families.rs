//! What a vendor has given out: families of tokens, each begun by a code, and what became of each refresh token.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Behaviour;

/// A refresh that the vendor was asked for.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The refresh token that was sent.
    pub refresh_token: String,
    /// The code by which its family began; of a token that the vendor never gave out, that token.
    pub code: String,
    /// When the request had been read.
    pub asked: Instant,
    /// When the answer had been written; `None`: not yet, or nobody was there to take it.
    pub answered: Option<Instant>,
    /// What the vendor made of it.
    pub outcome: Outcome,
}

/// What the vendor made of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// New tokens, whether or not they arrived.
    Granted,
    /// The refresh token had been spent before.
    Reused,
    /// Its family was dead.
    Refused,
    /// What the test had prepared; nothing was spent.
    Scripted,
}

#[derive(Default)]
pub(crate) struct Families {
    issued: Vec<String>,
    spent: HashSet<String>,
    dead: HashSet<String>,
    /// Of every token, the code by which its family began.
    codes: HashMap<String, String>,
    /// Until when each access token opens the API.
    access: HashMap<String, Instant>,
    pub(crate) refreshes: Vec<Refresh>,
}

impl Families {
    /// Recognizable in any text, and never the same twice in one test.
    pub(crate) fn issue(&mut self, kind: &str) -> String {
        let secret = format!("{kind}-of-the-scripted-vendor-{}", self.issued.len());
        self.issued.push(secret.clone());
        secret
    }

    pub(crate) fn issued(&self) -> Vec<String> {
        self.issued.clone()
    }

    /// The tokens for a code, once.
    pub(crate) fn exchange(&mut self, code: &str, behaviour: &Behaviour) -> Result<Value, Value> {
        if code.is_empty() || !self.spent.insert(code.to_owned()) {
            return Err(invalid_grant("spent or missing"));
        }
        let refresh_token = self.issue("refresh");
        self.codes.insert(refresh_token.clone(), code.to_owned());
        Ok(self.tokens(code, Some(&refresh_token), behaviour))
    }

    /// Tokens for a client itself.
    pub(crate) fn app(&mut self, behaviour: &Behaviour) -> Value {
        self.tokens("app", None, behaviour)
    }

    /// Notes that a refresh was asked for; its place among the refreshes.
    pub(crate) fn asked(&mut self, refresh_token: &str) -> usize {
        self.refreshes.push(Refresh {
            refresh_token: refresh_token.to_owned(),
            code: self.code_of(refresh_token),
            asked: Instant::now(),
            answered: None,
            outcome: Outcome::Scripted,
        });
        self.refreshes.len() - 1
    }

    /// The tokens for the refresh token that was sent at `place`.
    pub(crate) fn refresh(&mut self, place: usize, behaviour: &Behaviour) -> Result<Value, Value> {
        let token = self.refreshes[place].refresh_token.clone();
        let code = self.code_of(&token);
        let is_spent = token.is_empty() || self.spent.contains(&token);
        let (outcome, answer) = if is_spent {
            if behaviour.reuse_kills {
                self.dead.insert(code);
            }
            (Outcome::Reused, Err(invalid_grant("spent or missing")))
        } else if self.dead.contains(&code) {
            (Outcome::Refused, Err(invalid_grant("revoked")))
        } else {
            let new = behaviour.rotate.then(|| self.issue("refresh"));
            if let Some(new) = &new {
                self.spent.insert(token);
                self.codes.insert(new.clone(), code.clone());
            }
            (
                Outcome::Granted,
                Ok(self.tokens(&code, new.as_deref(), behaviour)),
            )
        };
        self.refreshes[place].outcome = outcome;
        answer
    }

    /// The code of the family whose access token this is, while that opens anything.
    pub(crate) fn opened_by(&self, access_token: &str) -> Option<&str> {
        let until = self.access.get(access_token)?;
        let code = self.codes.get(access_token)?;
        (*until > Instant::now() && !self.dead.contains(code)).then_some(code)
    }

    pub(crate) fn kill(&mut self, code: &str) {
        self.dead.insert(code.to_owned());
    }

    pub(crate) fn is_dead(&self, code: &str) -> bool {
        self.dead.contains(code)
    }

    pub(crate) fn end_access(&mut self) {
        self.access.clear();
    }

    fn tokens(&mut self, code: &str, refresh_token: Option<&str>, behaviour: &Behaviour) -> Value {
        let access_token = self.issue("access");
        self.codes.insert(access_token.clone(), code.to_owned());
        let until = Instant::now() + Duration::from_secs(behaviour.access_ttl);
        self.access.insert(access_token.clone(), until);
        let mut tokens = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": behaviour.access_ttl,
        });
        if let Some(refresh_token) = refresh_token {
            tokens["refresh_token"] = refresh_token.into();
        }
        tokens
    }

    fn code_of(&self, refresh_token: &str) -> String {
        let code = self.codes.get(refresh_token);
        code.map_or_else(|| refresh_token.to_owned(), Clone::clone)
    }
}

fn invalid_grant(words: &str) -> Value {
    json!({"error": "invalid_grant", "error_description": words})
}
