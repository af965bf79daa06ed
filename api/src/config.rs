//! What an operator can set. One table: every option is a flag, a `TRACKSIDE_*` variable and a key of
//! `trackside.toml`, in that order of precedence, under the same name everywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::HeaderValue;
use ipnet::IpNet;
use trackside_engine::attachments::Limits;
use trackside_engine::vault::Secret;
use trackside_workers::MailServer;

use crate::cors;
use crate::rate::{Rates, rate};

/// An option, as it is written in all three places.
#[derive(Debug)]
pub struct Setting {
    /// With underscores, as in the file; the flag has dashes, the variable capitals.
    pub name: &'static str,
    /// The flag, without its dashes in front.
    pub flag: &'static str,
    /// What stands for its value in the help.
    pub value: &'static str,
    /// One sentence for the help.
    pub help: &'static str,
    /// Its value never appears in a message.
    pub secret: bool,
    /// The flag may stand alone.
    pub switch: bool,
}

const fn setting(name: &'static str, flag: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { name, flag, value, help, secret: false, switch: false }
}

const fn secret(name: &'static str, flag: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { secret: true, ..setting(name, flag, value, help) }
}

/// Every option, sorted by name.
pub const SETTINGS: &[Setting] = &[
    setting("admin_email", "admin-email", "EMAIL", "Make the first owner at start, if there is no user"),
    secret("admin_password", "admin-password", "PASSWORD", "That owner's password"),
    setting(
        "allow_egress",
        "allow-egress",
        "RANGES",
        "Address ranges that rules may reach besides public ones, parted by commas",
    ),
    setting(
        "cors_origins",
        "cors-origins",
        "ORIGINS",
        "Sites whose pages may use this from a browser, such as https://app.example.org, parted by commas [none]",
    ),
    setting("data", "data", "FOLDER", "Where the embedded database and the key are kept [./data]"),
    secret(
        "database_url",
        "database-url",
        "URL",
        "sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME [SQLite in the data folder]",
    ),
    setting(
        "file_quota",
        "file-quota",
        "SIZE",
        "How much all files of a workspace may take, such as 10GB, or off [10GB]",
    ),
    setting(
        "files",
        "files",
        "PLACE",
        "Where files are kept: a folder, or s3://BUCKET/PREFIX with the AWS_* variables [files in the data folder]",
    ),
    setting(
        "keep_runs",
        "keep-runs",
        "TIME",
        "How long runs of rules are kept once they are over, such as 90d, or off for ever [90d]",
    ),
    setting(
        "lease",
        "lease",
        "TIME",
        "How long a worker's claim is good for, 1s to 25s; the work of a dead one is taken over after it [15s]",
    ),
    setting("listen", "listen", "ADDRESS", "Where to listen [127.0.0.1:8080]"),
    setting("log", "log", "FILTER", "What to log: error, warn, info, debug, trace, or per module [info]"),
    setting("log_format", "log-format", "FORMAT", "human or json [human]"),
    setting("mail_from", "mail-from", "ADDRESS", "Whom mail is from, such as `Trackside <trackside@example.org>`"),
    setting("max_upload", "max-upload", "SIZE", "The largest file, such as 100MB [100MB]"),
    secret(
        "metrics_token",
        "metrics-token",
        "TOKEN",
        "What /metrics asks for as a bearer token; without one it answers only where --listen is a loopback address",
    ),
    Setting {
        switch: true,
        ..setting("no_workers", "no-workers", "BOOL", "Serve only; workers run elsewhere [false]")
    },
    setting("public_url", "public-url", "URL", "Where people reach this, for links in mail [where it listens]"),
    setting("rate_limit", "rate-limit", "RATE", "Requests per token or address, such as 600/m, or off [off]"),
    setting(
        "rate_limits",
        "rate-limits",
        "RATES",
        "The same for some: a role (guest to admin) or stranger, such as viewer=120/m,admin=off [rate_limit]",
    ),
    secret("redis_url", "redis-url", "URL", "redis://HOST, for scale-out with PostgreSQL"),
    setting(
        "secret_key_file",
        "secret-key-file",
        "FILE",
        "The key that encrypts secrets; made in the data folder when absent",
    ),
    secret(
        "smtp_url",
        "smtp-url",
        "URL",
        "smtp://USER:PASSWORD@HOST:PORT or smtps://…, for mail; without it links are shown to administrators",
    ),
    setting(
        "trusted_proxies",
        "trusted-proxies",
        "RANGES",
        "Address ranges of the proxies in front whose X-Forwarded-For is believed, parted by commas [none]",
    ),
];

