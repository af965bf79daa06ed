//! A PostgreSQL server of the story's own, which it may end as a power cut would.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::Process;
use super::services::{free_port, temporary_folder};

/// How long a start may take, with what it has to read again after a crash.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A server that is running. It ends when this is dropped.
pub struct Postgres {
    process: Process,
    port: u16,
    secret: String,
    folder: TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
}

impl Postgres {
    /// Makes a server and starts it. It keeps what was committed through [`Postgres::crash`], and does not wait for the disk.
    ///
    /// # Panics
    /// When PostgreSQL is missing or does not start.
    pub async fn start() -> Self {
        let (programs, user, folder) = (programs(), other_user(), temporary_folder());
        let secret = format!("{:032x}", rand::random::<u128>());
        prepare(&programs, user, folder.path(), &secret);
        let port = free_port();
        let process = launch(&programs, user, folder.path(), port);
        let server = Self { process, port, secret, folder, programs, user };
        server.wait().await;
        server
    }

    /// `postgres://…` of its superuser.
    pub fn url(&self) -> String {
        format!("postgres://trackside:{}@127.0.0.1:{}/postgres", self.secret, self.port)
    }

    /// Ends it as `pg_ctl stop -m immediate` does, without a word to anybody, and starts it again: it recovers from its log.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn crash(&mut self) {
        self.process.quit();
        self.process.wait_for_end(READY_WITHIN).await;
        self.process = launch(&self.programs, self.user, self.folder.path(), self.port);
        self.wait().await;
    }

    async fn wait(&self) {
        let start = Instant::now();
        while let Err(error) = PgConnection::connect(&self.url()).await {
            assert!(start.elapsed() < READY_WITHIN, "PostgreSQL does not answer: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed, it would leave its own processes behind.
        self.process.quit();
        let start = Instant::now();
        while self.process.ended().is_none() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Where `initdb` and `postgres` are, the newest first.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    folders.sort();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut all = folders.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&paths));
    all.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("PostgreSQL is missing; run scripts/install-test-tools.sh")
}

/// PostgreSQL refuses to run as root: then the user `postgres` and its group.
fn other_user() -> Option<(u32, u32)> {
    if id(&["-u"]) != 0 {
        return None;
    }
    Some((id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("`id` can be asked");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    text.parse().unwrap_or_else(|_| panic!("`id {}` gave `{text}`; PostgreSQL needs that user", arguments.join(" ")))
}

fn prepare(programs: &Path, user: Option<(u32, u32)>, folder: &Path, secret: &str) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o711)).expect("one's own folder can be opened");
    let data = folder.join("data");
    std::fs::DirBuilder::new().mode(0o700).create(&data).expect("a folder can be made");
    let password = folder.join("secret");
    std::fs::write(&password, secret).expect("a file can be written");
    for path in [&data, &password] {
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(path, Some(uid), Some(gid)).expect("root gives its files away");
        }
    }
    let mut initdb = as_user(programs, "initdb", user, &data);
    initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password);
    initdb.args(["--username=trackside", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    let output = initdb.output().expect("initdb can be started");
    assert!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
}

fn launch(programs: &Path, user: Option<(u32, u32)>, folder: &Path, port: u16) -> Process {
    let data = folder.join("data");
    let mut command = as_user(programs, "postgres", user, &data);
    command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    // What is committed has left the process; only a crash of the machine could lose it.
    for setting in
        ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "fsync=off", "timezone=UTC"]
    {
        command.args(["-c", setting]);
    }
    Process::start("postgres", &mut command, &folder.join("postgres.log"))
}

fn as_user(programs: &Path, program: &str, user: Option<(u32, u32)>, data: &Path) -> Command {
    let mut command = Command::new(programs.join(program));
    command.current_dir(data);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}
