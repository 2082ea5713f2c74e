//! `GET /instances`: an organization's instances, found by name, connector and tag.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ferrule_wire::v1::ListInstancesRequest;

use crate::errors::ApiError;
use crate::pages::instance_row::InstanceRow;
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::SignedIn;
use crate::pages::{Problem, html};
use crate::query::Query;
use crate::state::Gateway;

const ROWS: i32 = 50;

#[derive(Template)]
#[template(path = "instances.html")]
struct Instances<'a> {
    shell: Shell,
    text: &'a str,
    tag: &'a str,
    total: i64,
    rows: Vec<InstanceRow>,
    more: Option<String>,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let field = |name| query.get(name).unwrap_or_default().trim();
    let (text, tag) = (field("q"), field("tag"));
    let request = ListInstancesRequest {
        credentials: Some(signed_in.credentials()),
        tags: (!tag.is_empty()).then(|| tag.to_owned()).into_iter().collect(),
        search: text.to_owned(),
        page_size: ROWS,
        page_token: field("from").to_owned(),
        ..ListInstancesRequest::default()
    };
    let listed = gateway.registry().list_instances(request).await?.into_inner();
    let rows = listed.instances.iter();
    let page = Instances {
        shell: signed_in.shell(Tab::Instances),
        rows: rows.map(|one| InstanceRow::of(one, gateway.catalog())).collect(),
        total: listed.total,
        more: (!listed.next_page_token.is_empty()).then(|| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            let pairs = [("q", text), ("tag", tag), ("from", &listed.next_page_token)];
            query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
            format!("/instances?{}", query.finish())
        }),
        text,
        tag,
    };
    Ok(html(StatusCode::OK, &page))
}
