//! `classify`.

use super::{Done, Failure};
use crate::config::Config;
use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Texts to read; without any and without --file, the lines of standard input.
    text: Vec<String>,
    /// A file with one text a line.
    #[arg(long, value_name = "F")]
    file: Option<PathBuf>,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub fn run(config: &Config, args: &Args) -> Done {
    let triage = crate::app::triage(config)?;
    let say = |text: &str| -> Result<(), Failure> {
        let mut value = serde_json::to_value(triage.read(text))?;
        if let Some(map) = value.as_object_mut() {
            map.insert("text".into(), text.into());
        }
        println!("{value}");
        Ok(())
    };
    for text in &args.text {
        say(text)?;
    }
    if let Some(path) = &args.file {
        let file = std::fs::File::open(path).map_err(|e| Failure(format!("{} cannot be opened: {e}", path.display())))?;
        for line in std::io::BufReader::new(file).lines() {
            say(&line?)?;
        }
    } else if args.text.is_empty() {
        for line in std::io::stdin().lock().lines() {
            say(&line?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
