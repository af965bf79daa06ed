//! Scripts that try to stop the machine. Each must end within a second and 64 MB, as an expression
//! and as a script; the stories of the server post them too.

/// Name and source.
pub const HOSTILE: &[(&str, &str)] = &[];
