//! The real `trackside` program, as an operator starts it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Database, Process};

/// How long a start may take on a busy machine. How fast it should be is measured by the benches.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Work in flight may take 30 seconds to drain (REL-04); a little is added for the machine.
const STOPPED_WITHIN: Duration = Duration::from_secs(35);

/// Numbers the log files of one test.
static STARTS: AtomicU32 = AtomicU32::new(1);

/// How a server is to be started; see [`Server::on`].
pub struct Setup {
    database: Database,
    command: &'static str,
    listen: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    log: PathBuf,
}

/// A running `trackside serve` or `trackside worker`, killed when dropped.
pub struct Server {
    setup: Setup,
    process: Process,
    url: String,
}

/// A start that ended before the server was ready.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub log: String,
}

impl Setup {
    /// Adds an argument of `trackside serve`.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable. Those of the surroundings that begin with `TRACKSIDE_` are not passed on.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Starts `trackside worker` in place of `serve`: it has no address.
    pub fn worker(mut self) -> Self {
        self.command = "worker";
        self
    }

    /// Listens there in place of a free port on a loopback address.
    pub fn listen(mut self, address: &'static str) -> Self {
        self.listen = address;
        self
    }

    /// Starts another program in place of `trackside`.
    pub fn program(mut self, program: &Path) -> Self {
        self.program = program.to_owned();
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it ends instead, or is not ready in time.
    pub async fn start(self) -> Server {
        match self.try_start().await {
            Ok(server) => server,
            Err(ended) => panic!("trackside ended with code {:?} before it was ready:\n{}", ended.code, ended.log),
        }
    }

    /// Starts it and waits until it is ready, or has ended by itself.
    ///
    /// # Errors
    /// [`Ended`] when it ended, as for a wrong configuration.
    ///
    /// # Panics
    /// When neither happens in time.
    pub async fn try_start(self) -> Result<Server, Ended> {
        let (process, url) = self.launch().await?;
        Ok(Server { setup: self, process, url })
    }

    async fn launch(&self) -> Result<(Process, String), Ended> {
        let mut command = Command::new(&self.program);
        // A `trackside.toml` lying in the folder where the tests run must not count.
        command.current_dir(self.database.folder());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRACKSIDE_") {
                command.env_remove(name);
            }
        }
        command.args([self.command, "--listen", self.listen, "--database-url", self.database.url(), "--data"]);
        command.arg(self.database.folder().join("data")).args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut process = Process::start("trackside", &mut command, &self.log);
        match process
            .wait_for_log("its ready line", READY_WITHIN, if self.command == "worker" { worker } else { address })
            .await
        {
            Some(url) => Ok((process, url)),
            None => Err(Ended { code: process.ended().and_then(|status| status.code()), log: process.log() }),
        }
    }
}

impl Server {
    /// Starts `trackside serve` on `database` with nothing else set.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(database: &Database) -> Self {
        Self::on(database).start().await
    }

    /// A server on `database`, for more to be set before it is started. Several may run on one database.
    pub fn on(database: &Database) -> Setup {
        let number = STARTS.fetch_add(1, Ordering::Relaxed);
        let log = database.folder().join(format!("trackside-{number}.log"));
        Setup {
            database: database.clone(),
            command: "serve",
            listen: "127.0.0.1:0",
            program: program(),
            arguments: vec![],
            variables: vec![],
            log,
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end. Another after a restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it has printed since it was last started.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Ends it in good order (SIGTERM) and waits for that.
    ///
    /// # Panics
    /// When it has not ended after the time that draining may take.
    pub async fn stop(&mut self) -> ExitStatus {
        self.process.terminate();
        self.process.wait_for_end(STOPPED_WITHIN).await
    }

    /// Takes the processor away from it (SIGSTOP); connections stay open.
    pub fn freeze(&mut self) {
        self.process.freeze();
    }

    /// Lets it go on after [`Server::freeze`].
    pub fn thaw(&mut self) {
        self.process.thaw();
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it still runs after `within`.
    pub async fn wait_for_end(&mut self, within: Duration) -> ExitStatus {
        self.process.wait_for_end(within).await
    }

    /// Starts it again on the same data with the same settings, killing it first when it still runs. Its port, and so
    /// its [`Server::url`], is a new one.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn restart(&mut self) {
        self.process.kill9();
        match self.setup.launch().await {
            Ok((process, url)) => (self.process, self.url) = (process, url),
            Err(ended) => panic!("trackside ended with code {:?} when started again:\n{}", ended.code, ended.log),
        }
    }
}

/// Where the program lies: beside the tests, in `target/<profile>/`, whatever the target folder is called.
///
/// # Panics
/// When it is not built.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // The test is target/<profile>/deps/<name>-<hash>.
    let profile = test.ancestors().nth(2).expect("a test lies two folders deep");
    let program = profile.join("trackside");
    assert!(
        program.exists(),
        "{} is not built. Run `make test`, or scripts/build.sh before the tests.",
        program.display()
    );
    program
}

/// A worker has no address; it says when it is ready.
fn worker(log: &str) -> Option<String> {
    log.contains("worker is ready").then(String::new)
}

/// The address in the ready line, as soon as that line is complete.
fn address(log: &str) -> Option<String> {
    let after = log.split_once("listening on http://")?.1;
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]-".contains(c)))?;
    Some(format!("http://{}", &after[..end]))
}
