//! The engine's tests against real databases, one program so that they link once.

mod db;
mod lists;
mod office;
mod place;
mod projects;
mod work;
