//! Limits on how many requests one token, or one address without a token, may make. A bucket each, per node; the
//! headers are those of draft-ietf-httpapi-ratelimit-headers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::config::Rate;
use crate::extract::Bearer;
use crate::problem::Problem;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How many callers are remembered at the most; then those with full buckets are forgotten.
const CALLERS: usize = 100_000;

/// The buckets of this process.
pub struct Limiter {
    rate: Rate,
    /// Callers are kept as hashes: neither tokens nor addresses need to be remembered.
    hasher: RandomState,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

/// What a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Whether this request may pass.
    pub passes: bool,
    /// Requests left.
    pub requests: u32,
    /// Seconds until the next request may pass, or, when some are left, until one more is.
    pub seconds: u64,
}

impl Limiter {
    /// A limiter of this rate; a caller may use up all of it at once.
    pub fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), buckets: Mutex::default() }
    }

    /// Takes one request from a caller's bucket.
    pub fn take(&self, caller: &str, now: Instant) -> Left {
        let full = f64::from(self.rate.requests);
        let per_second = full / self.rate.per.as_secs_f64();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS {
            buckets.retain(|_, bucket| bucket.left + now.duration_since(bucket.at).as_secs_f64() * per_second < full);
            // All of them at work, or made up: to look through them at every request would cost more than to forgive.
            if buckets.len() >= CALLERS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(self.hasher.hash_one(caller)).or_insert(Bucket { left: full, at: now });
        bucket.left = (bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * per_second).min(full);
        bucket.at = now;
        let passes = bucket.left >= 1.0;
        if passes {
            bucket.left -= 1.0;
        }
        // Floats only ever hold figures between 0 and a u32 here.
        let requests = bucket.left.floor() as u32;
        let seconds = ((1.0 - bucket.left.fract()) / per_second).ceil() as u64;
        Left { passes, requests, seconds: seconds.max(1) }
    }
}

/// The layer.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(limiter) = &app.limiter else { return next.run(request).await };
    // Where nobody is known yet any token may be sent, so that it would be as many buckets as one likes.
    let open = request.uri().path().starts_with("/api/v1/auth/")
        || matches!(request.uri().path(), "/api/v1/setup" | "/api/v1/invitations/accept");
    let caller = match Bearer::of(request.headers()) {
        Ok(Bearer(token)) if !open => token.to_string(),
        _ => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            peer.map_or_else(String::new, |ConnectInfo(peer)| peer.ip().to_string())
        }
    };
    let left = limiter.take(&caller, Instant::now());
    let mut response = match left.passes {
        true => next.run(request).await,
        false => too_many(left.seconds).into_response(),
    };
    let Rate { requests, per } = limiter.rate;
    for (name, text) in [
        (RATELIMIT, format!("\"default\";r={};t={}", left.requests, left.seconds)),
        (POLICY, format!("\"default\";q={requests};w={}", per.as_secs())),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn too_many(seconds: u64) -> Problem {
    let detail =
        format!("Too many requests; the next may come in {seconds} s. The RateLimit headers say what is left.");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again_for_each_caller_alone() {
        let limiter = Limiter::new(Rate { requests: 3, per: Duration::from_secs(3) });
        let start = Instant::now();
        let passes: Vec<bool> = (0..4).map(|_| limiter.take("a", start).passes).collect();
        assert_eq!(passes, [true, true, true, false]);
        assert!(limiter.take("b", start).passes);
        assert_eq!(limiter.take("a", start).seconds, 1);
        assert!(limiter.take("a", start + Duration::from_secs(1)).passes);
        assert!(!limiter.take("a", start + Duration::from_secs(1)).passes);
    }
}
