//! What follows from a wish that may come at any moment: it never ends what the chat waits for unless it says so.

use super::button::Button;
use super::outcome::Command;
use super::state::{Proving, Step};
use super::turn::Turn;
use super::wish::{self, Wish};
use crate::domain::Lang;
use crate::domain::outgoing::{Keyboard, Params};
use crate::domain::phone::Phone;
use crate::domain::reading::Reading;
use crate::domain::time::plus_secs;

/// A code that was sent is awaited so long, in seconds.
const CODE_SECS: i64 = 600;

impl Turn<'_> {
    /// Carries a wish out; false when the message is none, or none that makes sense now.
    pub fn wish(&mut self, text: &str, reading: &Reading) -> bool {
        let Some(wish) = wish::read(text) else { return false };
        // A word like "status" tells little of a language: it teaches one only where none is known.
        if self.state.lang.is_none() && !matches!(wish, Wish::OtherLanguage | Wish::Language(_)) {
            self.learn(text, reading);
        }
        match wish {
            Wish::Status(Some(number)) => {
                self.greeted();
                self.commands.push(Command::ShowStatus { number });
            }
            Wish::Status(None) => {
                self.greeted();
                self.commands.push(match self.standing() {
                    Some(last) => Command::ShowStatus { number: last.number.clone() },
                    None => Command::ShowMine,
                });
            }
            Wish::Operator => self.call_operator(text, reading),
            Wish::Cancel => self.cancel(text),
            Wish::OtherLanguage => self.choose(match self.state.reply_lang(self.ctx.lang_hint) {
                Lang::Kk => Lang::Ru,
                Lang::Ru => Lang::Kk,
            }),
            Wish::Language(lang) => self.choose(lang),
            Wish::Help => self.command("help", ""),
            Wish::MyPhone(phone) => self.prove(phone),
            Wish::Code(code) => return self.code(code),
            Wish::Yes => return self.answer(|b| matches!(b, Button::Confirm(_))),
            Wish::No => return self.answer(|b| matches!(b, Button::NotFixed(_))),
            Wish::Pick(n) => return self.pick(n),
        }
        true
    }

    fn greeted(&mut self) {
        if self.state.step == Step::Fresh {
            self.state.step = Step::Idle;
        }
    }

    /// The number joins this chat with what its owner did by other doors: the phone proves it where it can, a code elsewhere.
    fn prove(&mut self, phone: Option<Phone>) {
        self.greeted();
        match phone {
            _ if self.door.asks_contact => self.say_with("contact.ask", Params::new(), Keyboard::AskContact),
            None => self.say("contact.how"),
            Some(phone) => {
                self.state.proving = Some(Proving { phone: phone.clone(), until: plus_secs(self.ctx.now, CODE_SECS) });
                self.commands.push(Command::SendCode { phone });
            }
        }
    }

    /// Six digits are a code only while one is awaited.
    fn code(&mut self, code: String) -> bool {
        let awaited = self.state.proving.clone().filter(|p| self.ctx.now <= p.until);
        let Some(Proving { phone, .. }) = awaited else { return false };
        self.commands.push(Command::ProveCode { phone, code });
        true
    }

    /// "Yes" or "no" to the question that was put last, when nothing else is being asked.
    fn answer(&mut self, is: impl Fn(&Button) -> bool) -> bool {
        if !matches!(self.state.step, Step::Fresh | Step::Idle | Step::AfterPlace { .. }) {
            return false;
        }
        let data = self.ctx.choices.iter().find(|d| Button::parse(d).is_some_and(|b| is(&b)));
        data.inspect(|d| self.press(d)).is_some()
    }

    /// A typed number, where keys are shown as numbered lines.
    fn pick(&mut self, n: usize) -> bool {
        let asked = matches!(self.state.step, Step::Fresh | Step::Idle | Step::AwaitingPlace { .. } | Step::AfterPlace { .. });
        if self.door.has_keys() || !asked {
            return false;
        }
        let data = n.checked_sub(1).and_then(|i| self.ctx.choices.get(i));
        data.inspect(|d| self.press(d)).is_some()
    }

    /// A person is wanted: what was said so far goes to one, and so does the wish.
    fn call_operator(&mut self, text: &str, reading: &Reading) {
        let number = self.standing().map(|l| l.number.clone());
        match self.take_step() {
            Step::AwaitingText { draft, .. } | Step::AwaitingPlace { draft, .. } => {
                self.register(draft);
                self.commands.push(Command::Operator { number: None, text: text.to_owned() });
            }
            step => {
                self.state.step = if step == Step::Fresh { Step::Idle } else { step };
                if number.is_some() {
                    self.commands.push(Command::Operator { number, text: text.to_owned() });
                } else {
                    self.register(self.draft(text, reading, Vec::new()));
                    self.commands.push(Command::Operator { number: None, text: String::new() });
                }
            }
        }
    }

    /// Takes back what is not registered yet; of what is, staff are told.
    fn cancel(&mut self, text: &str) {
        let number = self.standing().map(|l| l.number.clone());
        match self.take_step() {
            Step::AwaitingText { .. } | Step::AwaitingPlace { .. } => {
                self.state.media_group = None;
                self.say("cancel.draft");
            }
            Step::AwaitingReason { .. } | Step::CrewAwaitingResult { .. } => self.say("cancel.question"),
            Step::Fresh | Step::Idle | Step::AfterPlace { .. } => match number {
                Some(number) => self.commands.push(Command::Withdraw { number, text: text.to_owned() }),
                None => self.say("cancel.nothing"),
            },
        }
    }

    /// The author took a message back: words that are not registered yet are forgotten.
    pub fn unsent(&mut self, text: Option<&str>) {
        let words = text.map(str::trim).filter(|t| !t.is_empty());
        let step = self.take_step();
        self.state.step = match (step, words) {
            (Step::AwaitingText { draft, asked_at }, Some(words)) => match without(draft, words) {
                Some(draft) => Step::AwaitingText { draft, asked_at },
                None => Step::Idle,
            },
            (Step::AwaitingPlace { draft, asked_at }, Some(words)) => match without(draft, words) {
                Some(draft) => Step::AwaitingPlace { draft, asked_at },
                None => Step::Idle,
            },
            (step, _) => step,
        };
    }
}

/// A draft without some of its words; nothing when it then says nothing at all.
fn without(mut draft: super::state::Draft, words: &str) -> Option<super::state::Draft> {
    if let Some(at) = draft.text.rfind(words) {
        draft.text.replace_range(at..at + words.len(), "");
        draft.text = draft.text.lines().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>().join("\n");
    }
    let empty = draft.text.is_empty() && draft.media.is_empty() && draft.location.is_none();
    (!empty).then_some(draft)
}