/// The usual filter: the queue's library tells of every start and stop of each of its workers.
const QUIET: &str = "info,apalis=warn,apalis_core=warn";

/// What was set, and where.
pub type Given = BTreeMap<&'static str, (String, Origin)>;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `--listen`.
    Flag(String),
    /// `TRACKSIDE_LISTEN`.
    Variable(String),
    /// A key of a file.
    File(PathBuf, &'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "the flag {flag}"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(file, key) => write!(f, "`{key}` in {}", file.display()),
        }
    }
}

/// A configuration that cannot be used; it names the value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// The settings, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who becomes the first owner, with which password.
    pub admin: Option<(String, String)>,
    /// What rules may reach besides public addresses.
    pub allow_egress: Vec<IpNet>,
    /// The sites whose pages may read answers.
    pub cors_origins: Vec<HeaderValue>,
    /// Where files are kept.
    pub data: PathBuf,
    /// The database.
    pub database_url: String,
    /// Where files are kept.
    pub files: FilePlace,
    /// How large they may be.
    pub limits: Limits,
    /// How long runs are kept that are over; for ever when absent.
    pub keep_runs: Option<Duration>,
    /// How long a worker's claim on a job is good for unless it is renewed.
    pub lease: Duration,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The filter of the log.
    pub log: String,
    /// Whether logs are JSON.
    pub log_json: bool,
    /// Where mail goes and whom it is from, if any is sent.
    pub mail: Option<MailServer>,
    /// What `/metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// Where people reach this installation, without a slash at the end; where it listens when absent.
    pub public_url: Option<String>,
    /// Whether this process works, too.
    pub workers: bool,
    /// How many requests one token or address may make.
    pub rates: Rates,
    /// Redis, in scale-out.
    pub redis_url: Option<String>,
    /// The key of the vault, if it is not in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// The proxies that are believed about who asks.
    pub trusted_proxies: Vec<IpNet>,
}

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// In this folder.
    Folder(PathBuf),
    /// In a bucket that speaks S3, under a prefix.
    S3 {
        /// The bucket.
        bucket: String,
        /// What all names begin with; may be empty.
        prefix: String,
    },
}

/// Gathers what is set: flags over variables over the file.
pub fn gather(
    flags: BTreeMap<&'static str, String>,
    variable: impl Fn(&str) -> Option<String>,
    file: Option<&Path>,
) -> Result<Given, BadConfig> {
    let mut given = Given::new();
    if let Some(file) = file {
        read_file(file, &mut given)?;
    }
    for setting in SETTINGS {
        let name = format!("TRACKSIDE_{}", setting.name.to_uppercase());
        // An empty variable is how compose files and shells say "not set".
        if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
            given.insert(setting.name, (value, Origin::Variable(name)));
        }
    }
    for (name, value) in flags {
        let flag = SETTINGS.iter().find(|setting| setting.name == name).map_or(name, |setting| setting.flag);
        given.insert(name, (value, Origin::Flag(format!("--{flag}"))));
    }
    Ok(given)
}

fn read_file(file: &Path, given: &mut Given) -> Result<(), BadConfig> {
    let bad = |what: String| BadConfig(format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| bad(error.to_string()))?;
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
            let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
            let near = trackside_rules::problem::nearest(&key, names.iter().copied());
            let hint = near
                .map_or_else(|| format!("the keys are {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            return Err(bad(format!("there is no key `{key}`; {hint}")));
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(yes) => yes.to_string(),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
            }
            _ => return Err(bad(format!("`{key}` must be one value, not a table"))),
        };
        given.insert(setting.name, (text, Origin::File(file.to_owned(), setting.name)));
    }
    Ok(())
}

