//! `user`: staff accounts. No password is built in: the first administrator comes from here.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::dispatch::accounts::{self, NewStaff};
use crate::dispatch::call_desk;
use crate::domain::access::Role;
use crate::domain::{CrewCode, Lang, QueueCode};
use crate::store::{staff, tokens};
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
        /// dispatcher, crew, manager or admin
        #[arg(long)]
        role: Role,
        /// The person's name as colleagues see it; default: the login.
        #[arg(long)]
        name: Option<String>,
        /// A queue the person works; may stand several times; without it, every queue.
        #[arg(long = "queue")]
        queues: Vec<QueueCode>,
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
}

fn password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        eprint!("Password (at least {} characters): ", accounts::MIN_PASSWORD);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let unknown = |login: &str| Failure(format!("there is no account '{login}': see `jambyl109 user list`"));
    match args.what {
        What::Add { login, role, name, queues, crew, lang } => {
            let name = name.unwrap_or_else(|| login.clone());
            let new = NewStaff { login, name, role, queues, crew, lang, password: password()? };
            let member = accounts::add_staff(&core, new).await?;
            println!("{} added as {}", member.login, member.role);
        }
        What::List => {
            for s in staff::all(core.db.read()).await? {
                let queues: Vec<&str> = s.queues.iter().map(QueueCode::as_str).collect();
                let reach = s.crew.map_or_else(|| if queues.is_empty() { "all queues".into() } else { queues.join(",") }, |c| c.to_string());
                println!("{}\t{}\t{}\t{reach}\t{}", s.login, s.role, s.name, if s.disabled { "disabled" } else { "active" });
            }
        }
        What::Disable { login } => {
            let member = staff::by_login(core.db.read(), &login).await?.ok_or_else(|| unknown(&login))?;
            staff::set_disabled(core.db.write(), &login, true).await?;
            tokens::revoke_all(core.db.write(), member.id.0).await?;
            println!("{login} is disabled");
        }
        What::Enable { login } => {
            if !staff::set_disabled(core.db.write(), &login, false).await? {
                return Err(unknown(&login));
            }
            println!("{login} is active");
        }
        What::Agent { login, agent } => {
            call_desk::name_agent(&core, &login, &agent).await?;
            println!("{login} answers calls as {agent}");
        }
        What::ResetPassword { login } => {
            let member = staff::by_login(core.db.read(), &login).await?.ok_or_else(|| unknown(&login))?;
            let new = password()?;
            if new.chars().count() < accounts::MIN_PASSWORD {
                return Err(Failure(format!("a password has at least {} characters", accounts::MIN_PASSWORD)));
            }
            staff::set_password(core.db.write(), &login, &accounts::hash_password(new).await?).await?;
            tokens::revoke_all(core.db.write(), member.id.0).await?;
            println!("{login} has a new password; all sessions have ended");
        }
    }
    Ok(ExitCode::SUCCESS)
}
