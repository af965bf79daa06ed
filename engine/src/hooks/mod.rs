//! Inbound webhooks: who may post to a hook, and how the post proves where it came from.

pub mod schemes;
