//! A crew's acts from its page on a bad network. Each carries a key: however often it is sent, it has one effect and one answer. What a crew wrote and
//! showed on the spot is kept with the request, whatever became of the job meanwhile.

use super::acts::{MAX_TEXT, StaffAct, act_in, actor_of};
use super::apply::{find, perform, text_row};
use super::crew_desk::was_given;
use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError, uploads};
use crate::domain::access::{Permission, Reach, Scope};
use crate::domain::actor::Actor;
use crate::domain::outgoing::Params;
use crate::domain::phone::Phone;
use crate::domain::request::{Act, ActError, ActKind, Request, Status};
use crate::domain::sla::PauseReason;
use crate::domain::{AttachmentId, CrewCode, Instant, Lang, RequestNumber};
use crate::store::idempotency::{self, Kept};
use crate::store::messages::{self, direction};
use crate::store::{StoreError, Tx, access_log, requests, residents};
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// An act that reached us later than this after it was pressed says so in the request.
const LATE: Duration = Duration::minutes(2);
/// Nobody is without a network for longer: a telephone that claims more has a broken clock.
const LONGEST: Duration = Duration::days(30);

/// One press on the crew's page.
#[derive(Debug, Clone)]
pub struct Deed {
    /// Names this press among all of the member's.
    pub key: String,
    pub number: RequestNumber,
    pub what: ActKind,
    /// For what cannot be done now.
    pub why: Option<PauseReason>,
    pub note: Option<String>,
    /// A photo that this member brought.
    pub photo: Option<AttachmentId>,
    /// How long ago it was pressed, by the telephone's own measure.
    pub ago: Duration,
    pub lang: Lang,
}

impl Deed {
    fn key(&self) -> String {
        key(&self.number, self.what, &self.key)
    }

    fn evidence(&self) -> bool {
        self.photo.is_some() || self.note.is_some()
    }
}

fn key(number: &RequestNumber, what: ActKind, key: &str) -> String {
    format!("{number}:{what}:{key}")
}

/// How a press ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Done,
    /// It stood so already: by an earlier press, or by a colleague.
    Already,
    /// Not in the request's present state.
    NotNow,
    /// The job is another's now.
    Lost,
}

impl Ended {
    /// As clients read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::NotNow => "not_now",
            Self::Lost => "lost",
        }
    }

    /// What was wanted stands.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }
}

/// The answer to a press, the same however often it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub ended: Ended,
    /// The message that says it.
    pub text: String,
    pub params: Params,
}

impl Answer {
    fn of(ended: Ended, text: &str, number: &RequestNumber) -> Self {
        Self { ended, text: text.to_owned(), params: Params::from([("number".to_owned(), number.to_string())]) }
    }

    fn with(mut self, name: &str, value: String) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }
}

/// Whose keys are meant.
fn scope_of(scope: &Scope) -> String {
    format!("{}{}", idempotency::CREWS, scope.staff)
}

fn read(kept: &Kept) -> Result<Answer, DispatchError> {
    serde_json::from_str(&kept.answer).map_err(|e| DispatchError::Internal(format!("a kept answer cannot be read: {e}")))
}

/// What came of this press, if it came before: asked before a photo is taken in a second time.
///
/// # Errors
/// The store's.
pub async fn known(core: &Core, scope: &Scope, number: &RequestNumber, what: ActKind, name: &str) -> Result<Option<Answer>, DispatchError> {
    let kept = idempotency::find(core.db.write(), &scope_of(scope), &key(number, what, name)).await?;
    kept.as_ref().map(read).transpose()
}

/// Does it, once. The second value is false for the answer to an earlier sending: then a photo that came along belongs to nothing.
///
/// # Errors
/// `Forbidden` for others than crews; `NotFound` for a request that never was this crew's; `Invalid`. Nothing is kept then, and the key is free.
pub async fn act(core: &Core, scope: &Scope, deed: &Deed) -> Result<(Answer, bool), DispatchError> {
    if !scope.may(Permission::Act(deed.what)) {
        return Err(DispatchError::Forbidden);
    }
    let Reach::Crew(crew) = &scope.reach else { return Err(DispatchError::Forbidden) };
    if deed.note.as_ref().is_some_and(|n| n.chars().count() > MAX_TEXT) {
        return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
    }
    let mut tries = 0;
    loop {
        // A colleague at a desk may act in the same moment; a crew states no version.
        match once(core, scope, crew, deed).await {
            Err(DispatchError::Stale(_)) if tries < 3 => tries += 1,
            other => return other,
        }
    }
}

