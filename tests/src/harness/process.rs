//! A real program under test: started, logged, and hit with signals.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a state that cannot be waited for is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// How much of a log is printed with a failure, in bytes.
const TAIL: usize = 16 * 1024;

/// A running program that ends when this value is dropped.
///
/// Its output goes to a file, so that it never waits for a reader, not even while the story is busy elsewhere.
pub struct Process {
    name: String,
    child: Child,
    ended: Option<ExitStatus>,
    log: PathBuf,
    /// Where this start's own lines begin: a restart goes on in the same file.
    log_from: usize,
}

impl Process {
    /// Starts `command`; what it prints is added to the file `log`.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let out = OpenOptions::new().create(true).append(true).open(log);
        let out: File = out.unwrap_or_else(|error| panic!("cannot write the log {}: {error}", log.display()));
        let log_from = out.metadata().map_or(0, |file| file.len() as usize);
        let err = out.try_clone().expect("an open file can be opened twice");
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        Self { name: name.to_owned(), child, ended: None, log: log.to_owned(), log_from }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the program has printed since this start.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.log_from..).unwrap_or_default()).into_owned()
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("the state of a child can be asked for");
        }
        self.ended
    }

    /// Waits until `find` makes something of the log; `None` when the program ended first.
    ///
    /// # Panics
    /// When neither has happened `within` that time.
    pub async fn wait_for_log<T>(
        &mut self,
        what: &str,
        within: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let start = Instant::now();
        loop {
            // Asked first: what it printed before it ended is then in the log that is read next.
            let ended = self.ended().is_some();
            if let Some(found) = find(&self.log()) {
                return Some(found);
            }
            if ended {
                return None;
            }
            assert!(start.elapsed() < within, "{} did not show {what} within {within:?}", self.name);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until the program has ended.
    ///
    /// # Panics
    /// When it still runs after `within`.
    pub async fn wait_for_end(&mut self, within: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < within, "{} still runs after {within:?}", self.name);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends it at once, as a power cut would (SIGKILL). No effect when it has ended already.
    pub fn kill9(&mut self) {
        if self.ended().is_none() {
            // Fails only when it has just ended by itself, which is what is wanted.
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }

    /// Asks it to end (SIGTERM) without waiting.
    pub fn terminate(&mut self) {
        self.signal("TERM");
    }

    /// Asks it to end at once (SIGQUIT) without waiting.
    pub fn quit(&mut self) {
        self.signal("QUIT");
    }

    /// Takes the processor away from it (SIGSTOP), as a long pause of its machine would; connections stay open.
    pub fn freeze(&mut self) {
        self.signal("STOP");
    }

    /// Lets a frozen program go on (SIGCONT).
    pub fn thaw(&mut self) {
        self.signal("CONT");
    }

    fn signal(&mut self, signal: &str) {
        // A process that ended keeps its id until it is waited for, so the signal cannot reach another program.
        if self.ended().is_some() {
            return;
        }
        let status = Command::new("kill").arg(format!("-{signal}")).arg(self.pid().to_string()).status();
        assert!(status.as_ref().is_ok_and(ExitStatus::success), "kill -{signal} of {} failed: {status:?}", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let log = self.log();
            let mut from = log.len().saturating_sub(TAIL);
            while !log.is_char_boundary(from) {
                from += 1;
            }
            eprintln!("--- what {} printed\n{}--- end of {}", self.name, &log[from..], self.name);
        }
    }
}
