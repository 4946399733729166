//! The program: parses the command line, runs one command, gives its exit code.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    jambyl109::cli::run().await
}
