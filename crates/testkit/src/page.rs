//! What an end user does on a page: logs in, answers the question for consent, or nothing.

use url::Url;
use url::form_urlencoded::Serializer;

use crate::html::{Form, Kind, forms, links};
use crate::http_client::Answer;

const LOGIN: &str = "alice";
const PASSWORD: &str = "alice-pass-1";

/// What the end user says when a vendor asks for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// A page on the screen.
pub(crate) struct Page {
    pub url: Url,
    pub answer: Answer,
}

/// A click: on a link, or on a form's button.
pub(crate) struct Step {
    pub method: &'static str,
    pub url: Url,
    pub form: Option<String>,
}

impl Page {
    /// What the user does here: nothing when the page is an error or asks nothing.
    pub fn next_step(&self, decision: Decision) -> Option<Step> {
        if self.answer.status >= 400 {
            return None;
        }
        let html = self.answer.text();
        let forms = forms(&html);
        let login = forms
            .iter()
            .find(|form| form.fields.iter().any(|field| field.kind == Kind::Password));
        let abort = links(&html).into_iter().find(|link| link.ends_with("/abort"));
        if let Some(link) = abort.filter(|_| decision == Decision::Deny && login.is_none()) {
            return Some(Step {
                method: "GET",
                url: self.url.join(&link).ok()?,
                form: None,
            });
        }
        let deciding = forms.iter().find(|form| form.button_for(decision).is_some());
        let form = login
            .or(deciding)
            .or_else(|| forms.iter().find(|form| form.post))?;
        let mut url = self.url.join(&form.action).ok()?;
        let filled = form.fill(decision);
        if form.post {
            return Some(Step {
                method: "POST",
                url,
                form: Some(filled),
            });
        }
        url.set_query(Some(&filled));
        Some(Step {
            method: "GET",
            url,
            form: None,
        })
    }
}

impl Form {
    /// The button that says what the user decided: `decision`, or any other name, with such a value.
    fn button_for(&self, decision: Decision) -> Option<&(String, String)> {
        let words = match decision {
            Decision::Allow => ["allow", "yes"],
            Decision::Deny => ["deny", "no"],
        };
        self.buttons
            .iter()
            .find(|(name, value)| !name.is_empty() && words.contains(&value.as_str()))
    }

    fn fill(&self, decision: Decision) -> String {
        let mut form = Serializer::new(String::new());
        for field in &self.fields {
            let value = match field.kind {
                Kind::Password => PASSWORD,
                Kind::Text if field.value.is_empty() => LOGIN,
                Kind::Text | Kind::Hidden => &field.value,
            };
            form.append_pair(&field.name, value);
        }
        let first = || self.buttons.first().filter(|(name, _)| !name.is_empty());
        if let Some((name, value)) = self.button_for(decision).or_else(first) {
            form.append_pair(name, value);
        }
        form.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_message::Headers;

    fn page(html: &str) -> Page {
        let answer = Answer {
            status: 200,
            headers: Headers::new(),
            body: html.into(),
        };
        Page {
            url: Url::parse("http://localhost:1/a/b?c=d").unwrap(),
            answer,
        }
    }

    fn step(html: &str, decision: Decision) -> Option<(String, Option<String>)> {
        page(html)
            .next_step(decision)
            .map(|step| (step.url.into(), step.form))
    }

    #[test]
    fn a_form_with_two_buttons_is_answered_with_one() {
        let html = r#"<form method="post"><input type="hidden" name="t" value="1">
            <button name="decision" value="deny">No</button><button name="decision" value="allow">Yes</button></form>"#;
        for (decision, body) in [
            (Decision::Allow, "t=1&decision=allow"),
            (Decision::Deny, "t=1&decision=deny"),
        ] {
            let expected = ("http://localhost:1/a/b?c=d".to_owned(), Some(body.to_owned()));
            assert_eq!(step(html, decision), Some(expected));
        }
    }

    #[test]
    fn a_login_form_comes_first_even_for_who_will_say_no() {
        let html = r#"<a href="/x/abort">no</a><form method="post" action="/in">
            <input name="login"><input type="password" name="password"><button>Go</button></form>"#;
        let expected = (
            "http://localhost:1/in".to_owned(),
            Some("login=alice&password=alice-pass-1".to_owned()),
        );
        assert_eq!(step(html, Decision::Deny), Some(expected));
    }

    #[test]
    fn a_page_that_asks_nothing_ends_the_walk() {
        assert_eq!(
            step(
                "<p>Connected</p><form><input name=search></form>",
                Decision::Allow
            ),
            None
        );
    }
}
