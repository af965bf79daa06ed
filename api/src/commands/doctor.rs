//! `trackside doctor`: each thing that Trackside needs, whether it is sound, and what to do if it is not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use trackside_engine::access::Authenticator;
use trackside_engine::audit::State;
use trackside_engine::db::{Db, Dialect, One, Options, Rx, Walls, migrations};
use trackside_engine::vault::Vault;
use trackside_engine::{Error, Source, audit};

use super::{Failed, print};
use crate::config::Config;

/// Connecting may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was looked at.
type Finding = (&'static str, Result<String, String>);

/// Looks at everything, prints what was found, and exits with 1 when something is wrong.
pub async fn run(config: &Config) -> Result<ExitCode, Failed> {
    let mut findings = database(config).await;
    findings.push(("key", key(config)));
    if let Some(url) = &config.redis_url {
        findings.push(("redis", redis(url).await));
    }
    let mut sound = true;
    for (what, found) in &findings {
        match found {
            Ok(fine) => print::line(format_args!("ok     {what}: {fine}"))?,
            Err(wrong) => {
                sound = false;
                print::line(format_args!("WRONG  {what}: {wrong}"))?;
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn database(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(file) = sqlite_file(&config.database_url) {
        let folder = writable(&file);
        let stop = folder.is_err();
        findings.push(("folder", folder));
        if stop {
            return findings;
        }
        if !file.exists() {
            let missing = format!("{} is not there yet; `trackside migrate` or `serve` makes it", file.display());
            findings.push(("database", Err(missing)));
            return findings;
        }
    }
    if let Err(wrong) = reachable(&config.database_url).await {
        findings.push(("database", Err(wrong)));
        return findings;
    }
    let opened = tokio::time::timeout(PATIENCE, Db::open(&Options::new(&config.database_url))).await;
    let db = match opened {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => {
            findings.push((
                "database",
                Err(format!("cannot be opened: {}. {}", told(&error), advice(&config.database_url))),
            ));
            return findings;
        }
        Err(_) => {
            let wrong = format!("does not answer within {} s. {}", PATIENCE.as_secs(), advice(&config.database_url));
            findings.push(("database", Err(wrong)));
            return findings;
        }
    };
    findings.push(("database", server(&db).await));
    let migrated = migrated(&db).await;
    let current = migrated.is_ok();
    findings.push(("migrations", migrated.map(|()| format!("all {} are applied", migrations::ALL.len()))));
    if db.dialect() == Dialect::Sqlite {
        findings.push(("journal", journal(&db).await));
        findings.push(("integrity", integrity(&db).await));
    }
    if current {
        findings.push(("secrets", secrets(config, &db).await));
        findings.push(("audit", audit_log(&db).await));
        if let Some(found) = walls(&db).await {
            findings.push(("walls", found));
        }
    }
    db.close().await;
    findings
}

/// Whether something listens where the URL says: the pool of connections only tells that it waited in vain.
async fn reachable(url: &str) -> Result<(), String> {
    let url = match url::Url::parse(url) {
        Ok(url) if url.scheme().starts_with("postgres") => url,
        Ok(_) => return Ok(()),
        Err(error) => return Err(format!("database_url cannot be read: {error}")),
    };
    // Without a host it is a socket file, which the driver finds.
    let Some(host) = url.host_str().filter(|host| !host.is_empty() && !host.contains('%')) else { return Ok(()) };
    let port = url.port().unwrap_or(5432);
    let place = (host.trim_matches(['[', ']']), port);
    match tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(place)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("{host}:{port} cannot be connected to: {error}. {}", advice("postgres"))),
        Err(_) => Err(format!("{host}:{port} does not answer within {} s. {}", PATIENCE.as_secs(), advice("postgres"))),
    }
}

fn advice(url: &str) -> &'static str {
    if url.starts_with("sqlite") {
        "Is it a Trackside database, and may this user read and write it?"
    } else {
        "Are host, port, database, user and password right, and does the server run and let this machine in?"
    }
}

/// The file behind a SQLite URL.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

/// SQLite makes its log beside the file, so the folder must be writable, not only the file.
fn writable(file: &Path) -> Result<String, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(format!("{} is not there; make it, or name another with --data", folder.display()));
    }
    let probe = folder.join(format!(".trackside-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!(
            "{} cannot be written to: {error}. SQLite needs to make files there; change its owner or mount",
            folder.display()
        )
    })?;
    match std::fs::OpenOptions::new().append(true).open(file) {
        Err(error) if file.exists() => {
            Err(format!("{} cannot be written to: {error}. Change its owner or mode", file.display()))
        }
        _ => Ok(format!("{} is writable", folder.display())),
    }
}

