//! A token bucket: how many jobs may start now, and when the next one may.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::config::Rate;

#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, state: Mutex::new((f64::from(rate.jobs.max(1)), Instant::now())) }
    }

    /// Takes up to `wanted` tokens; with none left, says how long until there is one.
    pub(super) fn take(&self, wanted: usize) -> Result<usize, Duration> {
        self.take_at(Instant::now(), wanted)
    }

    fn take_at(&self, now: Instant, wanted: usize) -> Result<usize, Duration> {
        let size = f64::from(self.rate.jobs.max(1));
        let per_second = size / self.rate.per.as_secs_f64().max(0.001);
        // A panic between two assignments of numbers is not possible, so a poisoned lock is still sound.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = (state.0 + now.saturating_duration_since(state.1).as_secs_f64() * per_second).min(size);
        let taken = (tokens as usize).min(wanted);
        *state = (tokens - taken as f64, now);
        if taken == 0 { Err(Duration::from_secs_f64((1.0 - tokens) / per_second)) } else { Ok(taken) }
    }

    /// Gives back tokens for jobs that were not there.
    pub(super) fn put_back(&self, unused: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = (state.0 + unused as f64).min(f64::from(self.rate.jobs.max(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let bucket = Bucket::new(Rate { jobs: 10, per: Duration::from_secs(1) });
        let now = Instant::now();
        assert_eq!(bucket.take_at(now, 100), Ok(10));
        let wait = bucket.take_at(now, 100).unwrap_err();
        assert!(wait > Duration::from_millis(90) && wait <= Duration::from_millis(101), "{wait:?}");
        let later = now + Duration::from_millis(301);
        assert_eq!(bucket.take_at(later, 100), Ok(3));
        bucket.put_back(2);
        assert_eq!(bucket.take_at(later, 100), Ok(2));
    }
}
