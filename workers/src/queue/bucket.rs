//! A token bucket: how many jobs may start now, and when the next one may.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use trackside_engine::jobs::Rate;

#[derive(Debug)]
pub(super) struct Bucket(Mutex<State>);

#[derive(Debug)]
struct State {
    /// None: as many as wanted.
    rate: Option<Rate>,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self(Mutex::new(State { rate, tokens: rate.map_or(0.0, size), at: Instant::now() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic between two assignments of numbers is not possible, so a poisoned lock is still sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another rate from now on; the bucket is full then.
    pub(super) fn set(&self, rate: Option<Rate>) {
        let mut state = self.lock();
        if state.rate != rate {
            *state = State { rate, tokens: rate.map_or(0.0, size), at: Instant::now() };
        }
    }

    /// Whether anything is held back.
    pub(super) fn is_limited(&self) -> bool {
        self.lock().rate.is_some()
    }

    /// Takes up to `wanted` tokens; with none left, says how long until there is one.
    pub(super) fn take(&self, wanted: usize) -> Result<usize, Duration> {
        self.take_at(Instant::now(), wanted)
    }

    fn take_at(&self, now: Instant, wanted: usize) -> Result<usize, Duration> {
        let mut state = self.lock();
        let Some(rate) = state.rate else { return Ok(wanted) };
        let per_second = size(rate) / rate.per.as_secs_f64().max(0.001);
        let gained = now.saturating_duration_since(state.at).as_secs_f64() * per_second;
        let tokens = (state.tokens + gained).min(size(rate));
        let taken = (tokens as usize).min(wanted);
        (state.tokens, state.at) = (tokens - taken as f64, now);
        if taken == 0 { Err(Duration::from_secs_f64((1.0 - tokens) / per_second)) } else { Ok(taken) }
    }

    /// Gives back tokens for jobs that were not there.
    pub(super) fn put_back(&self, unused: usize) {
        let mut state = self.lock();
        if let Some(rate) = state.rate {
            state.tokens = (state.tokens + unused as f64).min(size(rate));
        }
    }
}

fn size(rate: Rate) -> f64 {
    f64::from(rate.jobs.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let bucket = Bucket::new(Some(Rate { jobs: 10, per: Duration::from_secs(1) }));
        let now = Instant::now();
        assert_eq!(bucket.take_at(now, 100), Ok(10));
        let wait = bucket.take_at(now, 100).unwrap_err();
        assert!(wait > Duration::from_millis(90) && wait <= Duration::from_millis(101), "{wait:?}");
        let later = now + Duration::from_millis(301);
        assert_eq!(bucket.take_at(later, 100), Ok(3));
        bucket.put_back(2);
        assert_eq!(bucket.take_at(later, 100), Ok(2));
        bucket.set(None);
        assert_eq!(bucket.take_at(later, 100), Ok(100));
    }
}