/// Reads one value, or says what is wrong with it and where it came from.
fn read<T>(given: &Given, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, BadConfig> {
    let Some((text, origin)) = given.get(name) else { return Ok(None) };
    let secret = SETTINGS.iter().any(|setting| setting.name == name && setting.secret);
    let shown = if secret { "the value".to_owned() } else { format!("`{text}`") };
    read(text).map(Some).map_err(|wrong| BadConfig(format!("{origin}: {shown} {wrong}")))
}

impl Config {
    /// Reads and checks what was given.
    pub fn new(given: &Given) -> Result<Self, BadConfig> {
        let data = read(given, "data", |text| Ok(PathBuf::from(text)))?.unwrap_or_else(|| "data".into());
        let database_url = read(given, "database_url", database_url)?;
        let redis_url = read(given, "redis_url", redis_url)?;
        if let (Some(_), Some((_, origin))) = (&redis_url, given.get("redis_url"))
            && !database_url.as_ref().is_some_and(|url| url.starts_with("postgres"))
        {
            return Err(BadConfig(format!(
                "{origin}: Redis carries jobs between nodes, which need PostgreSQL: set database_url as well"
            )));
        }
        Ok(Self {
            admin: admin(given)?,
            allow_egress: read(given, "allow_egress", ranges)?.unwrap_or_default(),
            cors_origins: read(given, "cors_origins", cors::origins)?.unwrap_or_default(),
            database_url: database_url.unwrap_or_else(|| sqlite_in(&data)),
            files: read(given, "files", file_place)?.unwrap_or_else(|| FilePlace::Folder(data.join("files"))),
            limits: Limits {
                file: read(given, "max_upload", size)?.unwrap_or(Limits::default().file),
                workspace: read(given, "file_quota", quota)?.unwrap_or(Limits::default().workspace),
            },
            keep_runs: read(given, "keep_runs", keep)?.unwrap_or(Some(Duration::from_secs(90 * 86_400))),
            lease: read(given, "lease", lease)?.unwrap_or(Duration::from_secs(15)),
            listen: read(given, "listen", listen)?.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            log: read(given, "log", filter)?.unwrap_or_else(|| QUIET.into()),
            log_json: read(given, "log_format", format)?.unwrap_or(false),
            mail: mail(given)?,
            metrics_token: read(given, "metrics_token", metrics_token)?,
            public_url: read(given, "public_url", public_url)?,
            workers: !read(given, "no_workers", boolean)?.unwrap_or(false),
            rates: Rates::new(
                read(given, "rate_limit", rate)?.flatten(),
                read(given, "rate_limits", Rates::read_own)?.unwrap_or_default(),
            ),
            redis_url,
            secret_key_file: read(given, "secret_key_file", |text| Ok(PathBuf::from(text)))?,
            trusted_proxies: read(given, "trusted_proxies", ranges)?.unwrap_or_default(),
            data,
        })
    }
}

fn metrics_token(text: &str) -> Result<Secret, String> {
    match text.len() {
        16..=512 if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Secret::new(text)),
        _ => Err("must be 16 to 512 letters, digits and signs, without spaces".into()),
    }
}

/// The embedded database of a data folder.
fn sqlite_in(data: &Path) -> String {
    format!("sqlite://{}", std::path::absolute(data).unwrap_or_else(|_| data.to_owned()).join("trackside.db").display())
}

