//! Stories over real HTTP, real databases, real Redis; and the benches.

pub mod fakes;
