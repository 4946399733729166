//! `duty`: who is told when a clock warns or runs out.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::dispatch::{DispatchError, accounts};
use crate::domain::QueueCode;
use crate::domain::actor::Actor;
use crate::domain::calendar::Span;
use crate::domain::sla::Duty;
use crate::store::{duties, staff};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Gives a member of staff a duty. Example: jambyl109 duty add aigul head --queue water_taraz --mail aigul@example.kz
    Add {
        login: String,
        /// crew_lead, dispatcher, head or akimat
        duty: Duty,
        /// Default: every queue.
        #[arg(long)]
        queue: Option<QueueCode>,
        /// Local hours of every day, such as 08:00-20:00; default: always.
        #[arg(long)]
        hours: Option<String>,
        /// Where letters go; without it no letters.
        #[arg(long)]
        mail: Option<String>,
    },
    /// Lists the roster.
    List,
    /// Takes a duty away, by the identifier that `list` shows.
    Remove { id: uuid::Uuid },
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    match args.what {
        What::Add { login, duty, queue, hours, mail } => {
            let hours = hours.as_deref().map(Span::parse).transpose()?;
            let row = accounts::add_duty(&core, &Actor::System("cli"), &login, duty, queue, hours, mail.as_deref()).await?;
            println!("{login} is {duty}: {}", row.id);
        }
        What::List => {
            let people = staff::all(core.db.read()).await?;
            for d in duties::all(core.db.read()).await? {
                let login = people.iter().find(|s| s.id == d.staff).map_or("-", |s| s.login.as_str());
                let queue = d.queue.as_ref().map_or("every queue", QueueCode::as_str);
                let hours = d.hours.map_or_else(|| "always".to_owned(), |h| h.to_string());
                println!("{}\t{login}\t{}\t{queue}\t{hours}\t{}", d.id, d.duty, d.mail.as_deref().unwrap_or("no letters"));
            }
        }
        What::Remove { id } => {
            match accounts::remove_duty(&core, &Actor::System("cli"), id).await {
                Err(DispatchError::NotFound) => return Err(Failure(format!("there is no duty {id}: see `jambyl109 duty list`"))),
                done => done?,
            }
            println!("removed");
        }
    }
    Ok(ExitCode::SUCCESS)
}
