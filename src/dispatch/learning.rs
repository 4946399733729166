//! Learning from people: corrections are noted where they are made, models are fitted to them, published, taken back, and taken up by every process.

use super::effects::{Count, Effects};
use super::record::Subject;
use super::{Core, DispatchError};
use crate::bus::Hint;
use crate::domain::actor::Actor;
use crate::domain::request::{Act, Event};
use crate::domain::verdict::Verdict;
use crate::domain::{Instant, MessageId};
use crate::metrics::Head;
use crate::store::corrections::{self, NewCorrection};
use crate::store::models::{self, NewModel, state};
use crate::store::{StoreError, Tx, journal, leases};
use crate::triage::{Corpus, Plan, Triage};

mod judge;
mod replay;

/// Notes a reclassification that differs from what stood, with what triage had thought. Requests that triage did not read teach nothing.
pub(super) async fn note(tx: &Tx, fx: &mut Effects, subject: &Subject, act: &Act, actor: &Actor, now: Instant) -> Result<(), DispatchError> {
    let Act::Reclassify { class, service, district, hazard, .. } = act else { return Ok(()) };
    let r = &subject.stored.request;
    let changed = [
        (Head::Class, *class != r.class),
        (Head::Service, *service != r.service),
        (Head::District, *district != r.district),
        (Head::Hazard, *hazard != r.hazard),
    ];
    let heads: Vec<Head> = changed.into_iter().filter(|(_, differs)| *differs).map(|(head, _)| head).collect();
    if heads.is_empty() {
        return Ok(());
    }
    let Some((message, thought)) = thought(tx, subject).await? else { return Ok(()) };
    fx.after.counts.extend(heads.iter().map(|head| Count::Correction { head: *head }));
    fx.corrections.push(NewCorrection {
        request: r.id,
        message,
        thought,
        heads: heads.into_iter().map(Head::as_str).collect(),
        class: *class,
        service: service.clone(),
        district: district.clone(),
        hazard: *hazard,
        actor: actor.to_string(),
        at: now,
    });
    Ok(())
}

/// The message that triage read and what it thought of it, as the journal's first row says.
async fn thought(tx: &Tx, subject: &Subject) -> Result<Option<(MessageId, Verdict)>, DispatchError> {
    let Some(first) = journal::first(tx, subject.stored.request.id).await? else { return Ok(None) };
    let event = first.event().map_err(|e| DispatchError::Internal(format!("the first row of a journal cannot be read: {e}")))?;
    Ok(match event {
        Event::Registered(r) => r.triage.clone().map(|t| (r.text.message, t)),
        _ => None,
    })
}

/// What became of a refit.
#[derive(Debug, Clone, PartialEq)]
pub enum Refit {
    /// Nothing to learn from that the model in use does not know.
    NothingNew,
    /// Another process refits, or takes a model back, just now.
    Busy,
    /// In use from now on.
    Published(Report),
    /// Worse on the frozen part than the one in use: stored with its scores, and never used.
    Rejected(Report),
}

/// How a new model compares with the one in use.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub version: String,
    pub base: String,
    /// Corrections it learned from.
    pub corrections: usize,
    /// Left out: people contradicted one another.
    pub disputed: usize,
    /// Slices in which it is worse than it may be, in words. Empty for a published one.
    pub worse: Vec<String>,
}

/// Fits a model to the corpus and the corrections and publishes it unless the frozen part says that it is worse. `by` is who wanted it.
/// Without `always` nothing is done when no correction is newer than the last fit.
///
/// Only one process of all does it at a time.
///
/// # Errors
/// The store's; a model that this program made and cannot read.
pub async fn refit(core: &Core, by: &str, plan: Plan, always: bool) -> Result<Refit, DispatchError> {
    let db = core.db.read();
    let newest = corrections::newest(db).await?;
    let known = models::latest(db, 1).await?.first().map_or(0, |m| m.last_correction);
    if !always && newest <= known {
        return Ok(Refit::NothingNew);
    }
    let Some(lease) = Lease::take(core).await? else { return Ok(Refit::Busy) };
    let done = refit_alone(core, by, plan, newest).await;
    lease.release(core).await?;
    done
}

