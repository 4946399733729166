//! The service as a separate process, started as an operator would: by variables.

use super::Res;
use super::feed::SECRET;
use super::ground::Ground;
use super::http::{self, Conn};
use super::standin::StandIn;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How to start it. Without anything more: the embedded default, in a folder of its own.
pub struct Setup {
    pub folder: PathBuf,
    env: Vec<(String, String)>,
}

impl Setup {
    pub fn named(ground: &Ground, name: &str) -> Res<Self> {
        Ok(Self { folder: ground.folder(name)?, env: Vec::new() })
    }

    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.env.push((format!("JAMBYL__{key}"), value.to_owned()));
        self
    }

    /// PostgreSQL, and Redis under a prefix of its own.
    pub fn servers(self, ground: &Ground, database: &str) -> Res<Self> {
        let (url, redis) = (ground.pg()?.url(database), ground.redis()?.to_owned());
        Ok(self.with("DATABASE__URL", &url).with("REDIS__URL", &redis).with("REDIS__PREFIX", &prefix(database)))
    }

    /// A bot whose answers go to the stand-in.
    pub fn bot(self, standin: &StandIn) -> Self {
        self.secret()
            .with("CHANNELS__TELEGRAM__TOKEN", "1:bench")
            .with("CHANNELS__TELEGRAM__MODE", "webhook")
            .with("CHANNELS__TELEGRAM__API_URL", &format!("http://{}", standin.addr))
            .with("HTTP__PUBLIC_URL", "http://bench.invalid")
    }

    /// A webhook that takes updates; nothing is sent.
    pub fn secret(self) -> Self {
        self.with("CHANNELS__TELEGRAM__SECRET", SECRET)
    }

    /// One of the service's commands in the same setting, with a line on its standard input.
    pub fn command(&self, ground: &Ground, args: &[&str], line: &str) -> Res<()> {
        let mut child = self.process(ground).args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{line}")?;
        }
        let out = child.wait_with_output()?;
        if out.status.success() { Ok(()) } else { Err(format!("jambyl109 {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr)).into()) }
    }

    /// A command that is watched while it runs.
    pub fn spawn(&self, ground: &Ground, args: &[&str]) -> Res<Child> {
        Ok(self.process(ground).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    fn process(&self, ground: &Ground) -> Command {
        let mut command = Command::new(&ground.bin);
        command.current_dir(&self.folder).envs(self.env.iter().map(|(k, v)| (k, v)));
        command
    }
}

/// What keys begin with in Redis for this database.
pub fn prefix(database: &str) -> String {
    format!("bench-{database}:")
}

/// A running service; killed when dropped.
pub struct Service {
    child: Child,
    pub addr: SocketAddr,
    pub log: PathBuf,
    /// From the start of the process to the first good answer of its readiness probe.
    pub ready_after: Duration,
}

impl Service {
    /// Starts it and waits until it is ready.
    pub async fn start(ground: &Ground, setup: &Setup) -> Res<Self> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = setup.folder.join("service.log");
        let file = std::fs::File::options().create(true).append(true).open(&log)?;
        let mut command = setup.process(ground);
        command.env("JAMBYL__HTTP__ADDR", addr.to_string()).arg("serve").stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let began = Instant::now();
        let child = command.spawn()?;
        // ops/bench ends what is listed here, should this program not come to do it.
        writeln!(std::fs::File::options().create(true).append(true).open(ground.work.join("pids"))?, "{}", child.id())?;
        let mut it = Self { child, addr, log, ready_after: Duration::ZERO };
        while !it.answers().await {
            if let Some(status) = it.child.try_wait()? {
                return Err(format!("the service ended at its start ({status}):\n{}", it.last_words()).into());
            }
            if began.elapsed() > Duration::from_secs(60) {
                return Err(format!("the service is not ready after a minute:\n{}", it.last_words()).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        it.ready_after = began.elapsed();
        Ok(it)
    }

    async fn answers(&self) -> bool {
        let Ok(mut conn) = Conn::open(self.addr).await else { return false };
        matches!(conn.call(&http::get("/health/ready", "")).await, Ok(a) if a.status == 200)
    }

    /// The end of what it wrote.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(12)).map(|l| format!("   {l}\n")).collect()
    }

    /// Stands still while the other side runs.
    pub fn pause(&self) -> Res<()> {
        self.signal("STOP")
    }

    pub fn resume(&self) -> Res<()> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Res<()> {
        let done = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        if done.success() { Ok(()) } else { Err("the service is gone".into()) }
    }

    /// Its share of memory, in MiB.
    pub fn pss_mib(&self) -> Res<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let kib = text.lines().find_map(|l| l.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.ok_or("smaps_rollup has no Pss")? / 1024.0)
    }

    /// Ends it in good order; returns how long that took.
    pub async fn stop(mut self) -> Res<Duration> {
        self.signal("CONT")?;
        self.signal("TERM")?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > Duration::from_secs(30) {
                return Err("the service does not end when asked".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(began.elapsed())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Ended already in the good case; then this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