async fn once(core: &Core, scope: &Scope, crew: &CrewCode, deed: &Deed) -> Result<(Answer, bool), DispatchError> {
    let (whose, key, now) = (scope_of(scope), deed.key(), core.now());
    let tx = core.db.begin().await?;
    // The key is taken first: of two sendings at once the second waits here, and finds the answer of the first.
    let taken = Kept { body_hash: String::new(), status: 0, answer: String::new() };
    if !idempotency::keep(&tx, &whose, &key, &taken, core.wall()).await? {
        let kept = idempotency::find(&tx, &whose, &key).await?.ok_or(DispatchError::KeyRunning)?;
        return Ok((read(&kept)?, false));
    }
    let mut press = Press { core, tx: &tx, scope, crew, deed, actor: actor_of(scope), now, fx: Effects::default() };
    let answer = press.run().await?;
    let mut fx = press.fx;
    fx.flush(&tx, now, core.wall()).await?;
    let text = serde_json::to_string(&answer).map_err(|e| DispatchError::Internal(e.to_string()))?;
    idempotency::settle(&tx, &whose, &key, if answer.ended.is_well() { 200 } else { 409 }, &text).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok((answer, true))
}

/// One press inside its transaction.
struct Press<'a> {
    core: &'a Core,
    tx: &'a Tx,
    scope: &'a Scope,
    crew: &'a CrewCode,
    deed: &'a Deed,
    actor: Actor,
    now: Instant,
    fx: Effects,
}

