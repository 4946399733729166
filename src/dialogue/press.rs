//! Buttons, slash commands and shared contacts.

use super::button::{self, Button};
use super::outcome::{Command, CrewCommand};
use super::state::Step;
use super::turn::Turn;
use crate::domain::ids::DistrictCode;
use crate::domain::outgoing::{Keyboard, Params};
use crate::domain::phone::Phone;
use crate::domain::reading::Place;
use crate::domain::{Lang, RequestNumber};

impl Turn<'_> {
    /// A press. Buttons live for ever in a chat: an old one is answered, and never ends what the chat waits for now.
    pub fn press(&mut self, data: &str) {
        match Button::parse(data) {
            None => self.say("button.old"),
            Some(Button::Language(lang)) => self.choose(lang),
            Some(Button::District(code)) if self.ctx.districts.iter().any(|d| d.code == code) => self.placed(None, Some(code), false),
            Some(Button::District(_)) => self.say("button.old"),
            Some(Button::Districts(page)) if matches!(self.state.step, Step::AwaitingPlace { .. } | Step::AfterPlace { .. }) => {
                self.show_districts(page)
            }
            Some(Button::Districts(_)) => self.say("button.old"),
            Some(Button::SkipPlace) => self.skip_place(),
            Some(Button::Fix(number, page)) => self.show_services(&number, page),
            Some(Button::FixService(number, service)) if self.ctx.services.iter().any(|s| s.code == service) => {
                self.commands.push(Command::Correct { number, service });
            }
            Some(Button::FixService(..)) => self.say("button.old"),
            Some(Button::FixPlace(number)) => self.ask_place_again(number),
            Some(Button::Confirm(number)) => {
                if matches!(&self.state.step, Step::AwaitingReason { number: n, .. } if *n == number) {
                    self.state.step = Step::Idle;
                }
                self.commands.push(Command::Confirm { number });
            }
            Some(Button::NotFixed(number)) => self.ask_reason(number),
            Some(Button::Rate(number, score)) => self.commands.push(Command::Rate { number, score }),
            Some(Button::Status(number)) => self.commands.push(Command::ShowStatus { number }),
            Some(Button::Mine) => self.commands.push(Command::ShowMine),
            Some(Button::CrewAccept(number)) => self.crew(CrewCommand::Accept { number }),
            Some(Button::CrewGo(number)) => self.crew(CrewCommand::Start { number }),
            Some(Button::CrewArrived(number)) => self.crew(CrewCommand::Arrive { number }),
            Some(Button::CrewDone(number)) => self.ask_result(number),
            Some(Button::CrewFinish(number)) => self.finish_result(number),
            Some(Button::CrewPause(number)) => self.ask_pause(&number),
            Some(Button::CrewHold(number, why)) => self.crew(CrewCommand::Hold { number, why }),
            Some(Button::CrewResume(number)) => self.crew(CrewCommand::Resume { number }),
        }
    }

    fn ask_reason(&mut self, number: RequestNumber) {
        if !matches!(&self.state.step, Step::AwaitingReason { number: n, .. } if *n == number) {
            self.flush();
        }
        self.say_about("ask.reason", &number);
        self.state.step = Step::AwaitingReason { number, asked_at: self.ctx.now };
    }

    fn show_services(&mut self, number: &RequestNumber, page: usize) {
        let shown = Params::from([("number".to_owned(), number.to_string())]);
        self.say_with("ask.service", shown, button::services(number, self.ctx.services, page, self.door.most()));
    }

    /// The place of a registered request was understood wrongly.
    fn ask_place_again(&mut self, number: RequestNumber) {
        self.flush();
        self.state.step = Step::AfterPlace { number: Some(number), asked_at: self.ctx.now, house: false };
        self.ask_place(&Place::Unknown);
    }

    pub(super) fn choose(&mut self, lang: Lang) {
        self.state.lang = Some(lang);
        self.state.lang_chosen = true;
        self.commands.push(Command::SetLanguage(lang));
        self.say("lang.set");
        let quiet = self.recent().is_some();
        if matches!(self.state.step, Step::Fresh | Step::Idle) {
            self.state.step = Step::Idle;
            if !quiet {
                self.say("ask.what");
            }
        }
    }

    /// A slash command. It never ends what the chat waits for.
    pub fn command(&mut self, name: &str, arg: &str) {
        let (name, arg) = (name.to_lowercase(), arg.trim());
        if self.state.step == Step::Fresh {
            self.state.step = Step::Idle;
        }
        match name.as_str() {
            "my" => self.commands.push(Command::ShowMine),
            "jobs" => self.crew(CrewCommand::Jobs),
            "link" if arg.is_empty() => self.say("crew.link_how"),
            "link" => self.commands.push(Command::LinkStaff { code: arg.to_owned() }),
            "start" => match RequestNumber::parse(arg) {
                // A link with a number in it opens that request.
                Ok(number) => self.commands.push(Command::ShowStatus { number }),
                Err(_) if self.ctx.stale => {}
                Err(_) => self.welcome(),
            },
            _ if self.ctx.stale => {}
            "lang" => self.say_with("lang.choose", Params::new(), button::languages()),
            _ => self.say("help"),
        }
    }

    /// Only the sender's own number is kept: somebody else's is somebody else's to give.
    pub fn contact(&mut self, phone: Option<&Phone>, own: bool) {
        match phone {
            Some(phone) if own => {
                self.commands.push(Command::SetPhone(phone.clone()));
                self.say_with("contact.saved", Params::new(), Keyboard::Remove);
            }
            None if own => self.say("contact.bad"),
            _ => self.say("contact.not_own"),
        }
    }

    pub fn location(&mut self, lat: f64, lon: f64, district: Option<DistrictCode>, rough: bool) {
        if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) {
            self.placed(Some((lat, lon)), district, rough);
        } else {
            self.unsupported();
        }
    }

    pub fn unsupported(&mut self) {
        if !self.ctx.stale {
            self.say("unsupported");
        }
    }
}
