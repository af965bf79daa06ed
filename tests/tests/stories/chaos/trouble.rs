//! What goes wrong meanwhile.

use std::fmt;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use trackside_tests::harness::{Postgres, Redis, Server};

use super::crowd::Crowd;

/// What can be broken.
pub struct Machines {
    /// The first has an address; the others are workers.
    pub nodes: Vec<Server>,
    pub postgres: Option<Postgres>,
    pub redis: Option<Redis>,
    pub told: Told,
}

/// How often what was done.
#[derive(Debug, Default, Clone)]
pub struct Told {
    pub kills: usize,
    pub freezes: usize,
    pub crashes: usize,
    pub flushes: usize,
    pub redis_restarts: usize,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, freezes, crashes, flushes, redis_restarts } = self;
        write!(
            f,
            "{kills} kills, {freezes} freezes past the lease, {crashes} crashes of PostgreSQL, {flushes} flushes and \
             {redis_restarts} restarts of Redis"
        )
    }
}

impl Machines {
    /// Breaks one thing and mends it.
    pub async fn trouble(&mut self, dice: &mut StdRng, crowd: &Crowd) {
        let choices = if self.postgres.is_some() { 10 } else { 5 };
        match dice.random_range(0..choices) {
            0..=3 => self.kill(dice, crowd).await,
            4 => self.freeze(dice).await,
            5 | 6 => {
                self.postgres.as_mut().expect("asked above").crash().await;
                self.told.crashes += 1;
            }
            7 => {
                self.redis.as_mut().expect("with PostgreSQL comes Redis").restart().await;
                self.told.redis_restarts += 1;
            }
            _ => {
                self.redis.as_ref().expect("with PostgreSQL comes Redis").flush().await;
                self.told.flushes += 1;
            }
        }
    }

    async fn kill(&mut self, dice: &mut StdRng, crowd: &Crowd) {
        let at = dice.random_range(0..self.nodes.len());
        self.nodes[at].kill9();
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..400))).await;
        self.nodes[at].restart().await;
        self.told.kills += 1;
        if at == 0 {
            crowd.go_to(&self.nodes[0]);
        }
    }

    /// Longer than the lease, so that it finds its work with others when it wakes.
    async fn freeze(&mut self, dice: &mut StdRng) {
        let at = dice.random_range(0..self.nodes.len());
        self.nodes[at].freeze();
        tokio::time::sleep(super::LEASE + Duration::from_millis(600)).await;
        self.nodes[at].thaw();
        self.told.freezes += 1;
    }
}