fn admin(given: &Given) -> Result<Option<(String, String)>, BadConfig> {
    let email = read(given, "admin_email", |text| match text.contains('@') {
        true => Ok(text.to_owned()),
        false => Err("is no e-mail address".into()),
    })?;
    let password = read(given, "admin_password", |text| match text.chars().count() {
        10..=128 => Ok(text.to_owned()),
        _ => Err("must have 10 to 128 characters".into()),
    })?;
    match (email, password) {
        (Some(email), Some(password)) => Ok(Some((email, password))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(BadConfig("admin_email is set but admin_password is not; set both or neither".into())),
        (None, Some(_)) => Err(BadConfig("admin_password is set but admin_email is not; set both or neither".into())),
    }
}

fn mail(given: &Given) -> Result<Option<MailServer>, BadConfig> {
    let (url, from) = (given.get("smtp_url"), given.get("mail_from"));
    match (url, from) {
        (Some((url, url_origin)), Some((from, from_origin))) => {
            let server = MailServer { url: Secret::new(url.as_str()), from: from.clone() };
            match server.check() {
                Ok(()) => Ok(Some(server)),
                Err(error) => Err(BadConfig(format!("{url_origin} and {from_origin}: {error}"))),
            }
        }
        (Some((_, origin)), None) => Err(BadConfig(format!("{origin}: mail_from is not set; say whom mail is from"))),
        (None, _) => Ok(None),
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let wrong = || "must be a URL such as https://trackside.example.org, without query and fragment".to_owned();
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let good =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none();
    if good && url.username().is_empty() { Ok(text.trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

fn keep(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    match text.parse::<trackside_rules::Period>() {
        Ok(time) if time.0 >= Duration::from_secs(60) => Ok(Some(time.0)),
        _ => Err("must be a time of at least 1m, such as 90d, or off".into()),
    }
}

fn lease(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a time between 1s and 25s: work of a dead node is to be taken over within 30 s".to_owned();
    let lease = text.parse::<trackside_rules::Period>().map_err(|_| wrong())?.0;
    let bounds = Duration::from_secs(1)..=Duration::from_secs(25);
    if bounds.contains(&lease) { Ok(lease) } else { Err(wrong()) }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "is no address and port, such as 127.0.0.1:8080 or [::]:8080".into())
}

fn database_url(text: &str) -> Result<String, String> {
    let good = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if good { Ok(text.to_owned()) } else { Err("must begin with sqlite:// or postgres://".into()) }
}

fn redis_url(text: &str) -> Result<String, String> {
    let good = ["redis://", "rediss://", "redis+unix://", "unix://"].iter().any(|scheme| text.starts_with(scheme));
    if good { Ok(text.to_owned()) } else { Err("must begin with redis:// or rediss://".into()) }
}

fn ranges(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| format!("has `{part}`, which is no address range such as 10.0.0.0/8"))
        })
        .collect()
}

fn filter(text: &str) -> Result<String, String> {
    // A filter takes any other word for the name of a module, and would say nothing at all.
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let mistaken = text.split(',').map(str::trim).find(|part| {
        !part.is_empty() && !part.contains(['=', ':', '[', '_']) && !LEVELS.contains(&part.to_lowercase().as_str())
    });
    if let Some(word) = mistaken {
        return Err(format!("has `{word}`, which is no level: use {}, or `module=level`", LEVELS.join(", ")));
    }
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is no log filter: {error}")),
    }
}

