//! A small town for tests: readings by plain rules, a chat that carries out its own commands, stories and properties.

mod doors;
mod props;
mod stories;

use super::{Command, Context, Conversation, Input, Limits, Outcome, step};
use crate::domain::catalog::{District, Named, Service};
use crate::domain::class::{Class, Hazard};
use crate::domain::ids::{CrewCode, DistrictCode, ServiceCode};
use crate::domain::inbound::{ChannelKind, MediaKind, MediaRef};
use crate::domain::reading::{Guess, MessageLang, Place, Reading};
use crate::domain::time::{Instant, plus_secs};
use crate::domain::{Lang, RequestNumber};
use chrono::{TimeZone, Utc};

pub fn day() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap()
}

pub fn districts() -> Vec<District> {
    let one = |code: &str, kk: &str, ru: &str| District { code: DistrictCode::new(code).unwrap(), name: Named { kk: kk.into(), ru: ru.into() } };
    vec![one("taraz", "Тараз", "Тараз"), one("shu", "Шу", "Шу"), one("merki", "Меркі", "Мерке")]
}

pub fn services() -> Vec<Service> {
    let one = |code: &str| Service { code: ServiceCode::new(code).unwrap(), name: Named { kk: code.into(), ru: code.into() }, successor: None };
    ["water", "gas", "roads"].into_iter().map(one).collect()
}

pub fn code(s: &str) -> DistrictCode {
    DistrictCode::new(s).unwrap()
}

pub fn photo(id: &str) -> MediaRef {
    MediaRef { kind: MediaKind::Photo, file_id: id.into(), mime: None, size: None }
}

fn sure<T>(best: T) -> Guess<T> {
    Guess { best: Some(best), confidence: 0.5, sure: true }
}

/// A reading of marked words: `!fault !water @taraz #street ^gas` and so on.
pub fn read(text: &str) -> Reading {
    let has = |w: &str| text.contains(w);
    let class = [("!fault", Class::Incident), ("!ask", Class::Consultation), ("!complain", Class::Complaint), ("!idea", Class::Proposal)];
    let class = class.into_iter().chain([("!thanks", Class::Thanks)]).find(|(w, _)| has(w)).map(|(_, c)| sure(c)).unwrap_or_default();
    let service = ["water", "gas", "roads"].into_iter().find(|w| has(&format!("!{w}"))).map(|w| sure(ServiceCode::new(w).unwrap()));
    let named = districts().into_iter().find(|d| has(&format!("@{}", d.code)));
    let place = match named {
        Some(d) => Place::Found { district: d.code, settlement: None },
        None if has("@abay") => Place::Ambiguous(vec![code("shu"), code("merki")]),
        None => Place::Unknown,
    };
    Reading {
        lang: MessageLang::Ru,
        reply: if has("қ") { Lang::Kk } else { Lang::Ru },
        class,
        service: service.unwrap_or_default(),
        place,
        address: has("#street").then(|| "street 5".to_owned()),
        address_parts: None,
        hazard: [("^gas", Hazard::GasLeak), ("^fire", Hazard::Fire)].into_iter().find(|(w, _)| has(w)).map(|(_, h)| h),
        needs_utility: false,
        empty: has("hello") || text.trim().is_empty(),
        top_services: Vec::new(),
        top_classes: Vec::new(),
        others: Vec::new(),
        why: Vec::new(),
        version: "t".into(),
    }
}

/// A chat with its caller: registers what is to be registered and tells the number back.
pub struct Chat {
    pub state: Conversation,
    pub now: Instant,
    pub crew: Option<CrewCode>,
    pub stale: bool,
    pub channel: ChannelKind,
    pub silence_at: Option<Instant>,
    pub made: u64,
    /// What was offered last, as its caller would look it up.
    pub choices: Vec<String>,
    /// The last request is not ended.
    pub last_open: bool,
    /// A request waits for the resident's word.
    pub pending: Option<RequestNumber>,
}

impl Chat {
    pub fn new() -> Self {
        Self {
            state: Conversation::default(),
            now: day(),
            crew: None,
            stale: false,
            channel: ChannelKind::Telegram,
            silence_at: None,
            made: 0,
            choices: Vec::new(),
            last_open: false,
            pending: None,
        }
    }

    pub fn number(&self, n: u64) -> RequestNumber {
        RequestNumber::compose(2026, n)
    }

