//! The promises of `PRO-01` to `PRO-06`, `REL-01` to `REL-03` and `RUN-03`, by really killing, freezing and cutting off.
//!
//! Every story ends by checking the books of [`Workshop`](crate::ledger::Workshop): what was acknowledged is there, what
//! happens inside happened exactly once, what goes outside went at least once under one key, and nothing is left undone.

mod outages;
mod points;
mod poison;
mod posts;
mod rates;
mod storms;
mod waits;
mod workers;