async fn refit_alone(core: &Core, by: &str, plan: Plan, newest: i64) -> Result<Refit, DispatchError> {
    take_up(core).await?;
    let said = all_corrections(core).await?;
    let present = core.triage.get();
    let fitted = tokio::task::spawn_blocking(move || fit(&present, said, &plan))
        .await
        .map_err(|e| DispatchError::Internal(format!("the refit broke off: {e}")))??;
    let report = fitted.report;
    let good = report.worse.is_empty();
    let new = NewModel {
        version: report.version.clone(),
        state: if good { state::ACTIVE } else { state::REJECTED },
        base: report.base.clone(),
        corrections: i64::try_from(report.corrections).unwrap_or(i64::MAX),
        last_correction: newest,
        scores: fitted.scores,
        model: fitted.bytes,
        created_by: by.to_owned(),
        at: core.wall(),
    };
    let tx = core.db.begin().await?;
    models::slim(&tx).await?;
    if good {
        models::shift(&tx, state::PREVIOUS, state::RETIRED).await?;
        models::shift(&tx, state::ACTIVE, state::PREVIOUS).await?;
    }
    models::insert(&tx, new).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if !good {
        return Ok(Refit::Rejected(report));
    }
    core.bus.publish(Hint::Model);
    Ok(Refit::Published(report))
}

/// The right to change which model is in use.
struct Lease(String);

impl Lease {
    const NAME: &str = "triage-model";

    /// Ten minutes: a refit takes seconds, and who has not ended by then is taken for dead.
    async fn take(core: &Core) -> Result<Option<Self>, DispatchError> {
        let owner = uuid::Uuid::now_v7().to_string();
        let ours = leases::take(core.db.write(), Self::NAME, &owner, core.wall(), chrono::Duration::minutes(10)).await?;
        Ok(ours.then_some(Self(owner)))
    }

    async fn release(self, core: &Core) -> Result<(), DispatchError> {
        Ok(leases::release(core.db.write(), Self::NAME, &self.0).await?)
    }
}

async fn all_corrections(core: &Core) -> Result<Vec<corrections::Correction>, DispatchError> {
    let mut all = Vec::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let (page, next) = corrections::page(core.db.read(), from, 1000).await?;
        all.extend(page);
        after = next;
    }
    Ok(all)
}

struct Fitted {
    bytes: Vec<u8>,
    scores: String,
    report: Report,
}

/// The work of a refit; seconds of one core.
fn fit(present: &Triage, said: Vec<corrections::Correction>, plan: &Plan) -> Result<Fitted, DispatchError> {
    let broken = |what: Vec<String>| DispatchError::Internal(what.join("; "));
    let corpus = Corpus::shipped().map_err(broken)?;
    let mut frozen = corpus.frozen;
    frozen.extend(corpus.kept_back);
    let mix = replay::mix(corpus.training, said, &frozen);
    let learned = present.train(&mix.examples, plan);
    let new = present.with_model(&learned.bytes).map_err(|e| DispatchError::Internal(format!("the new model cannot be read: {e}")))?;
    let (before, after) = (judge::marks(present, &frozen), judge::marks(&new, &frozen));
    let worse = judge::worse(&before, &after);
    let scores = serde_json::json!({"before": judge::shares(&before), "after": judge::shares(&after), "held_out": learned.held_out, "worse": worse})
        .to_string();
    let report =
        Report { version: new.version().to_owned(), base: present.version().to_owned(), corrections: mix.corrections, disputed: mix.disputed, worse };
    Ok(Fitted { bytes: learned.bytes, scores, report })
}

/// Puts the model back that was in use before; the built-in one when there is none. Gives the version that reads from now on.
///
/// # Errors
/// `NotFound` when no stored model is in use; `Busy` while another process refits; the store's.
pub async fn rollback(core: &Core) -> Result<String, DispatchError> {
    let lease = Lease::take(core).await?.ok_or(DispatchError::Busy)?;
    let done = rollback_alone(core).await;
    lease.release(core).await?;
    done
}

async fn rollback_alone(core: &Core) -> Result<String, DispatchError> {
    let tx = core.db.begin().await?;
    if models::shift(&tx, state::ACTIVE, state::RETIRED).await? == 0 {
        return Err(DispatchError::NotFound);
    }
    models::shift(&tx, state::PREVIOUS, state::ACTIVE).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.bus.publish(Hint::Model);
    take_up(core).await?;
    Ok(core.triage.get().version().to_owned())
}

/// Takes the model up that is in use, if this process has another. True when it changed.
///
/// # Errors
/// The store's. A model that this program cannot read is logged, and the present one stays.
pub async fn take_up(core: &Core) -> Result<bool, DispatchError> {
    let wanted = models::active(core.db.read()).await?;
    if wanted == core.triage.model() {
        return Ok(false);
    }
    let Some(id) = wanted else {
        core.triage.reset();
        tracing::info!(version = core.triage.get().version(), "the built-in model reads from now on");
        return Ok(true);
    };
    let Some((version, bytes)) = models::bytes(core.db.read(), id).await? else { return Ok(false) };
    match core.triage.shipped().with_model(&bytes) {
        Ok(triage) => {
            core.triage.put(id, triage);
            tracing::info!(version, "another model reads from now on");
            Ok(true)
        }
        Err(e) => {
            tracing::error!(version, error = %e, "the stored model cannot be used; the present one stays");
            Ok(false)
        }
    }
}
