//! How many requests whom is granted: one rate for all, and others for some.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use trackside_engine::access::Role;

/// The name of the rate that holds for whoever has none of their own.
const DEFAULT: &str = "default";
/// The name of an address without a good token.
const STRANGER: &str = "stranger";

/// So many requests in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In which time.
    pub per: Duration,
}

/// A rate and whose it is: what the headers call the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// `default`, a role, or `stranger`.
    pub name: &'static str,
    /// `None` is no limit.
    pub rate: Option<Rate>,
}

/// The rates of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// For whoever has none of their own.
    general: Option<Rate>,
    /// By the word for the role, or for strangers; `None` is no limit, whatever the general one is.
    own: BTreeMap<&'static str, Option<Rate>>,
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a number and a time, such as 600/m (s, m or h), or off".to_owned();
        let (requests, per) = text.split_once('/').ok_or_else(wrong)?;
        let requests = requests.trim().parse().ok().filter(|requests| *requests > 0).ok_or_else(wrong)?;
        let seconds = match per.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(wrong()),
        };
        Ok(Self { requests, per: Duration::from_secs(seconds) })
    }
}

/// A rate, or `off`.
pub fn rate(text: &str) -> Result<Option<Rate>, String> {
    if text == "off" { Ok(None) } else { text.parse().map(Some) }
}

impl Rates {
    /// A general rate, and those that some have for themselves: `admin=1200/m,viewer=120/m,stranger=off`.
    pub fn new(general: Option<Rate>, own: BTreeMap<&'static str, Option<Rate>>) -> Self {
        Self { general, own }
    }

    /// Reads the rates of some.
    pub fn read_own(text: &str) -> Result<BTreeMap<&'static str, Option<Rate>>, String> {
        let words = || Role::ALL.map(Role::as_str).into_iter().chain([STRANGER]);
        let mut own = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let all = words().collect::<Vec<_>>().join(", ");
            let (who, limit) = part
                .split_once('=')
                .ok_or_else(|| format!("has `{part}`, which must be `who=rate`, such as viewer=120/m"))?;
            let word = words()
                .find(|word| *word == who.trim())
                .ok_or_else(|| format!("has a rate for `{}`, which is none of {all}", who.trim()))?;
            let limit = rate(limit.trim()).map_err(|wrong| format!("has `{part}`, whose rate {wrong}"))?;
            if own.insert(word, limit).is_some() {
                return Err(format!("has two rates for `{word}`; give one"));
            }
        }
        Ok(own)
    }

    /// Whether anybody is limited.
    pub fn limit_anybody(&self) -> bool {
        self.general.is_some() || self.own.values().any(Option::is_some)
    }

    /// What holds for a role, or for an address without a good token.
    pub fn of(&self, role: Option<Role>) -> Policy {
        let word = role.map_or(STRANGER, Role::as_str);
        match self.own.get_key_value(word) {
            Some((name, rate)) => Policy { name, rate: *rate },
            None => Policy { name: DEFAULT, rate: self.general },
        }
    }
}
