//! Whatever is sent, the broker answers or says what is wrong with it.

use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, ExchangeRequest};
use ferrule_wire::{Reason, Refusal};
use proptest::prelude::*;

use crate::requests::{anonymous, bring, came_back, claim, hosted, own, parameter};
use crate::world::World;

fn is_the_callers_fault<T>(answer: Result<T, Refusal>) -> bool {
    let ours = [Reason::Internal, Reason::Unavailable, Reason::Sealed];
    answer.err().is_none_or(|refusal| !ours.contains(&refusal.reason))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_that_is_sent_is_a_fault_of_ours(
        one in "\\PC{0,60}|.{0,60}", two in "[a-z:/@#?%.\\\\ ]{0,60}", three in ".{0,3000}", form in 0_usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::embedded().await;
            let request = [anonymous("acme"), own("acme"), hosted("shops")][form].clone();
            let urls = AuthorizeRequest {
                callback_url: format!("https://{two}"),
                return_url: two.clone(),
                ..request.clone()
            };
            let texts = AuthorizeRequest {
                api_key: one.clone(),
                api_secret: two.clone(),
                scope: three.clone(),
                state: three.clone(),
                parameters: [(one.clone(), two.clone()), ("shop".to_owned(), "mine".to_owned())].into(),
                ..request
            };
            prop_assert!(is_the_callers_fault(world.authorize(urls).await));
            let answer = world.authorize(texts).await;
            if let Ok(made) = &answer {
                let want = if form == 2 { made.state.clone() } else { Some(three.clone()) };
                let sent = parameter(&made.oauth_url, "state");
                prop_assert!(three.is_empty() || sent == want, "{}", made.oauth_url);
            }
            prop_assert!(is_the_callers_fault(answer));

            let state = world.begun(hosted("acme")).await;
            for state in [state.as_str(), one.as_str()] {
                let callback = CallbackRequest {
                    error: two.clone(),
                    error_description: three.clone(),
                    iss: Some(one.clone()),
                    browser_binding: three.clone().into_bytes(),
                    parameters: [(one.clone(), three.clone())].into(),
                    ..came_back("acme", state, &three)
                };
                prop_assert!(is_the_callers_fault(world.callback(callback).await));
                prop_assert!(is_the_callers_fault(world.exchange(claim("acme", state)).await));
            }
            let exchange = ExchangeRequest {
                iss: Some(two.clone()),
                api_key: two.clone(),
                api_secret: one.clone(),
                parameters: [(one.clone(), three.clone()), (two, one.clone())].into(),
                ..bring("acme", &three, &one)
            };
            prop_assert!(is_the_callers_fault(world.exchange(exchange).await));
            Ok(())
        })?;
    }
}
