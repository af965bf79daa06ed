//! Functions on numbers. The operators are the engine's own and checked for overflow.

use rhai::{Dynamic, Engine};

use super::value::{Failed, fail};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("abs", |n: i64| -> Failed<i64> {
        n.checked_abs().ok_or_else(|| "The number is too large.".into())
    });
    engine.register_fn("abs", f64::abs);
    engine.register_fn("round", |n: i64| n);
    engine.register_fn("round", f64::round);
    engine.register_fn("floor", |n: i64| n);
    engine.register_fn("floor", f64::floor);
    engine.register_fn("ceil", |n: i64| n);
    engine.register_fn("ceil", f64::ceil);
    engine.register_fn("min", |one: Dynamic, two: Dynamic| pick(one, two, |one, two| one <= two));
    engine.register_fn("max", |one: Dynamic, two: Dynamic| pick(one, two, |one, two| one >= two));
    engine.register_fn("to_int", |n: i64| n);
    engine.register_fn("to_int", |n: f64| -> Failed<i64> {
        // Every f64 strictly between these bounds has a whole part that is an i64.
        if n.abs() < 9_223_372_036_854_775_807.0 { Ok(n as i64) } else { fail("The number is too large.") }
    });
    engine.register_fn("to_int", |text: &str| -> Failed<i64> {
        text.trim().parse().map_err(|_| format!("`{}` is not a whole number.", short(text)).into())
    });
    engine.register_fn("to_float", |n: i64| n as f64);
    engine.register_fn("to_float", |n: f64| n);
    engine.register_fn("to_float", |text: &str| -> Failed<f64> {
        text.trim().parse().map_err(|_| format!("`{}` is not a number.", short(text)).into())
    });
    for name in ["abs", "round", "floor", "ceil", "to_int", "to_float"] {
        engine.register_fn(name, |(): ()| ());
    }
}

/// The smaller or larger of two; null loses.
fn pick(one: Dynamic, two: Dynamic, first: impl Fn(f64, f64) -> bool) -> Failed<Dynamic> {
    let number = |value: &Dynamic| value.as_float().ok().or_else(|| value.as_int().ok().map(|whole| whole as f64));
    match (number(&one), number(&two)) {
        (Some(a), Some(b)) => Ok(if first(a, b) { one } else { two }),
        (Some(_), None) if two.is_unit() => Ok(one),
        (None, Some(_)) if one.is_unit() => Ok(two),
        _ => fail("Only numbers have a smaller and a larger."),
    }
}

/// The beginning of a text, for an error message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
