//! The throw-away house: settings over the given ones, policies that run out quickly, and the people who work in it.

use super::super::Failure;
use crate::config::{Book, Config, Deployment, MailTransport, Secret, ServiceUrl, TelegramMode};
use crate::dispatch::accounts::{self, NewStaff};
use crate::dispatch::{Core, secrets};
use crate::domain::access::Role;
use crate::domain::sla::Target;
use crate::domain::{Class, CrewCode, Lang, QueueCode};
use std::path::{Path, PathBuf};

/// A folder that goes away with its owner.
pub struct Folder(PathBuf);

impl Folder {
    /// # Errors
    /// When it cannot be made.
    pub fn make() -> std::io::Result<Self> {
        let name = secrets::token();
        let path = std::env::temp_dir().join(format!("jambyl109-demo-{}", name.get(..12).unwrap_or(&name)));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(error = %e, folder = %self.0.display(), "the demo's folder was not removed");
        }
    }
}

/// An answer to a question waits so long, in simulated seconds: never under a second of real time.
#[must_use]
pub fn silence_secs(speed: f64) -> u64 {
    (speed.clamp(1.0, 100_000.0) as u64).clamp(300, 7200)
}

/// The settings of the demo: the given ones where they do no harm outside.
///
/// # Errors
/// When the address cannot be listened on.
pub fn settings(mut c: Config, dir: &Path, telegram: &str, speed: f64) -> Result<Config, Failure> {
    let within = |name: &str| dir.join(name).to_string_lossy().into_owned();
    c.deployment = Deployment::Single;
    // Port 0 is settled now: links and the webhook need to know it.
    if let Some(addr) = c.http.socket().filter(|a| a.port() == 0) {
        c.http.addr = std::net::TcpListener::bind(addr)?.local_addr()?.to_string();
    }
    if c.http.public_url.is_empty() {
        c.http.public_url = format!("http://{}", c.http.addr);
    }
    c.database.url = ServiceUrl::new(format!("sqlite://{}", within("demo.db")));
    c.redis.url = ServiceUrl::default();
    c.media.url = ServiceUrl::new(within("media"));
    c.mail.transport = MailTransport::File;
    c.mail.dir = within("mail");
    c.mail.breach_to = vec!["duty@localhost".into()];
    c.journal.key = Secret::new(secrets::token());
    let t = &mut c.channels.telegram;
    let random = secrets::token();
    t.token = Secret::new(format!("1090109:{}", random.get(..35).unwrap_or(&random)));
    t.secret = Secret::new(secrets::token());
    t.api_url = telegram.to_owned();
    t.mode = TelegramMode::Webhook;
    // Tokens live by the wall's clock, and nobody here signs in twice.
    c.auth.access_minutes = 24 * 60;
    c.intake.poll_ms = 100;
    c.outbox.poll_ms = 100;
    c.outbox.workers = 8;
    c.outbox.base_backoff_ms = 200;
    c.outbox.per_chat_interval_ms = 0;
    c.timers.poll_ms = 100;
    c.dialogue.silence_secs = silence_secs(speed);
    c.dialogue.join_window_secs = c.dialogue.silence_secs.max(600);
    // A second of real delay is many simulated minutes; nothing here is stale.
    c.dialogue.stale_secs = 30 * 86_400;
    let a = &mut c.auth;
    (a.otp_per_phone_per_hour, a.otp_per_address_per_hour) = (10_000, 1_000_000);
    (a.form_per_address_per_hour, a.login_attempts) = (1_000_000, 10_000);
    (a.login_per_address, a.login_strangers_per_hour) = (1_000_000, 1_000_000);
    // The interesting lines are the demo's own.
    if c.log.level == "info" {
        c.log.level = "warn".into();
    }
    Ok(c)
}

/// The shipped data with targets short enough that some clocks run out within half an hour.
///
/// # Errors
/// What is wrong with the data files.
pub fn book(config: &Config) -> Result<Book, Failure> {
    let mut book = Book::load(config.config.path())?;
    book.sla.silence_minutes = 120;
    for p in &mut book.sla.policies {
        let slow = p.class.iter().any(|c| matches!(c, Class::Complaint | Class::Proposal));
        let (accept, restore) = match (p.hazard.is_some(), p.class.first()) {
            (true, _) => (3, 20),
            _ if slow => (20, 90),
            (_, Some(Class::Incident)) => (8, 28),
            _ => (12, 40),
        };
        p.register = None;
        p.arrive = None;
        let soon = |t: &Target, minutes| Target { ladder: t.ladder.clone(), ..Target::minutes(minutes) };
        p.accept = p.accept.as_ref().map(|t| soon(t, accept));
        p.restore = p.restore.as_ref().map(|t| soon(t, restore));
    }
    Ok(book)
}

/// Somebody with an account.
pub struct Member {
    pub login: String,
    pub role: Role,
    pub crew: Option<CrewCode>,
    pub about: String,
    /// The name colleagues see.
    name: String,
}

fn plan(core: &Core) -> Vec<(Member, Vec<QueueCode>)> {
    let catalog = &core.book.catalog;
    let codes = |fits: &dyn Fn(&str) -> bool| catalog.queues.iter().map(|q| q.code.clone()).filter(|c| fits(c.as_str())).collect::<Vec<_>>();
    let centre = |c: &str| matches!(c, "desk_utilities" | "desk_social" | "control" | "akimat" | "triage" | "noted");
    let town = |c: &str| c.ends_with("_taraz") || matches!(c, "electricity" | "gas" | "housing");
    let person =
        |login: &str, role, name: &str, about: &str| Member { login: login.into(), role, crew: None, about: about.into(), name: name.into() };
    let mut out = vec![
        (person("admin", Role::Admin, "Ерлан (әкімші)", "everything"), Vec::new()),
        (person("manager", Role::Manager, "Сауле (басшы)", "sees everything, changes nothing"), Vec::new()),
        (person("operator", Role::Dispatcher, "Айгүл (оператор)", "all queues; takes down calls"), Vec::new()),
        (person("centre", Role::Dispatcher, "Динара (орталық)", "the centre's own desks"), codes(&centre)),
        (person("taraz", Role::Dispatcher, "Марат (Тараз)", "utilities of Taraz and of the oblast"), codes(&town)),
        (person("districts", Role::Dispatcher, "Жанар (аудандар)", "the ten districts"), codes(&|c| !centre(c) && !town(c))),
    ];
    out.extend(catalog.crews.iter().map(|c| {
        let about = format!("{} / {}", c.name.kk, c.name.ru);
        (Member { login: c.code.to_string(), role: Role::Crew, crew: Some(c.code.clone()), about, name: c.name.kk.clone() }, Vec::new())
    }));
    out
}

/// Makes the accounts, all with one password.
///
/// # Errors
/// The store's.
pub async fn staff(core: &Core, password: &str) -> Result<Vec<Member>, Failure> {
    let mut members = Vec::new();
    for (m, queues) in plan(core) {
        let new = NewStaff {
            login: m.login.clone(),
            name: m.name.clone(),
            role: m.role,
            queues,
            districts: Vec::new(),
            crew: m.crew.clone(),
            lang: Lang::Kk,
            password: password.to_owned(),
        };
        accounts::add_staff(core, new).await?;
        members.push(m);
    }
    Ok(members)
}