impl Press<'_> {
    async fn run(&mut self) -> Result<Answer, DispatchError> {
        let number = &self.deed.number;
        let mut subject = find(self.tx, number).await?;
        let ours = subject.stored.request.crew.as_ref() == Some(self.crew);
        if !ours && self.deed.what == ActKind::Accept {
            return self.take(&subject.stored.request).await;
        }
        // A stranger's words are not taken.
        if !ours && !was_given(self.tx, &subject, self.crew).await? {
            return Err(DispatchError::NotFound);
        }
        if !ours {
            self.keep_evidence(&mut subject).await?;
            let text = if self.deed.evidence() { "road.lost_kept" } else { "crew.cancelled" };
            return Ok(Answer::of(Ended::Lost, text, number));
        }
        match self.deed.what {
            ActKind::Accept => Ok(Answer::of(Ended::Already, "crew.accepted", number)),
            ActKind::Resolve => self.finish(&mut subject).await,
            _ => self.step(&mut subject).await,
        }
    }

    /// A free request of the crew's own organisation becomes its job.
    async fn take(&mut self, present: &Request) -> Result<Answer, DispatchError> {
        let mut step = Effects::default();
        match take(self.core, self.tx, &mut step, self.scope, self.crew, &self.deed.number, self.now).await {
            Ok(subject) => {
                self.fx.absorb(step);
                self.note_look(&subject).await?;
                Ok(Answer::of(Ended::Done, "crew.accepted", &self.deed.number))
            }
            // Of what its own organisation does a crew is told that others were faster; the rest does not exist for it.
            Err(DispatchError::NotFound | DispatchError::NotNow(..)) if serves(self.core, self.crew, present) => {
                Ok(Answer::of(Ended::Lost, "road.taken", &self.deed.number))
            }
            Err(e) => Err(e),
        }
    }

    /// On the way, on the spot, going on, cannot.
    async fn step(&mut self, subject: &mut Subject) -> Result<Answer, DispatchError> {
        let deed = self.deed;
        let (wanted, text) = match deed.what {
            ActKind::Start => (StaffAct::Start, "crew.started"),
            ActKind::Arrive => (StaffAct::Arrive, "crew.arrived"),
            ActKind::Resume => (StaffAct::Resume, "crew.resumed"),
            ActKind::Hold => {
                let why = deed.why.unwrap_or(PauseReason::Other);
                let reason = deed.note.clone().unwrap_or_else(|| self.core.book.value(deed.lang, &format!("@pause.{why}")));
                (StaffAct::Hold { why: Some(why), reason, until: None }, "crew.held")
            }
            _ => return Err(DispatchError::NotFound),
        };
        if self.photo(subject).await? {
            // The act reads the request anew.
            self.fx.flush(self.tx, self.now, self.core.wall()).await?;
        }
        let mut step = Effects::default();
        match act_in(self.core, self.tx, &mut step, self.scope, &deed.number, None, &wanted, self.now).await {
            Ok(mut done) => {
                self.fx.absorb(step);
                let asked = deed.what == ActKind::Hold && done.stored.request.status != Status::OnHold;
                if let Some(line) = self.late_line() {
                    self.fx.flush(self.tx, self.now, self.core.wall()).await?;
                    self.write(&mut done, line).await?;
                }
                Ok(Answer::of(Ended::Done, if asked { "crew.pause_asked" } else { text }, &deed.number))
            }
            Err(DispatchError::NotNow(ActError::MayNotPause(why), _)) => {
                self.keep_words(subject).await?;
                Ok(Answer::of(Ended::NotNow, "crew.may_not_pause", &deed.number).with("reason", format!("@pause.{why}")))
            }
            Err(DispatchError::NotNow(_, present)) => {
                self.keep_words(subject).await?;
                Ok(self.too_late(&present.request))
            }
            Err(e) => Err(e),
        }
    }

    /// Done: photo and words stand in the history before the end that they prove.
    async fn finish(&mut self, subject: &mut Subject) -> Result<Answer, DispatchError> {
        let acts = self.join_photo(subject).await?;
        let note = self.words();
        self.note_look(subject).await?;
        let refused = conclude(self.core, self.tx, &mut self.fx, subject, true, acts, note, &self.actor, self.now).await?;
        Ok(match refused {
            None => Answer::of(Ended::Done, "crew.done", &self.deed.number),
            Some(_) => self.too_late(&subject.stored.request),
        })
    }

    /// What was wanted cannot be done any more: because it is so already, or because the request stands elsewhere.
    fn too_late(&self, r: &Request) -> Answer {
        if reached(self.deed.what, r) {
            let text = if self.deed.evidence() { "road.already_kept" } else { "road.already" };
            return Answer::of(Ended::Already, text, &self.deed.number).with("status", format!("@state.{}", r.status));
        }
        let text = if self.deed.evidence() { "road.not_now_kept" } else { "road.not_now" };
        Answer::of(Ended::NotNow, text, &self.deed.number).with("status", format!("@state.{}", r.status))
    }

    /// Photo and words of a job that others have now.
    async fn keep_evidence(&mut self, subject: &mut Subject) -> Result<(), DispatchError> {
        let acts = self.join_photo(subject).await?;
        let note = if self.deed.evidence() { self.words() } else { None };
        conclude(self.core, self.tx, &mut self.fx, subject, false, acts, note, &self.actor, self.now).await?;
        Ok(())
    }

    /// The words of an act that was refused; its photo is joined already.
    async fn keep_words(&mut self, subject: &mut Subject) -> Result<(), DispatchError> {
        if let Some(note) = self.deed.note.as_ref().and_then(|_| self.words()) {
            self.write(subject, note).await?;
        }
        Ok(())
    }

    async fn photo(&mut self, subject: &mut Subject) -> Result<bool, DispatchError> {
        let acts = self.join_photo(subject).await?;
        if acts.is_empty() {
            return Ok(false);
        }
        perform(self.core, self.tx, &mut self.fx, subject, &acts, &self.actor, self.now).await?;
        Ok(true)
    }

    async fn join_photo(&self, subject: &Subject) -> Result<Vec<Act>, DispatchError> {
        let photos: Vec<AttachmentId> = self.deed.photo.into_iter().collect();
        uploads::join_further(self.tx, self.scope.staff.0, &photos, subject, None).await
    }

    async fn write(&mut self, subject: &mut Subject, words: String) -> Result<(), DispatchError> {
        let row = text_row(subject, direction::INNER, &self.actor, &words, self.now);
        let note = Act::Note { text: row.text_ref() };
        self.fx.messages.push(row);
        perform(self.core, self.tx, &mut self.fx, subject, &[note], &self.actor, self.now).await
    }

    /// What the crew wrote, and when it was pressed if that was long ago.
    fn words(&self) -> Option<String> {
        let note = self.deed.note.as_deref().map(str::trim).filter(|n| !n.is_empty());
        let parts: Vec<String> = note.map(str::to_owned).into_iter().chain(self.late_line()).collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    }

    fn late_line(&self) -> Option<String> {
        let ago = self.deed.ago;
        let pressed = (LATE..=LONGEST).contains(&ago).then(|| self.now - ago)?;
        Some(self.core.book.render(self.deed.lang, "road.pressed", &Params::from([("time".to_owned(), format!("@time:{}", pressed.to_rfc3339()))])))
    }

    /// One search of the access log tells what a person did.
    async fn note_look(&self, subject: &Subject) -> Result<(), DispatchError> {
        let (actor, what) = (self.actor.to_string(), format!("act:{}", self.deed.what));
        let entry = access_log::Entry { actor: &actor, what: &what, request: Some(subject.stored.request.id), ..Default::default() };
        Ok(access_log::write(self.tx, self.core.wall(), &entry).await?)
    }
}

