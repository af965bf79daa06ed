//! Limits on how many requests one token may make, by the role of whoever it belongs to, or one address without a good
//! token. A bucket each, per node; the headers are those of draft-ietf-httpapi-ratelimit-headers.
//!
//! The role is only known once the token was looked up, which the handlers then find done. A token that never was good
//! here takes its request from the address before it is looked up and gets it back when it is good: so guessing is
//! limited by the address, also when many guesses come at once, and a right guess too many is refused like a wrong one.

mod policy;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use trackside_engine::access::Role;

pub use policy::{Policy, Rate, Rates, rate};

use crate::app::App;
use crate::extract::{Address, Auth, Bearer};
use crate::problem::Problem;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How many callers are remembered at the most; then those with full buckets are forgotten.
const CALLERS: usize = 100_000;

/// The buckets of this process.
pub struct Limiter {
    rates: Rates,
    /// Callers are kept as hashes: neither tokens nor addresses need to be remembered.
    hasher: RandomState,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

struct Bucket {
    policy: Policy,
    left: f64,
    at: Instant,
}

/// Whose bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller<'a> {
    /// That of a token that is good.
    Token(&'a str),
    /// That of an address.
    Address(&'a str),
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
    /// Whose policy, and how many requests it grants in how many seconds.
    pub policy: (&'static str, u32, u64),
}

impl Bucket {
    fn new(policy: Policy, now: Instant) -> Self {
        let left = policy.rate.map_or(0.0, |rate| f64::from(rate.requests));
        Self { policy, left, at: now }
    }

    /// What flowed in until now.
    fn filled(&self, rate: Rate, now: Instant) -> f64 {
        let full = f64::from(rate.requests);
        let came = now.saturating_duration_since(self.at).as_secs_f64() * full / rate.per.as_secs_f64();
        (self.left + came).min(full)
    }

    /// Whether forgetting it would give its caller nothing.
    fn is_full(&self, now: Instant) -> bool {
        self.policy.rate.is_none_or(|rate| self.filled(rate, now) >= f64::from(rate.requests))
    }

    /// Takes one request; `None` without a limit.
    fn take(&mut self, now: Instant) -> Option<Left> {
        let rate = self.policy.rate?;
        self.left = self.filled(rate, now);
        self.at = now;
        let passes = self.left >= 1.0;
        if passes {
            self.left -= 1.0;
        }
        // Floats only ever hold figures between 0 and a u32 here.
        let requests = self.left.floor() as u32;
        let per = rate.per.as_secs_f64() / f64::from(rate.requests);
        let seconds = (((1.0 - self.left.fract()) * per).ceil() as u64).max(1);
        Some(Left { passes, requests, seconds, policy: (self.policy.name, rate.requests, rate.per.as_secs()) })
    }
}

impl Limiter {
    /// A limiter of these rates, if they limit anybody; a caller may use up all of a rate at once.
    pub fn new(rates: Rates) -> Option<Self> {
        let limits = rates.limit_anybody();
        limits.then(|| Self { rates, hasher: RandomState::new(), buckets: Mutex::default() })
    }

    fn with<T>(&self, does: impl FnOnce(&mut HashMap<u64, Bucket>) -> T) -> T {
        does(&mut self.buckets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes one request from a caller's bucket; `None` when nothing limits them. A role that has changed since the
    /// last one begins anew.
    pub fn take(&self, caller: Caller<'_>, role: Option<Role>, now: Instant) -> Option<Left> {
        let (key, policy) = (self.hasher.hash_one(caller), self.rates.of(role));
        self.with(|buckets| {
            if buckets.len() >= CALLERS {
                buckets.retain(|_, bucket| !bucket.is_full(now));
                // All of them at work, or made up: to look through them at every request would cost more than to forgive.
                if buckets.len() >= CALLERS {
                    buckets.clear();
                }
            }
            let bucket = buckets.entry(key).or_insert_with(|| Bucket::new(policy, now));
            if bucket.policy != policy {
                *bucket = Bucket::new(policy, now);
            }
            bucket.take(now)
        })
    }

    /// Gives back what was taken too early.
    fn give_back(&self, caller: Caller<'_>) {
        let key = self.hasher.hash_one(caller);
        self.with(|buckets| {
            if let Some(Bucket { policy: Policy { rate: Some(rate), .. }, left, .. }) = buckets.get_mut(&key) {
                *left = (*left + 1.0).min(f64::from(rate.requests));
            }
        });
    }

    fn knows(&self, caller: Caller<'_>) -> bool {
        self.with(|buckets| buckets.contains_key(&self.hasher.hash_one(caller)))
    }

    fn forget(&self, caller: Caller<'_>) {
        self.with(|buckets| {
            buckets.remove(&self.hasher.hash_one(caller));
        });
    }
}

/// The layer.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(limiter) = &app.limiter else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let left = admit(&app, limiter, &mut parts).await;
    let mut response = match left {
        Some(left) if !left.passes => too_many(left.seconds).into_response(),
        _ => next.run(Request::from_parts(parts, body)).await,
    };
    let Some(Left { requests, seconds, policy: (name, quota, window), .. }) = left else { return response };
    for (header, text) in [
        (RATELIMIT, format!("\"{name}\";r={requests};t={seconds}")),
        (POLICY, format!("\"{name}\";q={quota};w={window}")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}

/// Finds out who asks and takes one of their requests.
async fn admit(app: &App, limiter: &Limiter, parts: &mut Parts) -> Option<Left> {
    let now = Instant::now();
    let address = parts.extensions.get::<Address>().map_or_else(String::new, Address::neighbourhood);
    let stranger = Caller::Address(&address);
    // Where nobody is known yet any token may be sent, so that it would be as many buckets as one likes.
    let path = parts.uri.path();
    let open = path.starts_with("/api/v1/auth/") || matches!(path, "/api/v1/setup" | "/api/v1/invitations/accept");
    let Some(Bearer(token)) = Bearer::of(&parts.headers).ok().filter(|_| !open) else {
        return limiter.take(stranger, None, now);
    };
    let caller = Caller::Token(&token);
    let known = limiter.knows(caller);
    let guess = if known { None } else { limiter.take(stranger, None, now) };
    if guess.is_some_and(|left| !left.passes) {
        return guess;
    }
    match Auth::from_request_parts(parts, app).await {
        Ok(Auth(cx)) => {
            if guess.is_some() {
                limiter.give_back(stranger);
            }
            limiter.take(caller, Some(cx.actor.role), now)
        }
        // Not the caller's fault.
        Err(problem) if problem.status().is_server_error() => {
            if guess.is_some() {
                limiter.give_back(stranger);
            }
            None
        }
        Err(_) if known => {
            limiter.forget(caller);
            limiter.take(stranger, None, now)
        }
        Err(_) => guess,
    }
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

    fn limiter(general: &str, own: &str) -> Limiter {
        Limiter::new(Rates::new(rate(general).unwrap(), Rates::read_own(own).unwrap())).unwrap()
    }

    #[test]
    fn a_bucket_empties_and_fills_again_for_each_caller_alone() {
        let limiter = limiter("180/m", "stranger=3/s");
        let start = Instant::now();
        let take = |who, at| limiter.take(Caller::Address(who), None, at).unwrap();
        let passes: Vec<bool> = (0..4).map(|_| take("a", start).passes).collect();
        assert_eq!(passes, [true, true, true, false]);
        assert!(take("b", start).passes);
        assert_eq!((take("a", start).seconds, take("a", start).policy), (1, ("stranger", 3, 1)));
        assert!(take("a", start + Duration::from_millis(334)).passes);
        assert!(!take("a", start + Duration::from_millis(334)).passes);
        limiter.give_back(Caller::Address("a"));
        assert!(take("a", start + Duration::from_millis(334)).passes);
    }

    #[test]
    fn a_role_has_its_own_rate_the_general_one_or_none_and_a_changed_one_begins_anew() {
        let limiter = limiter("5/m", "viewer=1/h,admin=off");
        let (now, caller) = (Instant::now(), Caller::Token("t"));
        let viewer = limiter.take(caller, Some(Role::Viewer), now).unwrap();
        assert_eq!((viewer.policy, viewer.requests), (("viewer", 1, 3600), 0));
        assert!(!limiter.take(caller, Some(Role::Viewer), now).unwrap().passes);
        let member = limiter.take(caller, Some(Role::TeamMember), now).unwrap();
        assert_eq!((member.policy, member.requests), (("default", 5, 60), 4));
        assert_eq!(limiter.take(caller, Some(Role::Admin), now), None);
        assert!(limiter.knows(caller) && !limiter.knows(Caller::Address("t")));
        limiter.forget(caller);
        assert!(!limiter.knows(caller));
    }

    #[test]
    fn rates_are_read_and_what_is_wrong_with_them_is_said() {
        assert!(Limiter::new(Rates::new(None, Rates::read_own("admin=off").unwrap())).is_none());
        for (text, said) in [
            ("viewer", "`viewer`, which must be `who=rate`"),
            ("boss=3/m", "`boss`, which is none of guest, viewer"),
            ("guest=3", "`guest=3`, whose rate must be a number and a time"),
            ("guest=3/m,guest=4/m", "two rates for `guest`"),
        ] {
            let wrong = Rates::read_own(text).unwrap_err();
            assert!(wrong.contains(said), "{text}: {wrong}");
        }
    }
}
