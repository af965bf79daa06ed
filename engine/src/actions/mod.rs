//! What rules may do.

pub mod external;
