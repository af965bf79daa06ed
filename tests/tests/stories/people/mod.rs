//! People: who they are, how they come and go, how they prove who they are.

mod invitations;
mod members;
mod oidc;
mod passwords;
mod profile;
mod second_factor;
mod service_accounts;

use std::time::{Duration, Instant};

use serde_json::Value;
use trackside_tests::harness::Api;

/// Who a client speaks for.
async fn id_of(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

/// The events of these kinds, once there are so many.
async fn happened(api: &Api, kinds: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let mut events = log.at("/items").as_array().unwrap().clone();
        events.retain(|event| event["kind"].as_str().unwrap().starts_with(kinds));
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{events:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