    pub fn give(&mut self, input: &Input<'_>) -> Outcome {
        let (towns, list, limits) = (districts(), services(), Limits::default());
        let ctx = Context {
            now: self.now,
            received_at: self.now,
            reported_at: self.now,
            channel: self.channel,
            lang_hint: None,
            crew: self.crew.as_ref(),
            districts: &towns,
            services: &list,
            choices: &self.choices,
            last_open: self.last_open,
            pending: self.pending.as_ref(),
            limits: &limits,
            stale: self.stale,
        };
        let out = step(&self.state, input, &ctx);
        self.state = out.state.clone();
        self.silence_at = out.silence_at;
        let offered = out.says.iter().rev().find_map(|s| match &s.keyboard {
            crate::domain::outgoing::Keyboard::Inline(rows) => Some(rows.concat().into_iter().map(|k| k.data).collect()),
            _ => None,
        });
        self.choices = offered.unwrap_or_else(|| std::mem::take(&mut self.choices));
        for command in &out.commands {
            if let Command::Register(draft) = command {
                self.made += 1;
                let number = self.number(self.made);
                self.state.registered(&number, draft, Vec::new(), self.now);
            }
        }
        self.now = plus_secs(self.now, 1);
        out
    }

    pub fn text(&mut self, text: &str) -> Outcome {
        self.give(&Input::Text { text, reading: &read(text) })
    }

    pub fn press(&mut self, data: &str) -> Outcome {
        self.give(&Input::Button { data })
    }

    pub fn photo(&mut self, id: &str, caption: Option<&str>, group: Option<&str>) -> Outcome {
        let reading = caption.map(read);
        self.give(&Input::Media { media: &photo(id), caption: caption.zip(reading.as_ref()), group })
    }

    /// Lets time go by until the chat has waited long enough.
    pub fn silence(&mut self) -> Outcome {
        self.now = self.silence_at.expect("the chat waits for nothing").max(self.now);
        self.give(&Input::Silence)
    }
}

/// Commands and says in short words, in the order of speaking: `!` marks safety.
pub fn short(out: &Outcome) -> String {
    let mut words: Vec<String> = out.commands.iter().map(short_command).collect();
    words.extend(out.says.iter().map(|s| format!("{}{}", if s.rank == crate::domain::outgoing::Rank::Safety { "!" } else { "" }, s.key)));
    words.join(" | ")
}

fn short_command(c: &Command) -> String {
    use super::CrewCommand as Crew;
    let n = |n: &RequestNumber| n.digits()[2..9].trim_start_matches('0').to_owned();
    let files = |m: &[MediaRef]| m.iter().map(|m| m.file_id.clone()).collect::<Vec<_>>().join(",");
    match c {
        Command::Register(d) => {
            let district = d.district.as_ref().map_or("?", |c| c.as_str());
            format!("register({}; {district}; {}; {})", d.text.replace('\n', "/"), d.address.as_deref().unwrap_or("-"), files(&d.media))
        }
        Command::AddMessage { number, text, media, quiet } => {
            format!("add{}({}; {text}; {})", if *quiet { "_quiet" } else { "" }, n(number), files(media))
        }
        Command::Locate { number, location, district, text, .. } => {
            let district = district.as_ref().map_or("?", |c| c.as_str());
            format!("locate({}; {}; {district}; {})", n(number), if location.is_some() { "geo" } else { "-" }, text.as_deref().unwrap_or("-"))
        }
        Command::Confirm { number } => format!("confirm({})", n(number)),
        Command::NotFixed { number, reason } => format!("not_fixed({}; {})", n(number), reason.as_deref().unwrap_or("-")),
        Command::Rate { number, score } => format!("rate({}; {score})", n(number)),
        Command::Correct { number, service } => format!("correct({}; {service})", n(number)),
        Command::Operator { number, text } => format!("operator({}; {text})", number.as_ref().map_or_else(|| "new".into(), n)),
        Command::Withdraw { number, text } => format!("withdraw({}; {text})", n(number)),
        Command::ShowMine => "mine".into(),
        Command::ShowStatus { number } => format!("status({})", n(number)),
        Command::SetLanguage(l) => format!("lang({l})"),
        Command::SetPhone(p) => format!("phone({})", p.e164()),
        Command::SendCode { phone } => format!("send_code({})", phone.e164()),
        Command::ProveCode { phone, code } => format!("prove({}; {code})", phone.e164()),
        Command::LinkStaff { code } => format!("link({code})"),
        Command::Crew(Crew::Done { number, note, media }) => format!("done({}; {}; {})", n(number), note.as_deref().unwrap_or("-"), files(media)),
        Command::Crew(Crew::Jobs) => "jobs".into(),
        Command::Crew(Crew::Accept { number }) => format!("accept({})", n(number)),
        Command::Crew(Crew::Start { number }) => format!("start({})", n(number)),
        Command::Crew(Crew::Arrive { number }) => format!("arrive({})", n(number)),
        Command::Crew(Crew::Hold { number, why }) => format!("hold({}; {why})", n(number)),
        Command::Crew(Crew::Resume { number }) => format!("resume({})", n(number)),
        Command::MarkBlocked => "blocked".into(),
        Command::MarkUnblocked => "unblocked".into(),
    }
}
