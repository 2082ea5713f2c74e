//! Pages of a vendor's list, asked for by the contract's names, whatever the vendor calls them.

use std::fmt::Write as _;

use ferrule_catalog::ConnectorSource;
use ferrule_testkit::{Answer, HttpClient};
use serde_json::{Value, json};

use crate::registry::TOKEN;
use crate::vendor::{self, Seen, Vendor, answer, ok};
use crate::world::{World, by_token, refused, settings};

/// How many items the vendor has.
const ALL: usize = 7;

/// The styles, each as a resource of its own.
const RESOURCES: &str = r#"
[[resources]]
path = "/linked"
vendor_path = "/v2/linked"
pagination = { style = "link", size = "per_page", max_size = 5 }
[[resources]]
path = "/links"
items = "value"
pagination = { style = "link", size = "$top", next = "`@odata.nextLink`" }
[[resources]]
path = "/cursors"
items = "data"
pagination = { style = "cursor", size = "limit", position = "page[after]", next = "meta.next" }
[[resources]]
path = "/last"
items = "data"
pagination = { style = "cursor", size = "limit", position = "after", next = "data.-1.id", more = "has_more" }
[[resources]]
path = "/offsets"
items = "items"
pagination = { style = "offset", size = "count", position = "skip" }
[[resources]]
path = "/pages"
items = "items"
pagination = { style = "page", size = "n", position = "page" }
[[resources]]
path = "/from-zero"
items = "items"
pagination = { style = "page", size = "n", position = "page", first = 0, more = "more" }
"#;

/// A vendor with as many items at every path, which pages in each path's own way.
fn vendor() -> Vendor {
    Vendor::start(|seen| {
        let (path, query) = seen.target().split_once('?').unwrap_or((seen.target(), ""));
        let value = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        };
        let number = |name: &str| value(name).and_then(|text| text.parse::<usize>().ok());
        let size = ["per_page", "$top", "limit", "count", "n"]
            .into_iter()
            .find_map(number)
            .unwrap();
        let page = number("page").unwrap_or(1);
        let from = match path {
            "/base/v2/v2/linked" | "/base/v2/pages" => (page - 1) * size,
            "/base/v2/links" => number("$skiptoken").unwrap_or(0),
            "/base/v2/cursors" => {
                value("page[after]").map_or(0, |text| text.trim_start_matches("a b&").parse().unwrap())
            }
            "/base/v2/last" => number("after").map_or(0, |last| last + 1),
            "/base/v2/offsets" => number("skip").unwrap_or(0),
            _ => number("page").unwrap_or(0) * size,
        };
        let items: Vec<Value> = (from..ALL.min(from + size))
            .map(|id| json!({ "id": id }))
            .collect();
        let (end, more) = (from + items.len(), from + items.len() < ALL);
        let host = seen.header("host").unwrap();
        match path {
            "/base/v2/v2/linked" => {
                let mut links = "Link: <https://elsewhere.example/x?page=1>; rel=\"first\"".to_owned();
                if more {
                    write!(
                        links,
                        ", <http://{host}/other?page={}&per_page={size}&q=1>; rel=\"next\"",
                        page + 1
                    )
                    .unwrap();
                }
                answer("200 OK", &format!("{links}\r\n"), &json!(items).to_string())
            }
            "/base/v2/links" => {
                let mut page = json!({ "value": items });
                if more {
                    page["@odata.nextLink"] = json!(format!("http://{host}/y?$top={size}&$skiptoken={end}"));
                }
                ok(&page.to_string())
            }
            "/base/v2/cursors" => {
                let next = more.then(|| format!("a b&{end}"));
                ok(&json!({ "data": items, "meta": { "next": next } }).to_string())
            }
            "/base/v2/last" => ok(&json!({ "data": items, "has_more": more }).to_string()),
            _ => ok(&json!({ "items": items, "more": more }).to_string()),
        }
    })
}

fn world(vendor: &Vendor) -> World {
    let mut connector: ConnectorSource = vendor::connector(&vendor.address.to_string());
    connector.text.push_str(RESOURCES);
    World::build(settings(), vendor::registry(), Some(connector))
}

fn get(world: &World, path: &str) -> Answer {
    HttpClient::new().get(&world.api(path), &[("Authorization", &by_token())])
}

