//! `/instances/{id}/audit` and `/instances/audit`.

use serde_json::json;

use crate::registry::ID;
use crate::world::{World, by_token, platform, refused, somebody_else};

#[test]
fn an_audit_is_read_by_id_or_by_token_a_page_at_a_time() {
    let world = World::start();
    for (path, caller, id) in [
        ("/instances/594927/audit?pageSize=2", platform(), Some(ID)),
        ("/instances/audit?pageSize=2", by_token(), None),
    ] {
        let answer = world.send("GET", path, Some(&caller), "");
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json()[1],
            json!({"event": "created", "date": "2019-07-12T15:29:52.123456Z", "userId": 1})
        );
        assert_eq!(answer.header("Elements-Returned-Count"), Some("2"));
        assert_eq!(answer.header("Elements-Total-Count"), Some("5"));
        let request_id = world.registry.request_id.lock().unwrap().clone();
        assert_eq!(request_id.as_deref(), answer.header("Elements-Request-Id"));
        let next = answer.header("Elements-Next-Page-Token").unwrap();
        let second = format!("{path}&nextPage={next}");
        assert_eq!(world.send("GET", &second, Some(&caller), "").status, 200);
        let asked = world.registry.audited.lock().unwrap().last().unwrap().clone();
        assert_eq!((asked.id, asked.page_size, &*asked.page_token), (id, 2, "more"));
    }
}

#[test]
fn an_audit_is_its_organizations() {
    let world = World::start();
    for (path, caller, status) in [
        ("/instances/594927/audit", Some(somebody_else()), 404),
        ("/instances/1/audit", Some(platform()), 404),
        ("/instances/x/audit", Some(platform()), 400),
        ("/instances/594927/audit?nextPage=!", Some(platform()), 400),
        ("/instances/594927/audit", Some(by_token()), 401),
        ("/instances/audit", Some(platform()), 401),
        ("/instances/594927/audit", None, 401),
    ] {
        refused(&world.send("GET", path, caller.as_deref(), ""), status);
    }
    refused(
        &world.send("DELETE", "/instances/594927/audit", Some(&platform()), ""),
        405,
    );
}
