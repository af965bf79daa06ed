//! The benches of the whole product; what each measures stands in docs/benchmarks.md. `make bench` runs them all; one, on
//! one database: `cargo bench --workspace --bench speed -- w1 sqlite`. One program, because each costs minutes to link.

#![allow(missing_docs, reason = "a program")]

mod access;
mod backtest;
mod idle;
mod judge;
mod large;
mod list;
mod runs;
mod table;
mod w1;
mod w6;

/// The product's allocator: W6 runs its queue in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    // Cargo itself adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (bench, which) = (arguments.next(), arguments.next());
    match (bench.as_deref(), which.as_deref()) {
        (Some("access"), which) => access::run(which).await,
        (Some("backtest"), which) => backtest::run(which).await,
        (Some("idle"), which) => idle::run(which).await,
        (Some("judge"), which) => judge::run(which).await,
        (Some("large"), which) => large::run(which).await,
        (Some("list"), which) => list::run(which).await,
        (Some("runs"), which) => runs::run(which).await,
        (Some("table"), Some(file)) => table::print(file),
        (Some("w1"), which) => w1::run(which).await,
        (Some("w6"), which) => w6::run(which).await,
        _ => eprintln!(
            "name a bench: access, backtest, idle, judge, large, list, runs, w1 or w6, and sqlite or postgres for one of them; `make bench` runs all"
        ),
    }
}