async fn one(db: &Db, sql: &'static str) -> Result<String, String> {
    let mut rx = db.read().await.map_err(|error| told(&error))?;
    let One(text): One<String> = rx.one(sql, ()).await.map_err(|error| told(&error))?;
    Ok(text)
}

async fn server(db: &Db) -> Result<String, String> {
    match db.dialect() {
        Dialect::Sqlite => Ok(format!("SQLite {}", one(db, "select sqlite_version()").await?)),
        Dialect::Postgres => {
            let version = one(db, "select version()").await?;
            let standby = one(db, "select case when pg_is_in_recovery() then 'yes' else 'no' end").await?;
            let read_only = one(db, "select current_setting('default_transaction_read_only')").await?;
            match standby == "yes" || read_only == "on" {
                true => {
                    Err("the server is read-only (a standby, or default_transaction_read_only is on); name the primary"
                        .into())
                }
                false => Ok(version.split(" on ").next().unwrap_or(&version).to_owned()),
            }
        }
    }
}

/// Whether every migration of this program is applied, and none that it does not know.
pub async fn migrated(db: &Db) -> Result<(), String> {
    let done = async {
        let mut rx = db.read().await?;
        applied(&mut rx).await
    };
    let done = match done.await {
        Ok(done) => done,
        Err(error) if error.is_retryable() => return Err(told(&error)),
        Err(_) => {
            return Err(
                "the database has never been migrated; run `trackside migrate`, or `serve`, which does it".into()
            );
        }
    };
    if let Some(unknown) = done.iter().find(|name| !migrations::ALL.iter().any(|step| step.name == name.as_str())) {
        return Err(format!(
            "the database is newer than this program: it has the step {unknown}. Install the newer program"
        ));
    }
    let missing: Vec<_> =
        migrations::ALL.iter().map(|step| step.name).filter(|name| !done.iter().any(|done| done == name)).collect();
    match missing.as_slice() {
        [] => Ok(()),
        missing => {
            Err(format!("{} not applied yet; run `trackside migrate`, or `serve`, which does it", missing.join(", ")))
        }
    }
}

async fn applied(rx: &mut Rx) -> Result<Vec<String>, Error> {
    let names: Vec<One<String>> = rx.all("select name from migrations order by name", ()).await?;
    Ok(names.into_iter().map(|One(name)| name).collect())
}

async fn journal(db: &Db) -> Result<String, String> {
    match one(db, "pragma journal_mode").await?.as_str() {
        "wal" => Ok("WAL".into()),
        other => Err(format!(
            "the journal mode is {other} and cannot be WAL: the file is probably on a network file system. Move the data folder to a local disk"
        )),
    }
}

async fn integrity(db: &Db) -> Result<String, String> {
    let check = async |rx: &mut Rx| rx.all::<One<String>>("pragma quick_check(5)", ()).await;
    let lines = db.scan(check).await.map_err(|error| told(&error))?;
    match lines.as_slice() {
        [One(line)] if line == "ok" => Ok("the quick check finds nothing".into()),
        lines => {
            let found: Vec<_> = lines.iter().map(|One(line)| line.as_str()).collect();
            Err(format!(
                "the file is damaged: {}. Stop Trackside, keep a copy, and restore the last backup",
                found.join("; ")
            ))
        }
    }
}

/// Whether the audit log of every workspace is as it was written. Its heads are printed, so that they can be kept elsewhere
/// and compared: who owns the database can write a whole log anew, and nothing in the database would tell.
async fn audit_log(db: &Db) -> Result<String, String> {
    let guards = async |rx: &mut Rx| audit::service::guards(rx).await;
    let missing = db.scan(guards).await.map_err(|error| told(&error))?;
    let states =
        db.scan(async |rx: &mut Rx| audit::service::verify_all(rx).await).await.map_err(|error| told(&error))?;
    let (mut heads, mut wrong) = (Vec::new(), Vec::new());
    for State { workspace, found } in states {
        match found {
            Ok(head) => heads.push(format!("{workspace} {} {}", head.seq, head.hash)),
            Err(fault) => wrong.push(format!("{workspace}: {fault}")),
        }
    }
    if !missing.is_empty() {
        wrong.push(format!("the triggers that keep it are gone or off: {}", missing.join(", ")));
    }
    match wrong.is_empty() {
        true if heads.is_empty() => Ok("nothing is written down yet".into()),
        true => Ok(format!("every entry is as it was written; heads: {}", heads.join(", "))),
        false => Err(format!(
            "{}. Somebody wrote into the database past Trackside; compare with a backup, an export, or a head kept elsewhere",
            wrong.join("; ")
        )),
    }
}

