//! `serve`.

use super::{Done, log};
use crate::app::{App, Overrides, Role};
use crate::config::Config;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// What this process does: everything, the doors, or the work behind them.
    #[arg(long, value_enum, default_value_t = RoleArg::All)]
    role: RoleArg,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum RoleArg {
    All,
    Api,
    Worker,
}

pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let role = match args.role {
        RoleArg::All => Role::All,
        RoleArg::Api => Role::Api,
        RoleArg::Worker => Role::Worker,
    };
    let app = App::build(config, role, Overrides::default()).await?;
    app.life.listen_for_signals()?;
    tracing::info!(address = %app.addr(), role = role.as_str(), "jambyl109 serves");
    eprintln!("jambyl109 listens on http://{}  (console: /console, documentation: /api/docs)", app.addr());
    app.run_until(std::future::pending()).await?;
    Ok(ExitCode::SUCCESS)
}
