//! One chromedriver for the whole run, one browser for each story, one after another.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// One browser at a time: the machines that run this have two cores, and the other stories want them too.
pub static TURN: Semaphore = Semaphore::const_new(1);

static DRIVER: LazyLock<Option<Driver>> = LazyLock::new(Driver::start);

/// Ends the driver, its browsers and their files when this process is gone, however it went: then the pipe to it closes.
const KEEPER: &str = r#"dir=$(mktemp -d "${TMPDIR:-/tmp}/jambyl-browser.XXXXXX") || exit 1
export TMPDIR="$dir" HOME="$dir"
"$0" --port=0 &
read -r _
trap '' TERM
kill -TERM 0
wait
rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir"; }
kill -KILL 0"#;

/// A running chromedriver.
pub struct Driver {
    /// Its input is the pipe that keeps it alive.
    _keeper: Child,
    pub url: String,
}

/// The driver of this run. `None` without one installed; in CI that is a failure.
pub fn driver() -> Option<&'static Driver> {
    let found = DRIVER.as_ref();
    if found.is_none() {
        assert!(std::env::var("CI").is_err(), "in CI pages are tested in a browser: install chromium and chromium-driver");
        eprintln!("SKIPPED: no chromedriver is installed (Debian packages: chromium chromium-driver); the pages were not looked at in a browser");
    }
    found
}

/// A program by its variable, or on the path.
fn program(variable: &str, names: &[&str]) -> Option<String> {
    let named = std::env::var(variable).ok();
    let path = std::env::var("PATH").unwrap_or_default();
    let on_path = |name: &str| path.split(':').map(|dir| format!("{dir}/{name}")).find(|file| std::path::Path::new(file).is_file());
    named.or_else(|| names.iter().find_map(|n| on_path(n)))
}

/// The browser that the driver is to start, where it has a name of its own.
pub fn chromium() -> Option<String> {
    program("CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])
}

impl Driver {
    fn start() -> Option<Self> {
        let driver = program("CHROMEDRIVER", &["chromedriver"])?;
        chromium()?;
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, &driver]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut keeper = command.spawn().expect("a shell can be started");
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|l| Some(l.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()))
            .unwrap_or_else(|| panic!("{driver} does not start"));
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { _keeper: keeper, url: format!("http://127.0.0.1:{port}") })
    }
}
