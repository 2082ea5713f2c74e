//! The one table from reasons to what callers see.

use ferrule_wire::{Reason, Refusal};
use tonic::{Code, Status};

use crate::world::{World, refused};

fn status_of(reason: Reason) -> u16 {
    match reason {
        Reason::InvalidRequest
        | Reason::StateSpent
        | Reason::StateMismatch
        | Reason::CallbackMismatch
        | Reason::BrowserMismatch
        | Reason::IssuerMismatch
        | Reason::UserDenied
        | Reason::CodeSpent
        | Reason::VendorRejected => 400,
        Reason::Unauthenticated | Reason::ReauthorizationRequired => 401,
        Reason::Forbidden | Reason::InstanceDisabled => 403,
        Reason::AppUnknown
        | Reason::ConnectUnknown
        | Reason::ElementUnknown
        | Reason::InstanceUnknown
        | Reason::StateUnknown
        | Reason::StateExpired => 404,
        Reason::StatePending | Reason::IdempotencyConflict => 409,
        Reason::ConnectExpired | Reason::ConnectSpent => 410,
        Reason::Internal => 500,
        Reason::VendorUnreachable | Reason::ExchangeUnknown | Reason::AppMisconfigured => 502,
        Reason::ExchangeInFlight | Reason::Unavailable | Reason::Sealed => 503,
    }
}

#[test]
fn every_reason_has_its_status_and_the_contracts_json() {
    let world = World::start();
    for reason in Reason::ALL {
        let refusal = Refusal::new(*reason, "what to do").with_provider_message("invalid_grant: no");
        world.registry.mood.fail(refusal.into());
        let answer = world.get("/instances/594927");
        assert_eq!(refused(&answer, status_of(*reason)), "what to do", "{reason:?}");
        assert_eq!(
            answer.json()["providerMessage"],
            "invalid_grant: no",
            "{reason:?}"
        );
        // Only where the owner of the instance is to act does a word for programs stand beside it.
        let for_programs = [
            Reason::ReauthorizationRequired,
            Reason::InstanceDisabled,
            Reason::AppMisconfigured,
        ];
        let shown = for_programs.contains(reason).then(|| reason.as_str().into());
        assert_eq!(answer.json().get("reason"), shown.as_ref(), "{reason:?}");
        let fields = 3 + usize::from(shown.is_some());
        assert_eq!(answer.json().as_object().unwrap().len(), fields, "{reason:?}");
        assert_eq!(
            answer.header("retry-after").is_some(),
            answer.status == 503,
            "{reason:?}"
        );
    }
}

#[test]
fn a_provider_message_is_there_only_when_the_vendor_said_something() {
    let world = World::start();
    world.registry.mood.refuse(Reason::CodeSpent, "spent");
    assert_eq!(world.get("/instances/1").json().as_object().unwrap().len(), 2);
}

/// Security requirement 45: words that are not ours stay in the log.
#[test]
fn a_peer_that_fails_tells_nothing_of_itself() {
    let world = World::start();
    for (code, status) in [
        (Code::Unavailable, 503),
        (Code::DeadlineExceeded, 503),
        (Code::Internal, 500),
        (Code::Unknown, 500),
    ] {
        world.registry.mood.fail(Status::new(code, "c4n4ry at 10.0.0.1"));
        let answer = world.get("/instances/594927");
        refused(&answer, status);
        assert!(!answer.text().contains("c4n4ry"), "{code:?}");
    }
}

#[test]
fn a_panic_is_a_500_like_any_other_error() {
    let world = World::start();
    world.registry.mood.panic();
    let answer = world.get("/instances/594927");
    let message = refused(&answer, 500);
    assert!(!message.contains("the test said so"), "{message}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
