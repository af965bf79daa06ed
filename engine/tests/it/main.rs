//! The engine's tests against real databases, one program so that they link once.

mod db;
mod place;
