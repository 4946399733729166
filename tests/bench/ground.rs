//! What `ops/bench` has laid out: servers, programs, folders.

use super::Res;
use super::cpu::Meter;
use super::pg::Pg;
use std::path::PathBuf;

/// Where the measuring happens.
pub struct Ground {
    /// The service, built for release.
    pub bin: PathBuf,
    /// Gone at the end.
    pub work: PathBuf,
    /// As the person typed it.
    pub command: String,
    pub revision: String,
    root: PathBuf,
    pg: Option<Pg>,
    redis: Option<String>,
    /// Processes whose work is ours, with their descendants.
    roots: Vec<u32>,
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

impl Ground {
    /// None when this program was not started by `ops/bench`.
    pub fn from_env() -> Res<Option<Self>> {
        let (Some(bin), Some(work), Some(root)) = (var("BENCH_BIN"), var("BENCH_WORK"), var("BENCH_ROOT")) else { return Ok(None) };
        let pg = match (var("TEST_DATABASE_URL"), var("BENCH_PGBENCH")) {
            (Some(url), Some(pgbench)) => Some(Pg::new(&url, pgbench.into())?),
            _ => None,
        };
        let mut roots = vec![std::process::id()];
        roots.extend(["BENCH_PG_PID", "BENCH_REDIS_PID"].iter().filter_map(|n| var(n)?.parse::<u32>().ok()));
        Ok(Some(Self {
            bin: bin.into(),
            work: work.into(),
            root: root.into(),
            command: var("BENCH_COMMAND").unwrap_or_else(|| "ops/bench".into()),
            revision: var("BENCH_REVISION").unwrap_or_else(|| "unknown".into()),
            pg,
            redis: var("TEST_REDIS_URL"),
            roots,
        }))
    }

    pub fn pg(&self) -> Res<&Pg> {
        self.pg.as_ref().ok_or_else(|| "this scenario needs PostgreSQL and pgbench".into())
    }

    pub fn redis(&self) -> Res<&str> {
        self.redis.as_deref().ok_or_else(|| "this scenario needs Redis".into())
    }

    /// Measures how busy the machine is besides us, from now on.
    pub fn meter(&self) -> Meter {
        Meter::start(&self.roots)
    }

    /// A statement of `ops/bench.d`, with `@name@` replaced by the values given.
    pub fn sql(&self, file: &str, values: &[(&str, &str)]) -> Res<String> {
        let path = self.root.join("ops/bench.d").join(file);
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(values.iter().fold(text, |t, (name, value)| t.replace(&format!("@{name}@"), value)))
    }

    /// The same, written where a program can read it.
    pub fn script(&self, file: &str, values: &[(&str, &str)]) -> Res<PathBuf> {
        let path = self.work.join(file);
        std::fs::write(&path, self.sql(file, values)?)?;
        Ok(path)
    }

    /// An empty folder.
    pub fn folder(&self, name: &str) -> Res<PathBuf> {
        let path = self.work.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }
}

/// The machine's clock, in microseconds since 1970: the one that the service and the databases of this machine have.
pub fn now_us() -> i64 {
    use jambyl109::clock::Clock;
    jambyl109::clock::SystemClock.now().timestamp_micros()
}