/// Whether a request is where an act leads, or beyond.
fn reached(what: ActKind, r: &Request) -> bool {
    let over = matches!(r.status, Status::Resolved | Status::Closed);
    match what {
        ActKind::Start => over || matches!(r.status, Status::InProgress | Status::OnHold),
        ActKind::Arrive => over || r.arrived_at.is_some(),
        ActKind::Resume => over || r.status == Status::InProgress,
        ActKind::Hold => r.status == Status::OnHold,
        ActKind::Resolve => over,
        _ => false,
    }
}

/// A queued request of the crew's own organisation becomes its job; its own job is simply confirmed.
pub(super) async fn take(
    core: &Core,
    tx: &Tx,
    step: &mut Effects,
    scope: &Scope,
    crew: &CrewCode,
    number: &RequestNumber,
    now: Instant,
) -> Result<Subject, DispatchError> {
    let mut subject = find(tx, number).await?;
    let r = &subject.stored.request;
    if r.status == Status::Assigned && r.crew.as_ref() == Some(crew) {
        return Ok(subject);
    }
    if !serves(core, crew, r) || (r.crew.is_some() && r.crew.as_ref() != Some(crew)) {
        return Err(DispatchError::NotFound);
    }
    let act = Act::Assign { crew: crew.clone() };
    perform(core, tx, step, &mut subject, &[act], &actor_of(scope), now).await?;
    Ok(subject)
}

/// Whether a request lies in a queue that the crew works for.
fn serves(core: &Core, crew: &CrewCode, r: &Request) -> bool {
    core.book.catalog.crew(crew.as_str()).is_some_and(|c| r.queue.as_ref().is_some_and(|q| c.serves(q)))
}

/// Ends a job with what proves it. Where that cannot be done, words and files are kept all the same, and the reason comes back.
#[allow(clippy::too_many_arguments, reason = "who ended which job, with what")]
pub(super) async fn conclude(
    core: &Core,
    tx: &Tx,
    step: &mut Effects,
    subject: &mut Subject,
    ours: bool,
    mut acts: Vec<Act>,
    note: Option<String>,
    actor: &Actor,
    now: Instant,
) -> Result<Option<ActError>, DispatchError> {
    let note = note.filter(|n| !n.trim().is_empty()).map(|n| {
        let row = text_row(subject, direction::INNER, actor, &n, now);
        let reference = row.text_ref();
        step.messages.push(row);
        reference
    });
    let status = subject.stored.request.status;
    let refused = (!ours || !ActKind::Resolve.allowed_from(status)).then_some(ActError::NotFrom { act: ActKind::Resolve, status });
    match (&refused, note) {
        (None, note) => acts.push(Act::Resolve { note }),
        // Finished already, by a second press or by a colleague: what the crew wrote and showed is kept all the same.
        (Some(_), Some(text)) => acts.push(Act::Note { text }),
        (Some(_), None) => {}
    }
    if !acts.is_empty() {
        perform(core, tx, step, subject, &acts, actor, now).await?;
    }
    Ok(refused)
}

/// The resident's whole number for a call from the spot, while the job is open. Written to the access log before it is given out.
///
/// # Errors
/// `NotFound`, also for a job that is over or another crew's.
pub async fn number_to_call(core: &Core, scope: &Scope, number: &RequestNumber) -> Result<Option<Phone>, DispatchError> {
    if !scope.may(Permission::ReadPersonal) || !matches!(scope.reach, Reach::Crew(_)) {
        return Err(DispatchError::Forbidden);
    }
    let c = core.db.read();
    let found = requests::by_number_scoped(c, number, scope).await?.filter(|s| s.request.status.is_open()).ok_or(DispatchError::NotFound)?;
    let id = found.request.id;
    access_log::note(core.db.write(), core.wall(), &actor_of(scope).to_string(), "personal", Some(id), Some("call from the job")).await?;
    if let Some(resident) = found.request.resident
        && let Some((phone, _)) = residents::load(c, resident).await?.as_ref().and_then(|r| r.number())
    {
        return Ok(Some(phone.clone()));
    }
    // The public form puts it on a line of its own under the words.
    let said = messages::of_request(c, id).await?;
    let line = said.iter().filter(|m| m.direction == direction::IN).find_map(|m| m.text.as_deref()?.rsplit_once("\n☎ ").map(|(_, p)| p.to_owned()));
    Ok(line.and_then(|p| Phone::parse(&p).ok()))
}
