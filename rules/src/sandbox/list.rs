//! Functions on lists. Each counts what it gathers as it goes.

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, Position};

use super::{
    meter,
    value::{Failed, Size, fail, same},
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("contains", |list: &mut Array, item: Dynamic| list.iter().any(|other| same(other, &item)));
    engine.register_fn("first", |list: &mut Array| list.first().cloned().unwrap_or_default());
    engine.register_fn("last", |list: &mut Array| list.last().cloned().unwrap_or_default());
    engine.register_get("first", |list: &mut Array| list.first().cloned().unwrap_or_default());
    engine.register_get("last", |list: &mut Array| list.last().cloned().unwrap_or_default());
    engine.register_fn("len", |list: &mut Array| list.len() as i64);
    engine.register_get("len", |list: &mut Array| list.len() as i64);
    engine.register_fn("is_empty", |list: &mut Array| list.is_empty());
    engine.register_fn("any", |context: NativeCallContext, list: &mut Array, asks: FnPtr| -> Failed<bool> {
        for item in list.iter() {
            if ask(&context, &asks, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    });
    engine.register_fn("all", |context: NativeCallContext, list: &mut Array, asks: FnPtr| -> Failed<bool> {
        for item in list.iter() {
            if !ask(&context, &asks, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    });
    engine.register_fn("count", |context: NativeCallContext, list: &mut Array, asks: FnPtr| -> Failed<i64> {
        let mut found = 0;
        for item in list.iter() {
            found += i64::from(ask(&context, &asks, item)?);
        }
        Ok(found)
    });
    engine.register_fn("find", |context: NativeCallContext, list: &mut Array, asks: FnPtr| -> Failed<Dynamic> {
        for item in list.iter() {
            if ask(&context, &asks, item)? {
                return Ok(item.clone());
            }
        }
        Ok(Dynamic::UNIT)
    });
    engine.register_fn("filter", |context: NativeCallContext, list: &mut Array, asks: FnPtr| -> Failed<Array> {
        let mut size = Size::default();
        let mut kept = Array::new();
        for item in list.iter() {
            if ask(&context, &asks, item)? {
                size.item(item)?;
                kept.push(item.clone());
            }
        }
        Ok(kept)
    });
    engine.register_fn("map", |context: NativeCallContext, list: &mut Array, makes: FnPtr| -> Failed<Array> {
        let mut size = Size::default();
        let mut made = Array::new();
        for item in list.iter() {
            let item = call(&context, &makes, item)?;
            size.item(&item)?;
            made.push(item);
        }
        Ok(made)
    });
    engine.register_fn("sum", |list: &mut Array| -> Failed<Dynamic> {
        let mut whole = 0_i64;
        let mut broken = 0.0_f64;
        let mut exact = true;
        for item in list.iter().filter(|item| !item.is_unit()) {
            if let (true, Ok(item)) = (exact, item.as_int()) {
                whole = whole.checked_add(item).ok_or("The sum is too large.")?;
                continue;
            }
            let item = item.as_float().ok().or_else(|| item.as_int().ok().map(|item| item as f64));
            let Some(item) = item else {
                return fail("Only numbers can be summed.");
            };
            exact = false;
            broken += item;
        }
        Ok(if exact { whole.into() } else { (whole as f64 + broken).into() })
    });
    engine.register_fn("+", |one: Array, two: Array| -> Failed<Array> {
        super::value::gather(one.into_iter().chain(two))
    });

    // A list that is missing is as good as empty.
    engine.register_fn("first", |(): ()| ());
    engine.register_fn("last", |(): ()| ());
    engine.register_fn("any", |(): (), _: FnPtr| false);
    engine.register_fn("all", |(): (), _: FnPtr| true);
    engine.register_fn("count", |(): (), _: FnPtr| 0_i64);
    engine.register_fn("find", |(): (), _: FnPtr| ());
    engine.register_fn("filter", |(): (), _: FnPtr| Array::new());
    engine.register_fn("map", |(): (), _: FnPtr| Array::new());
    engine.register_fn("sum", |(): ()| 0_i64);

    // For scripts.
    engine.register_iterator::<Array>();
    engine.register_iterator::<std::ops::Range<i64>>();
    engine.register_iterator::<std::ops::RangeInclusive<i64>>();
    engine.register_fn("push", |list: &mut Array, item: Dynamic| list.push(item));
}

/// Calls the closure. The step is counted here too, since a closure may be nothing but a constant.
fn call(context: &NativeCallContext, closure: &FnPtr, item: &Dynamic) -> Failed<Dynamic> {
    if meter::step() {
        return Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into());
    }
    closure.call_within_context(context, (item.clone(),))
}

/// Calls the closure for a yes or no; null is no.
fn ask(context: &NativeCallContext, closure: &FnPtr, item: &Dynamic) -> Failed<bool> {
    let answer = call(context, closure, item)?;
    match answer.as_bool() {
        Ok(answer) => Ok(answer),
        Err(_) if answer.is_unit() => Ok(false),
        Err(other) => fail(format!("The closure must give true or false, not a {}.", super::plain(other))),
    }
}
