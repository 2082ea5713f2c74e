//! What others wrote is text, wherever it is shown: names, tags, vendors' words, connector files.

use ferrule_testkit::{Behaviour, Scripted, TokenEndpoint};
use serde_json::json;
use url::Url;

use super::look::look;
use super::site::Site;
use super::window::Window;
use crate::vendors::acme_with_api_at;
use crate::world::World;

/// Each runs where it is taken for markup, a script, an attribute or a template.
const CORPUS: [&str; 8] = [
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "\"><svg onload=hit()>",
    "' autofocus onfocus=hit() x='",
    "</title></textarea></code><script>hit()</script>",
    "javascript:hit()",
    "{{7*7}}${hit()}<%= hit() %>",
    "&lt;script&gt;hit()&lt;/script&gt;",
];

/// Nothing of it became part of the page, and the page shows it letter by letter.
fn inert(window: &Window, place: &str, shown: &[&str]) {
    let found = window.script(
        "const ours = (script) => script.getAttribute('src') === '/assets/ferrule.js' && !script.textContent;
         const all = [...document.querySelectorAll('*')];
         return {
           scripts: [...document.scripts].filter((script) => !ours(script)).length,
           handlers: all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on')).length,
           addresses: all.filter((one) => /^(javascript|data):/i.test(one.getAttribute('href') ?? '')).length,
           drawn: document.querySelectorAll('main img, [onload], [autofocus]:not(#organization)').length,
         }",
    );
    let nothing = json!({ "scripts": 0, "handlers": 0, "addresses": 0, "drawn": 0 });
    assert_eq!(found, nothing, "{place}");
    for text in shown {
        window.sees(text);
    }
}

fn begin(site: &Site, window: &Window, name: &str, tags: &str) {
    window.open(&site.at("/connectors/acme"));
    window.fill("[name=name]", name);
    window.fill("[name=tags]", tags);
    window.fill("[name='oauth.api.key']", "key");
    window.fill("[name='oauth.api.secret']", "secret");
    window.click("form.panel button.button");
}

#[test]
fn security_54_what_others_wrote_is_shown_as_text() {
    let acme = TokenEndpoint::start(Behaviour::default());
    let all = CORPUS.join(" ");
    let quoted = |text: &str| serde_json::to_string(text).expect("a string");
    let hostile = acme_with_api_at(&acme)
        .replace("\"Acme\"", &quoted(CORPUS[1]))
        .replace(
            "hub = \"crm\"",
            &format!("hub = \"crm\"\ndescription = {}", quoted(&all)),
        )
        .replace(
            "methods = [\"GET\"]",
            &format!("methods = [\"GET\"]\ndescription = {}", quoted(&all)),
        );
    let site = Site::start(World::new().with_connector("acme", &hostile));
    let window = site.signed_in_at("/connectors");

    window.open(&site.at("/connectors?q=hit()"));
    inert(&window, "catalogue", &CORPUS);
    window.fill("#q", CORPUS[0]);
    window.sees("1 connector");
    inert(&window, "search", &[CORPUS[1]]);
    window.open(&site.at("/connectors/acme"));
    inert(&window, "connector", &CORPUS);

    // The commas of a corpus would be tags of their own.
    begin(&site, &window, &all, &CORPUS.join(","));
    let instance = window.arrives_at(&site.at("/instances/"));
    window.sees("What comes next");
    inert(&window, "instance", &CORPUS[1..2]);
    look(&window, "hostile-instance");
    // What a vendor answers is text, too.
    window.click("a[href$='/console']");
    acme.script_at("/api/contacts/7", Scripted::new(200, "text/html", all.clone()));
    window.fill("[name='path.id']", "7");
    window.click("form.panel button.button");
    window.sees("200 OK");
    inert(&window, "the vendor's answer", &CORPUS);
    window.open(&instance);
    window.click("a.danger");
    window.sees("This cannot be undone");
    inert(&window, "deletion", &CORPUS[1..2]);
    window.open(&site.at("/instances"));
    inert(&window, "instances", &CORPUS[1..2]);

    for text in CORPUS {
        let refusal = json!({ "error": "invalid_grant", "error_description": text });
        acme.script(Scripted::new(400, "application/json", refusal.to_string()));
        begin(&site, &window, "Mine", "");
        window.sees("The vendor refused this login");
        inert(&window, "the vendor's refusal", &[text]);
        // The vendor's page stands still, so that its answer can be written here.
        acme.script_at("/authorize", Scripted::new(200, "text/html", "a login page"));
        begin(&site, &window, "Mine", "");
        let at = Url::parse(&window.arrives_at(&acme.authorization_url())).expect("an address");
        let state = at
            .query_pairs()
            .find(|(name, _)| name == "state")
            .expect("a state")
            .1;
        let no = [
            ("state", &*state),
            ("error", "access_denied"),
            ("error_description", text),
        ];
        let callback = site.at("/oauth/callback/acme");
        window.open(
            Url::parse_with_params(&callback, no)
                .expect("an address")
                .as_str(),
        );
        window.sees("was not connected");
        inert(&window, "the vendor's no", &[text]);
    }
}
