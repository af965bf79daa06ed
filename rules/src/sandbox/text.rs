//! Functions on text. Each knows how large its result will be before it makes it.

use rhai::{Array, Dynamic, Engine, ImmutableString};

use super::{
    MAX_LIST, MAX_TEXT,
    value::{Failed, as_text, fail},
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("contains", |text: &str, part: &str| text.contains(part));
    engine.register_fn("starts_with", |text: &str, part: &str| text.starts_with(part));
    engine.register_fn("ends_with", |text: &str, part: &str| text.ends_with(part));
    for name in ["contains", "starts_with", "ends_with"] {
        engine.register_fn(name, |(): (), _: Dynamic| false);
    }
    // Asking a text for what is not text is a plain no, as with a list.
    for name in ["contains", "starts_with", "ends_with"] {
        engine.register_fn(name, |_: &str, (): ()| false);
    }
    for name in ["lower", "to_lower"] {
        engine.register_fn(name, |text: &str| bounded(text.len(), || text.to_lowercase()));
    }
    for name in ["upper", "to_upper"] {
        engine.register_fn(name, |text: &str| bounded(text.len(), || text.to_uppercase()));
    }
    engine.register_fn("trim", |text: &str| bounded(0, || text.trim().to_owned()));
    for name in ["lower", "to_lower", "upper", "to_upper", "trim"] {
        engine.register_fn(name, |(): ()| ());
    }
    engine.register_fn("len", |text: &str| text.chars().count() as i64);
    engine.register_get("len", |text: &mut ImmutableString| text.chars().count() as i64);
    engine.register_fn("len", |(): ()| 0_i64);
    engine.register_fn("is_empty", |text: &str| text.is_empty());
    engine.register_fn("sub_string", |text: &str, from: i64| sub_string(text, from, i64::MAX));
    engine.register_fn("sub_string", sub_string);
    engine.register_fn("split", |text: &str, by: &str| split(text, by, MAX_LIST as i64));
    engine.register_fn("split", split);
    engine.register_fn("split", |(): (), _: &str| Array::new());
    engine.register_fn("lines", |text: &str| split(text, "\n", MAX_LIST as i64));
    engine.register_fn("replace", replace);
    engine.register_fn("join", join);
    engine.register_fn("join", |(): (), _: &str| "");
    engine.register_fn("task_key", |text: &str| {
        task_keys(text).next().map_or(Dynamic::UNIT, |key| key.to_owned().into())
    });
    engine.register_fn("task_keys", |text: &str| {
        task_keys(text).take(MAX_LIST).map(|key| Dynamic::from(key.to_owned())).collect::<Array>()
    });
    engine.register_fn("task_key", |(): ()| ());
    engine.register_fn("task_keys", |(): ()| Array::new());
    // Text and a single value make text; the engine itself joins only text and text.
    engine.register_fn("+", |one: &str, two: Dynamic| add(one, &as_text(&two)?));
    engine.register_fn("+", |one: Dynamic, two: &str| add(&as_text(&one)?, two));
    // The built-in `string - string` removes every occurrence; nobody means that.
    engine.register_fn("-", |_: &str, _: &str| -> Failed<()> {
        fail("A text cannot be taken from a text; use `replace`.")
    });
}

/// Makes a text of at most about `bytes` bytes if that is allowed. (Changing case can lengthen a
/// text threefold at most; what is too long then, the engine refuses.)
fn bounded(bytes: usize, make: impl FnOnce() -> String) -> Failed<String> {
    if bytes > MAX_TEXT {
        return fail(format!(
            "The text has {bytes} bytes; at most {MAX_TEXT} can be worked on. Take a part of it with `sub_string`."
        ));
    }
    Ok(make())
}

fn add(one: &str, two: &str) -> Failed<String> {
    bounded(one.len() + two.len(), || [one, two].concat())
}

/// Characters `from` (0 is the first, -1 the last) and on, at most `count`.
fn sub_string(text: &str, from: i64, count: i64) -> Failed<String> {
    let from = match usize::try_from(from) {
        Ok(from) => from,
        Err(_) => text.chars().count().saturating_sub(usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let count = usize::try_from(count).unwrap_or(0);
    let mut part = String::new();
    for c in text.chars().skip(from).take(count) {
        if part.len() + c.len_utf8() > MAX_TEXT {
            return bounded(MAX_TEXT + 1, String::new);
        }
        part.push(c);
    }
    Ok(part)
}

/// The parts of `text` between `by`, at most `parts`; the last one holds the rest.
fn split(text: &str, by: &str, parts: i64) -> Failed<Array> {
    let parts = usize::try_from(parts).unwrap_or(0).min(MAX_LIST);
    if by.is_empty() {
        return fail("Say by what to split; the separator is empty.");
    }
    bounded(text.len(), String::new)?;
    Ok(text.splitn(parts, by).map(|part| Dynamic::from(part.to_owned())).collect())
}

/// `text` with every `from` replaced by `to`, refused before it is made when it would be too long.
fn replace(text: &str, from: &str, to: &str) -> Failed<String> {
    if from.is_empty() {
        return fail("Say what to replace; the text to look for is empty.");
    }
    bounded(text.len(), String::new)?;
    let found = text.matches(from).count();
    bounded(text.len() - found * from.len() + found * to.len(), || text.replace(from, to))
}

fn join(list: &mut Array, by: &str) -> Failed<String> {
    let mut out = String::new();
    for (index, item) in list.iter().enumerate() {
        let item = as_text(item)?;
        let by = if index == 0 { "" } else { by };
        if out.len() + by.len() + item.len() > MAX_TEXT {
            return bounded(MAX_TEXT + 1, String::new);
        }
        out.push_str(by);
        out.push_str(&item);
    }
    Ok(out)
}

/// The human task keys in a text: 2 to 10 capitals and digits, a hyphen, a number, standing alone.
fn task_keys(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').filter_map(|word| {
        // A branch name goes on after the key: `WEB-142-fix-login`.
        let (letters, rest) = word.split_once('-')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let ends = rest[digits..].chars().next().is_none_or(|c| c == '-' || c == '_');
        let key = (2..=10).contains(&letters.len())
            && letters.starts_with(|c: char| c.is_ascii_uppercase())
            && letters.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && (1..=9).contains(&digits)
            && ends;
        key.then(|| &word[..letters.len() + 1 + digits])
    })
}