fn ids(answer: &Answer) -> Vec<u64> {
    let body = answer.json();
    let list = ["value", "data", "items"]
        .iter()
        .find_map(|key| body.get(*key))
        .unwrap_or(&body);
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn every_style_is_walked_from_the_first_item_to_the_last() {
    let vendor = vendor();
    let world = world(&vendor);
    for path in [
        "linked",
        "links",
        "cursors",
        "last",
        "offsets",
        "pages",
        "from-zero",
    ] {
        for size in [1, 2, 3, 5] {
            let (mut walked, mut next, mut asked) = (Vec::new(), String::new(), 0);
            loop {
                let answer = get(
                    &world,
                    &format!("/hubs/crm/{path}?pageSize={size}&nextPage={next}"),
                );
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                let page = ids(&answer);
                let count = page.len().to_string();
                assert_eq!(
                    answer.header("Elements-Returned-Count"),
                    Some(count.as_str()),
                    "{path}"
                );
                assert_eq!(answer.header("Elements-Error"), None, "{path}");
                walked.extend(page);
                asked += 1;
                assert!(asked <= ALL + 1, "{path} never ends: {walked:?}");
                match answer.header("Elements-Next-Page-Token") {
                    Some(token) => next = token.to_owned(),
                    None => break,
                }
            }
            assert_eq!(walked, (0..ALL as u64).collect::<Vec<_>>(), "{path} by {size}");
        }
    }
}

#[test]
fn the_rest_of_the_query_goes_along_as_it_came() {
    let vendor = vendor();
    let world = world(&vendor);
    let first = get(
        &world,
        "/hubs/crm/cursors?q=a%2Fb&pageSize=2&limit=9&empty=&q=%zz",
    );
    let token = first.header("Elements-Next-Page-Token").unwrap();
    get(&world, &format!("/cursors?nextPage={token}&q=a%2Fb"));
    let targets: Vec<String> = vendor
        .seen()
        .iter()
        .map(|seen| seen.target().to_owned())
        .collect();
    assert_eq!(
        targets,
        [
            "/base/v2/cursors?q=a%2Fb&empty=&q=%zz&limit=2",
            "/base/v2/cursors?q=a%2Fb&limit=2&page%5Bafter%5D=a+b%262",
        ]
    );
}

#[test]
fn a_call_that_asks_for_no_page_passes_untouched() {
    let vendor = Vendor::start(|seen: &Seen| ok(seen.header("accept-encoding").unwrap_or("none")));
    let world = world(&vendor);
    for (path, target) in [
        (
            "/hubs/crm/cursors?limit=1&page%5Bafter%5D=x",
            "/base/v2/cursors?limit=1&page%5Bafter%5D=x",
        ),
        (
            "/hubs/crm/notes?pageSize=5&nextPage=x",
            "/base/v2/notes?pageSize=5&nextPage=x",
        ),
        (
            "/hubs/crm/undeclared?pageSize=5",
            "/base/v2/undeclared?pageSize=5",
        ),
        (
            "/hubs/crm/cursors?pageSize=&nextPage=",
            "/base/v2/cursors?pageSize=&nextPage=",
        ),
    ] {
        let authorization = by_token();
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Accept-Encoding", "br"),
        ];
        let answer = HttpClient::new().get(&world.api(path), &headers);
        assert_eq!(answer.text(), "br", "{path}");
        assert_eq!(answer.header("elements-returned-count"), None);
        assert_eq!(vendor.seen().pop().unwrap().target(), target);
    }
}

#[test]
fn a_page_is_no_larger_than_the_vendor_gives() {
    let vendor = vendor();
    let world = world(&vendor);
    let answer = get(&world, "/hubs/crm/linked?pageSize=500");
    assert_eq!(ids(&answer).len(), 5);
    let words = answer.header("Elements-Error").unwrap();
    assert_eq!(words, "pageSize is at most 5 here; it was set to 5.");
}

#[test]
fn a_token_is_of_one_list_alone() {
    let vendor = vendor();
    let world = world(&vendor);
    let first = get(&world, "/hubs/crm/offsets?pageSize=2");
    let token = first.header("Elements-Next-Page-Token").unwrap();
    let sent = vendor.seen().len();
    for query in [
        format!("/hubs/crm/pages?nextPage={token}"),
        format!("/hubs/crm/offsets?nextPage={}", &token[1..]),
        format!("/hubs/crm/offsets?nextPage={TOKEN}"),
        "/hubs/crm/offsets?nextPage=0".to_owned(),
        "/hubs/crm/offsets?pageSize=0".to_owned(),
        "/hubs/crm/offsets?pageSize=-1".to_owned(),
    ] {
        refused(&get(&world, &query), 400);
    }
    assert_eq!(vendor.seen().len(), sent, "nothing left for the vendor");
}

#[test]
fn an_answer_that_is_no_page_passes_with_a_word_or_with_its_status() {
    let vendor = Vendor::start(|seen| match seen.target() {
        target if target.contains("limit=1") => ok("no JSON"),
        target if target.contains("limit=2") => {
            answer("429 Too Many Requests", "Retry-After: 7\r\n", "slow down")
        }
        _ => ok(&json!({ "data": ["x".repeat(8 << 20)] }).to_string()),
    });
    let world = world(&vendor);
    let odd = get(&world, "/hubs/crm/cursors?pageSize=1");
    assert_eq!((odd.status, odd.text().as_str()), (200, "no JSON"));
    assert!(odd.header("Elements-Error").unwrap().contains("no list"));
    assert_eq!(odd.header("Elements-Next-Page-Token"), None);

    let busy = get(&world, "/hubs/crm/cursors?pageSize=2");
    assert_eq!((busy.status, busy.text().as_str()), (429, "slow down"));
    assert_eq!(busy.header("retry-after"), Some("7"));

    let words = refused(&get(&world, "/hubs/crm/cursors?pageSize=3"), 502);
    assert!(words.contains("smaller pageSize"), "{words}");
}
