//! Every call of Ferrule's own API, told once: what `docs/openapi.json` and `/docs` show.

use Body::{Any, Json};
use Who::{Anybody, Either, Instance, Organization};

/// One method of one path.
#[derive(Debug)]
pub(super) struct Call {
    /// Lower case, as `OpenAPI` has it.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) notes: &'static str,
    pub(super) who: Who,
    /// Names and meanings.
    pub(super) query: &'static [(&'static str, &'static str)],
    pub(super) body: Body,
    /// The schema of its answer, `[]` behind it for a list; empty: anything.
    pub(super) answer: &'static str,
    pub(super) gives: &'static str,
}

/// Who may call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    /// User and Organization.
    Organization,
    /// User and Element: the token's own instance.
    Instance,
    /// Either of these.
    Either,
    /// Nobody known too, where the operator allows it.
    Anybody,
}

/// What a call brings.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    Nothing,
    /// A schema's name.
    Json(&'static str),
    /// Whatever the vendor takes.
    Any,
}

const SIZE: (&str, &str) = ("pageSize", "How many items a page holds, 200 at most");
const NEXT: (&str, &str) = ("nextPage", "What Elements-Next-Page-Token held");
const TEXT: (&str, &str) = ("searchText", "A part of a name");
const TAGS: (&str, &str) = ("tags[]", "Instances with this tag; may come again");
const WHERE: (&str, &str) = ("where", "A filter, such as hub='crm' AND name LIKE '%x%'");
const HUB: (&str, &str) = ("hub", "One hub's alone");
const KEY: (&str, &str) = ("key", "One connector alone");
const APP: (&str, &str) = ("apiKey", "The client id of your app at the vendor");
const SECRET: (&str, &str) = ("apiSecret", "Its secret");
const CALLBACK: (&str, &str) = (
    "callbackUrl",
    "Where the vendor sends the browser; left out: to Ferrule",
);
const BACK: (&str, &str) = (
    "returnUrl",
    "Where Ferrule sends the browser after its own callback",
);
const STATE: (&str, &str) = ("state", "Comes back unchanged");
const SCOPE: (&str, &str) = ("scope", "Scopes in place of the connector's");
const PKCE: (&str, &str) = ("pkce", "true adds PKCE where the connector leaves it open");

