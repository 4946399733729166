//! `demo`.

use super::{Done, Failure};
use crate::config::Config;

#[derive(clap::Args)]
pub struct Args {
    /// Simulated minutes.
    #[arg(long, default_value_t = 1440)]
    minutes: u64,
    /// Simulated time per real time.
    #[arg(long, default_value_t = 1440.0)]
    speed: f64,
    /// How many requests residents make.
    #[arg(long, default_value_t = 300)]
    requests: usize,
    /// The seed of everything that is drawn.
    #[arg(long, default_value_t = 109)]
    seed: u64,
    /// Ends after the simulated period, with code 1 if anything was lost.
    #[arg(long)]
    exit: bool,
}

pub async fn run(_config: Config, _args: &Args) -> Done {
    Err(Failure("not yet".into()))
}
