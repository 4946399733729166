//! `healthcheck`, for containers and systemd.

use super::{Done, Failure};
use crate::config::Config;
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Args {
    /// The address to ask; default: http.addr.
    #[arg(long)]
    url: Option<String>,
}

pub async fn run(config: &Config, args: &Args) -> Done {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = args.url.clone().unwrap_or_else(|| {
        // A service that listens on every address is asked on the loopback one.
        let addr = config.http.addr.replacen("0.0.0.0", "127.0.0.1", 1).replacen("[::]", "[::1]", 1);
        format!("http://{addr}")
    });
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let answer = client.get(format!("{}/health/ready", base.trim_end_matches('/'))).send().await?;
    if answer.status().is_success() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure(format!("not ready: {}", answer.text().await.unwrap_or_default())))
}
