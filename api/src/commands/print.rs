//! What commands print. Whoever reads it may have seen enough (`trackside openapi | head`): that is no fault, and the
//! command goes on to its end without a word. `print!` would panic.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write as _};

use super::Failed;

/// Prints a line.
///
/// # Errors
/// What cannot be written, for another reason than that nobody reads on.
pub fn line(text: impl Display) -> Result<(), Failed> {
    write(format_args!("{text}\n"))
}

/// Prints a line where errors go. Nobody can be told when that fails.
pub fn error(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a text as it is.
///
/// # Errors
/// As [`line`].
pub fn text(text: impl Display) -> Result<(), Failed> {
    write(format_args!("{text}"))
}

fn write(text: Arguments<'_>) -> Result<(), Failed> {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failed::Other(format!("what was to be printed could not be written: {error}")))
        }
        _ => Ok(()),
    }
}
