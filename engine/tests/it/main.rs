//! The engine's tests against real databases, one program so that they link once.

mod areas;
mod db;
mod hooks;
mod people;
mod place;
