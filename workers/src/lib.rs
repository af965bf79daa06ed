//! What happens by itself in Trackside: dispatcher, apalis jobs, integrations.

pub mod egress;
pub mod integrations;
