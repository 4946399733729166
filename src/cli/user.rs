//! `user`: staff accounts. No password is built in: the first administrator comes from here.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::dispatch::staff_accounts::{self, By, NewStaff};
use crate::dispatch::{DispatchError, call_desk};
use crate::domain::access::Role;
use crate::domain::password::SHORTEST;
use crate::domain::{CrewCode, DistrictCode, Lang, QueueCode};
use crate::store::staff;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Adds an account. The password is asked for, or read from standard input; never given as an argument, where others could see it.
    Add {
        login: String,
        /// dispatcher, senior_dispatcher, operator, crew, manager, admin or auditor
        #[arg(long)]
        role: Role,
        /// The person's name as colleagues see it; default: the login.
        #[arg(long)]
        name: Option<String>,
        /// A queue the person works; may stand several times; without it, every queue.
        #[arg(long = "queue")]
        queues: Vec<QueueCode>,
        /// A district whose requests the person sees; may stand several times; without it, every district.
        #[arg(long = "district")]
        districts: Vec<DistrictCode>,
        /// The crew of a crew account.
        #[arg(long)]
        crew: Option<CrewCode>,
        /// kk or ru
        #[arg(long, default_value = "kk")]
        lang: Lang,
    },
    /// Lists accounts.
    List,
    /// Disables an account and ends its sessions.
    Disable { login: String },
    /// Enables a disabled account.
    Enable { login: String },
    /// Says by which name an exchange knows the person: extension or agent.
    Agent { login: String, agent: String },
    /// Sets a new password and ends all sessions.
    ResetPassword { login: String },
    /// Takes the second factor of somebody who lost the telephone and the recovery codes, and ends all sessions.
    #[command(name = "reset-2fa")]
    Reset2fa {
        login: String,
        /// Why: it stands in the audit.
        #[arg(long)]
        reason: String,
    },
}

fn password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        eprint!("Password (at least {} characters): ", SHORTEST);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let unknown = |login: &str, e: DispatchError| match e {
        DispatchError::NotFound => Failure(format!("there is no account '{login}': see `jambyl109 user list`")),
        e => e.into(),
    };
    match args.what {
        What::Add { login, role, name, queues, districts, crew, lang } => {
            let name = name.unwrap_or_else(|| login.clone());
            let new = NewStaff { login, name, role, queues, districts, crew, lang, password: password()? };
            let member = staff_accounts::add(&core, By::Machine, new).await?;
            println!("{} added as {}", member.login, member.role);
        }
        What::List => {
            for s in staff::all(core.db.read()).await? {
                let queues: Vec<&str> = s.queues.iter().map(QueueCode::as_str).collect();
                let reach = s.crew.map_or_else(|| if queues.is_empty() { "all queues".into() } else { queues.join(",") }, |c| c.to_string());
                let state = if s.disabled { "disabled" } else { "active" };
                let factor = if s.second_factor { "2fa" } else { "-" };
                println!("{}\t{}\t{}\t{reach}\t{state}\t{factor}", s.login, s.role, s.name);
            }
        }
        What::Disable { login } => {
            staff_accounts::set_disabled(&core, By::Machine, &login, true).await.map_err(|e| unknown(&login, e))?;
            println!("{login} is disabled; all sessions have ended");
        }
        What::Enable { login } => {
            staff_accounts::set_disabled(&core, By::Machine, &login, false).await.map_err(|e| unknown(&login, e))?;
            println!("{login} is active");
        }
        What::Agent { login, agent } => {
            call_desk::name_agent(&core, &login, &agent).await?;
            println!("{login} answers calls as {agent}");
        }
        What::ResetPassword { login } => {
            staff_accounts::reset_password(&core, By::Machine, &login, password()?).await.map_err(|e| unknown(&login, e))?;
            println!("{login} has a new password; all sessions have ended");
        }
        What::Reset2fa { login, reason } => {
            staff_accounts::reset_second_factor(&core, By::Machine, &login, &reason).await.map_err(|e| unknown(&login, e))?;
            println!("{login} signs in with the password alone, unless the role asks for a second factor; all sessions have ended");
        }
    }
    Ok(ExitCode::SUCCESS)
}