/// In the order in which they are read.
#[rustfmt::skip]
pub(super) const CALLS: &[Call] = &[
    get("/elements", "list_elements", "List connectors").tagged("catalogue").by(Anybody)
        .asking(&[SIZE, NEXT, WHERE, HUB, KEY, TEXT])
        .giving("Element[]", "A page of connectors."),
    get("/elements/keys", "list_element_keys", "List connectors' keys").tagged("catalogue").by(Anybody)
        .giving("Key[]", "All keys."),
    get("/elements/{element}", "get_element", "One connector").tagged("catalogue").by(Anybody)
        .giving("Element", "The connector, and what its instances need."),
    get("/elements/{element}/docs", "get_element_docs", "What a connector's instances can be asked")
        .tagged("catalogue").by(Anybody).giving("Object", "An OpenAPI 3 document."),
    get("/elements/{element}/icon.svg", "get_element_icon", "A letter mark in place of a logo").tagged("catalogue")
        .by(Anybody).giving("svg", "A picture."),
    get("/hubs", "list_hubs", "List hubs").tagged("catalogue").by(Anybody).giving("Object[]", "All hubs."),
    get("/hubs/keys", "list_hub_keys", "List hubs' keys").tagged("catalogue").by(Anybody)
        .giving("Key[]", "All keys."),
    get("/elements/{element}/oauth/url", "get_oauth_url", "Begin a login: where to send the user").tagged("login")
        .by(Anybody).asking(&[APP, SECRET, CALLBACK, BACK, STATE, SCOPE, PKCE]).giving("OauthUrl", "The vendor's login URL.")
        .noting("Without credentials only with a callback of your own."),
    post("/elements/{element}/oauth/url", "post_oauth_url", "The same with the parameters in a body")
        .tagged("login").by(Anybody).taking(Json("Object")).giving("OauthUrl", "The vendor's login URL.")
        .noting("A secret in a body stands in nobody's log."),
    get("/elements/{element}/oauth/token", "get_oauth_token", "Begin a login of OAuth 1.0a with a callback of your own")
        .tagged("login").asking(&[APP, SECRET, CALLBACK])
        .giving("Object", "A temporary token and its secret."),
    post("/connect/sessions", "create_connect_session", "A link by which a customer connects an account")
        .tagged("connect links").taking(Json("NewConnectSession")).giving("Object", "Its id, its url, and when it ends.")
        .noting("`Idempotency-Key` is taken for a day."),
    get("/connect/sessions/{id}", "get_connect_session", "How a link stands").tagged("connect links")
        .giving("Object", "Its state, and the instance that came of it."),
    get("/connect/origin", "get_connect_origin", "The one origin that hears of links' ends").tagged("connect links")
        .giving("Object", "The origin."),
    put("/connect/origin", "put_connect_origin", "Register that origin").tagged("connect links")
        .taking(Json("Object")).giving("Object", "The origin."),
    delete("/connect/origin", "delete_connect_origin", "Take it back").tagged("connect links")
        .giving("", "Nobody hears of them now."),
    get("/elements/{element}/app", "get_app", "The organization's own app at a connector's vendor")
        .tagged("connect links").giving("Object", "Without its secret."),
    put("/elements/{element}/app", "put_app", "Store that app, so that nobody types it").tagged("connect links")
        .taking(Json("Object")).giving("Object", "Without its secret."),
    delete("/elements/{element}/app", "delete_app", "Forget that app").tagged("connect links")
        .giving("", "Forgotten."),
    get("/instances", "list_instances", "List instances; with an Element token: its own").by(Either)
        .asking(&[SIZE, NEXT, TAGS, TEXT])
        .giving("Instance[]", "A page of instances."),
    post("/instances", "create_instance", "Turn a login, a key or a password into an instance")
        .taking(Json("NewInstance"))
        .giving("Instance", "The instance; the same login again gives the same one.")
        .noting("`Idempotency-Key` is taken for a day."),
    put("/instances", "put_own_instance", "Change the token's own instance").by(Instance)
        .taking(Json("InstanceChanges")).giving("Instance", "As it is now."),
    patch("/instances", "patch_own_instance", "Change the token's own instance").by(Instance)
        .taking(Json("InstanceChanges")).giving("Instance", "As it is now."),
    get("/instances/{id}", "get_instance", "One instance").giving("Instance", "The instance."),
    put("/instances/{id}", "put_instance", "Change an instance").taking(Json("InstanceChanges"))
        .giving("Instance", "As it is now."),
    patch("/instances/{id}", "patch_instance", "Change an instance, or log in again")
        .taking(Json("InstanceChanges")).giving("Instance", "As it is now."),
    delete("/instances/{id}", "delete_instance", "Delete an instance").giving("", "Deleted; its token is dead.")
        .noting("The vendor is asked to revoke its tokens."),
    get("/elements/{element}/instances/{id}", "get_element_instance", "One instance, of a connector")
        .giving("Instance", "The instance."),
    put("/elements/{element}/instances/{id}", "put_element_instance", "Change an instance, of a connector")
        .taking(Json("InstanceChanges")).giving("Instance", "As it is now."),
    patch("/elements/{element}/instances/{id}", "patch_element_instance", "Change an instance, or log in again, of a connector")
        .taking(Json("InstanceChanges")).giving("Instance", "As it is now."),
    delete("/elements/{element}/instances/{id}", "delete_element_instance", "Delete an instance, of a connector")
        .giving("", "Deleted; its token is dead.").noting("The vendor is asked to revoke its tokens."),
    get("/elements/{element}/instances", "list_element_instances", "List a connector's instances")
        .asking(&[SIZE, NEXT, TAGS, TEXT])
        .giving("Instance[]", "A page of instances."),
    post("/elements/{element}/instances", "create_element_instance", "Create an instance of a connector")
        .taking(Json("NewInstance")).giving("Instance", "The instance."),
    get("/instances/{id}/docs", "get_instance_docs", "What an instance can be asked")
        .giving("Object", "An OpenAPI 3 document."),
    get("/instances/{id}/audit", "read_instance_audit", "What happened to an instance, newest first").asking(&[SIZE, NEXT])
        .giving("AuditEntry[]", "A page of entries."),
    put("/instances/{id}/enabled", "enable_instance", "Enable an instance").giving("Instance", "As it is now."),
    delete("/instances/{id}/enabled", "disable_instance", "Disable an instance: its tokens are kept, calls are refused")
        .giving("Instance", "As it is now."),
    get("/instances/{id}/configuration", "list_instance_configuration", "The configuration of an instance")
        .giving("Entry[]", "All entries."),
    get("/instances/{id}/configuration/{configId}", "get_instance_configuration", "One entry of the configuration of an instance")
        .giving("Entry", "The entry."),
    patch("/instances/{id}/configuration/{configId}", "patch_instance_configuration", "Change one entry of the configuration of an instance")
        .taking(Json("Object")).giving("Entry", "As it is now."),
    get("/instances/docs", "get_own_instance_docs", "What the token's own instance can be asked").by(Instance)
        .giving("Object", "An OpenAPI 3 document."),
    get("/instances/audit", "read_own_instance_audit", "What happened to the token's own instance, newest first")
        .by(Instance).asking(&[SIZE, NEXT]).giving("AuditEntry[]", "A page of entries."),
    put("/instances/enabled", "enable_own_instance", "Enable the token's own instance").by(Instance)
        .giving("Instance", "As it is now."),
    delete("/instances/enabled", "disable_own_instance", "Disable the token's own instance: its tokens are kept, calls are refused")
        .by(Instance).giving("Instance", "As it is now."),
    get("/instances/configuration", "list_own_instance_configuration", "The configuration of the token's own instance")
        .by(Instance).giving("Entry[]", "All entries."),
    get("/instances/configuration/{configId}", "get_own_instance_configuration", "One entry of the configuration of the token's own instance")
        .by(Instance).giving("Entry", "The entry."),
    patch("/instances/configuration/{configId}", "patch_own_instance_configuration", "Change one entry of the configuration of the token's own instance")
        .by(Instance).taking(Json("Object")).giving("Entry", "As it is now."),
    get("/ping", "ping", "Whether an instance still works").tagged("calls").by(Instance)
        .giving("Object", "It does.").noting("Where its connector names a call for that."),
    get("/hubs/{hub}/{path}", "get_vendor", "Call the vendor through an instance: GET").tagged("calls")
        .by(Instance).giving("", "The vendor's answer, unchanged."),
    post("/hubs/{hub}/{path}", "post_vendor", "Call the vendor through an instance: POST").tagged("calls")
        .by(Instance).taking(Any).giving("", "The vendor's answer, unchanged."),
    put("/hubs/{hub}/{path}", "put_vendor", "Call the vendor through an instance: PUT").tagged("calls")
        .by(Instance).taking(Any).giving("", "The vendor's answer, unchanged."),
    patch("/hubs/{hub}/{path}", "patch_vendor", "Call the vendor through an instance: PATCH").tagged("calls")
        .by(Instance).taking(Any).giving("", "The vendor's answer, unchanged."),
    delete("/hubs/{hub}/{path}", "delete_vendor", "Call the vendor through an instance: DELETE").tagged("calls")
        .by(Instance).giving("", "The vendor's answer, unchanged."),
];

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Call {
    call("get", path, id, summary)
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Call {
    call("post", path, id, summary)
}

const fn put(path: &'static str, id: &'static str, summary: &'static str) -> Call {
    call("put", path, id, summary)
}

const fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Call {
    call("patch", path, id, summary)
}

const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Call {
    call("delete", path, id, summary)
}

/// Of an organization's instances, with nothing but its path.
const fn call(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Call {
    Call {
        method,
        path,
        id,
        tag: "instances",
        summary,
        notes: "",
        who: Organization,
        query: &[],
        body: Body::Nothing,
        answer: "Object",
        gives: "",
    }
}

impl Call {
    const fn tagged(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    const fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    const fn asking(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    const fn taking(self, body: Body) -> Self {
        Self { body, ..self }
    }

    const fn giving(self, answer: &'static str, gives: &'static str) -> Self {
        Self {
            answer,
            gives,
            ..self
        }
    }

    const fn noting(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }
}