/// Whether row-level security stands between the workspaces, where there is such a thing.
async fn walls(db: &Db) -> Option<Result<String, String>> {
    let Walls { missing, passes } = match db.walls().await {
        Ok(walls) => walls?,
        Err(error) => return Some(Err(told(&error))),
    };
    Some(match (missing.is_empty(), passes) {
        (false, _) => {
            Err(format!("{} have no row-level security; run `trackside migrate`, which sets it up", missing.join(", ")))
        }
        (true, Some(role)) => Ok(format!(
            "row-level security is set up, but passes {role} by, which is a superuser or has BYPASSRLS; better use an ordinary user that owns the database"
        )),
        (true, None) => Ok("row-level security stands between the workspaces".into()),
    })
}

/// Whether the key opens what is sealed in this database. The oldest sealed thing is the key that signs tokens.
async fn secrets(config: &Config, db: &Db) -> Result<String, String> {
    if one(db, "select case when exists (select 1 from signing_keys) then 'yes' else 'no' end").await? == "no" {
        return Ok("nothing is sealed yet".into());
    }
    let vault = vault(config)?;
    match Authenticator::open(db, vault, Source::default()).await {
        Ok(_) => Ok("the key opens what is sealed".into()),
        Err(error) => Err(told(&error)),
    }
}

fn key(config: &Config) -> Result<String, String> {
    let file = key_file(config);
    if config.secret_key_file.is_none() && !file.exists() {
        return Ok(format!("{} is not there; it is made at the first start on a new database", file.display()));
    }
    vault(config).map(|_| format!("{} holds a key", file.display()))
}

fn key_file(config: &Config) -> PathBuf {
    config.secret_key_file.clone().unwrap_or_else(|| config.data.join(trackside_engine::vault::KEY_FILE))
}

fn vault(config: &Config) -> Result<Vault, String> {
    Vault::from_file(&key_file(config)).map_err(|error| told(&error))
}

/// Whether Redis answers at all.
pub async fn redis_answers(url: &str) -> Result<(), String> {
    connect(url).await.map(drop)
}

async fn connect(url: &str) -> Result<redis::aio::MultiplexedConnection, String> {
    let wrong = |error: redis::RedisError| {
        format!(
            "cannot be reached: {error}. Are host, port, user and password right, and does it run? Jobs are safe: their truth is the database"
        )
    };
    let client = redis::Client::open(url).map_err(wrong)?;
    let connecting = client.get_multiplexed_async_connection();
    let connected = tokio::time::timeout(PATIENCE, connecting).await;
    let mut connection =
        connected.map_err(|_| format!("does not answer within {} s", PATIENCE.as_secs()))?.map_err(wrong)?;
    redis::cmd("PING").query_async::<String>(&mut connection).await.map_err(wrong)?;
    Ok(connection)
}

async fn redis(url: &str) -> Result<String, String> {
    let mut connection = connect(url).await?;
    let asked =
        redis::cmd("CONFIG").arg("GET").arg("maxmemory-policy").query_async::<Vec<String>>(&mut connection).await;
    match asked.as_deref() {
        Ok([_, policy]) if policy != "noeviction" => Err(format!(
            "answers, but its maxmemory-policy is {policy}: under pressure it would throw jobs away, which are then found late. \
             Set it to noeviction"
        )),
        Ok(_) => Ok("answers, and evicts nothing".into()),
        // Hosted Redis often forbids CONFIG.
        Err(error) => {
            Ok(format!("answers; its eviction policy cannot be asked for ({error}) and should be noeviction"))
        }
    }
}

fn told(error: &Error) -> String {
    let mut text = error.detail.trim_end_matches('.').to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(&format!(": {source}"));
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_and_says_what_is_wrong_with_its_folder() {
        assert_eq!(sqlite_file("sqlite:///a/b.db"), Some("/a/b.db".into()));
        assert_eq!(sqlite_file("postgres://h/d"), None);
        let folder = tempfile::tempdir().unwrap();
        assert!(writable(&folder.path().join("new.db")).is_ok());
        assert!(writable(&folder.path().join("missing/new.db")).unwrap_err().contains("is not there"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