fn format(text: &str) -> Result<bool, String> {
    match text {
        "human" => Ok(false),
        "json" => Ok(true),
        _ => Err("must be human or json".into()),
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn file_place(text: &str) -> Result<FilePlace, String> {
    let Some(place) = text.strip_prefix("s3://") else {
        return match text.contains("://") {
            true => Err("must be a folder, or s3://BUCKET/PREFIX".into()),
            false => Ok(FilePlace::Folder(text.into())),
        };
    };
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let good = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    if bucket.len() < 3
        || !bucket.chars().all(good)
        || !prefix.split('/').all(|part| part.chars().all(good) && part != "..")
    {
        return Err("must be s3://BUCKET/PREFIX, of letters, digits, dots and dashes".into());
    }
    Ok(FilePlace::S3 { bucket: bucket.into(), prefix: prefix.trim_matches('/').into() })
}

/// Bytes: `100MB` is a hundred million, `100MiB` is 100 × 2^20.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "must be a size, such as 100MB or 2GiB".to_owned();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text[..text.len() - unit.len()].parse().map_err(|_| wrong())?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|size| (1..=1 << 60).contains(size)).ok_or_else(wrong)
}

fn quota(text: &str) -> Result<Option<u64>, String> {
    if text == "off" { Ok(None) } else { size(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        file: Option<&Path>,
    ) -> Result<Config, String> {
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let given = gather(flags, variable, file).map_err(|error| error.to_string())?;
        Config::new(&given).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_variables_and_those_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trackside.toml");
        std::fs::write(
            &file,
            "listen = \"127.0.0.1:1\"\nlog = \"warn\"\nallow_egress = [\"10.0.0.0/8\", \"::1\"]\nno_workers = true",
        )
        .unwrap();
        let config = config(
            &[("listen", "127.0.0.1:3")],
            &[("TRACKSIDE_LISTEN", "127.0.0.1:2"), ("TRACKSIDE_LOG", "debug"), ("TRACKSIDE_RATE_LIMIT", "600/m")],
            Some(&file),
        )
        .unwrap();
        assert_eq!((config.listen.port(), config.log.as_str(), config.workers), (3, "debug", false));
        assert_eq!(config.allow_egress.len(), 2);
        assert_eq!(config.rates, Rates::new(rate("600/m").unwrap(), BTreeMap::new()));
    }

    #[test]
    fn a_wrong_value_is_named_with_where_it_came_from() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trackside.toml");
        std::fs::write(&file, "listne = \"127.0.0.1:1\"").unwrap();
        let said = config(&[], &[], Some(&file)).unwrap_err();
        assert!(said.ends_with("trackside.toml: there is no key `listne`; did you mean `listen`?"), "{said}");
        let said = config(&[("listen", "here")], &[], None).unwrap_err();
        assert_eq!(said, "the flag --listen: `here` is no address and port, such as 127.0.0.1:8080 or [::]:8080");
        let said = config(&[], &[("TRACKSIDE_DATABASE_URL", "mysql://u:geheim@h/d")], None).unwrap_err();
        assert_eq!(said, "the variable TRACKSIDE_DATABASE_URL: the value must begin with sqlite:// or postgres://");
        let said = config(&[], &[("TRACKSIDE_RATE_LIMIT", "many")], None).unwrap_err();
        assert!(said.starts_with("the variable TRACKSIDE_RATE_LIMIT: `many` must be"), "{said}");
        let said = config(&[("redis_url", "redis://h")], &[], None).unwrap_err();
        assert!(said.starts_with("the flag --redis-url: Redis carries jobs"), "{said}");
        assert!(
            config(&[], &[("TRACKSIDE_ADMIN_EMAIL", "a@b.c")], None).unwrap_err().contains("admin_password is not")
        );
    }

    #[test]
    fn sizes_and_places_of_files_are_read() {
        let set = config(&[("max_upload", "2GiB"), ("file_quota", "off"), ("files", "s3://my-bucket/a/b/")], &[], None)
            .unwrap();
        assert_eq!(set.limits, Limits { file: 2 << 30, workspace: None });
        assert_eq!(set.files, FilePlace::S3 { bucket: "my-bucket".into(), prefix: "a/b".into() });
        let plain = config(&[("data", "d"), ("file_quota", "5000")], &[], None).unwrap();
        assert_eq!((plain.files, plain.limits.workspace), (FilePlace::Folder("d/files".into()), Some(5000)));
        for (name, wrong) in [
            ("max_upload", "0"),
            ("max_upload", "many"),
            ("max_upload", "-1MB"),
            ("max_upload", "1.5GB"),
            ("max_upload", "99999999TB"),
            ("max_upload", ""),
            ("file_quota", "1 XB"),
            ("files", "s3://"),
            ("files", "s3://b/p"),
            ("files", "s3://bucket/../x"),
            ("files", "s3://bu cket"),
            ("files", "gs://bucket"),
        ] {
            assert!(config(&[(name, wrong)], &[], None).is_err(), "{name}={wrong}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_a_flag_is_its_name() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        assert!(SETTINGS.iter().all(|setting| setting.flag == setting.name.replace('_', "-")));
    }
}
