//! Files: a picture belongs to the words beside it, to the album it came with, to the recent request, or waits for words.

use super::crew::{Album, Evidence};
use super::outcome::{Command, CrewCommand};
use super::state::{MediaGroup, Step};
use super::turn::{HEAP_SECS, MAX_MEDIA, Turn};
use crate::domain::RequestNumber;
use crate::domain::inbound::MediaRef;
use crate::domain::reading::Reading;
use crate::domain::time::plus_secs;

impl Turn<'_> {
    pub fn media(&mut self, media: &MediaRef, caption: Option<(&str, &Reading)>, group: Option<&str>) {
        let caption = caption.filter(|(text, _)| !text.trim().is_empty());
        let known = self.state.media_group.as_ref().filter(|g| Some(g.id.as_str()) == group).cloned();
        let danger = caption.is_some_and(|(_, r)| r.hazard.is_some());
        if let Some(MediaGroup { number: Some(number), .. }) = &known
            && !danger
        {
            let text = caption.map_or("", |(t, _)| t);
            return self.add(number.clone(), text, vec![media.clone()], text.is_empty());
        }
        let heap = self.state.file_at.is_some_and(|at| self.ctx.now <= plus_secs(at, HEAP_SECS));
        self.state.file_at = Some(self.ctx.now);
        let album = match (group, &known) {
            // Of an album without a name every picture comes alone.
            (None, _) if heap && !matches!(self.state.step, Step::CrewAwaitingResult { .. }) => Album::More,
            (None, _) => Album::No,
            (Some(_), None) => Album::First,
            (Some(_), Some(_)) => Album::More,
        };
        self.state.media_group = known.or_else(|| group.map(|id| MediaGroup { id: id.to_owned(), number: None }));
        let evidence = matches!(self.state.step, Step::CrewAwaitingResult { .. });
        match caption {
            Some((text, reading)) if !evidence => self.text(text, reading, vec![media.clone()]),
            _ => self.bare(media.clone(), caption.map(|(text, _)| text), album),
        }
        let taker = self.commands.iter().find_map(taker);
        if let (Some(group), Some(number)) = (&mut self.state.media_group, taker) {
            group.number.get_or_insert(number);
        }
    }

    /// A file without words, or a piece of a crew's evidence.
    fn bare(&mut self, media: MediaRef, note: Option<&str>, album: Album) {
        match self.take_step() {
            Step::AwaitingText { mut draft, asked_at } => {
                draft.media.push(media);
                if draft.media.len() >= MAX_MEDIA {
                    return self.register(draft);
                }
                self.state.step = Step::AwaitingText { draft, asked_at };
            }
            Step::AwaitingPlace { mut draft, asked_at } => {
                draft.media.push(media);
                if draft.media.len() >= MAX_MEDIA {
                    return self.register(draft);
                }
                self.state.step = Step::AwaitingPlace { draft, asked_at };
            }
            Step::AwaitingReason { number, .. } => self.not_fixed(number, None, vec![media]),
            Step::CrewAwaitingResult { number, note: said, media: held, asked_at } => {
                self.result_grows(Evidence { number, note: said, media: held, asked_at }, note, vec![media], album);
            }
            Step::AfterPlace { number: Some(number), asked_at, house } => {
                self.add(number.clone(), "", vec![media], album == Album::More);
                self.state.step = Step::AfterPlace { number: Some(number), asked_at, house };
            }
            Step::AfterPlace { number: None, .. } | Step::Fresh | Step::Idle => match self.addressee() {
                Some(number) => self.add(number, "", vec![media], album == Album::More),
                None => self.consider(self.draft("", &self.wordless(), vec![media])),
            },
        }
    }
}

/// The registered request that a command gives a file to.
fn taker(command: &Command) -> Option<RequestNumber> {
    match command {
        Command::AddMessage { number, .. } | Command::NotFixed { number, .. } | Command::Locate { number, .. } => Some(number.clone()),
        Command::Crew(CrewCommand::Done { number, .. }) => Some(number.clone()),
        _ => None,
    }
}
