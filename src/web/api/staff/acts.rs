//! What staff do to a request: one path for each act, one body each, one way to carry it out.

use crate::dispatch::acts::{self, StaffAct};
use crate::domain::Instant;
use crate::domain::request::Priority;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// The body of an act.
pub trait Asked: DeserializeOwned + 'static {
    /// Whether the version that the caller saw must be stated. Words that are only added contradict nobody.
    const VERSION: bool;

    /// The version that the caller saw.
    fn version(&self) -> Option<i64>;

    /// The act. `now` is business time.
    ///
    /// # Errors
    /// What is missing or unknown.
    fn act(self, now: Instant) -> Result<StaffAct, ApiError>;
}

/// `POST /staff/requests/{number}/<act>`: answers with the state after it.
///
/// # Errors
/// `stale_version` and `not_now` with the present state; `not_found`, `forbidden`, and what the body lacks.
pub async fn act<B: Asked>(
    who: Granted,
    state: web::Data<WebState>,
    number: web::Path<String>,
    body: web::Json<B>,
) -> Result<HttpResponse, ApiError> {
    let number = input::number(&number)?;
    let body = body.into_inner();
    let expected = body.version();
    if B::VERSION {
        input::needed("expected_version", expected)?;
    }
    let act = body.act(state.core.now())?;
    let subject = acts::act(&state.core, &who.scope, &number, expected, &act).await?;
    Ok(HttpResponse::Ok().json(view::state(&subject)))
}

macro_rules! bodies {
    ($($name:ident $version:literal { $($(#[$attr:meta])* $field:ident: $type:ty),* } |$me:ident, $now:ident| $act:expr;)*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            expected_version: Option<i64>,
            $($(#[$attr])* $field: Option<$type>,)*
        }

        impl Asked for $name {
            const VERSION: bool = $version;

            fn version(&self) -> Option<i64> {
                self.expected_version
            }

            fn act(self, $now: Instant) -> Result<StaffAct, ApiError> {
                let $me = self;
                Ok($act)
            }
        }
    )*};
}

bodies! {
    Accept true {} |_b, _now| StaffAct::Accept;
    Assign true { crew: String } |b, _now| StaffAct::Assign { crew: input::coded("bad_crew", "crew", b.crew.as_deref())? };
    Start true {} |_b, _now| StaffAct::Start;
    Arrive true {} |_b, _now| StaffAct::Arrive;
    Hold true { why: String, reason: String, until: String } |b, now| StaffAct::Hold {
        why: input::word("why", b.why.as_deref())?,
        reason: input::needed_words("reason", b.reason)?,
        until: future(b.until.as_deref(), now)?,
    };
    DeclinePause true { reason: String } |b, _now| StaffAct::DeclinePause { reason: input::words("reason", b.reason)? };
    Flag true { vulnerable: bool } |b, _now| StaffAct::Flag { vulnerable: input::needed("vulnerable", b.vulnerable)? };
    Resume true {} |_b, _now| StaffAct::Resume;
    Resolve true { note: String } |b, _now| StaffAct::Resolve { note: input::words("note", b.note)? };
    Close true {} |_b, _now| StaffAct::Close;
    Reopen true { reason: String } |b, _now| StaffAct::Reopen { reason: input::words("reason", b.reason)? };
    Refuse true { reason: String, proposed_queue: String } |b, _now| StaffAct::Refuse {
        reason: input::needed_words("reason", b.reason)?,
        queue: input::coded("bad_queue", "proposed_queue", b.proposed_queue.as_deref())?,
    };
    Transfer true { queue: String, reason: String } |b, _now| StaffAct::Transfer {
        queue: input::coded("bad_queue", "queue", b.queue.as_deref())?,
        reason: input::words("reason", b.reason)?,
    };
    Reject true { reason: String } |b, _now| StaffAct::Reject { reason: input::needed_words("reason", b.reason)? };
    Merge true { into: String } |b, _now| StaffAct::Merge { into: input::number(&input::needed("into", b.into)?)? };
    Reply false { text: String } |b, _now| StaffAct::Reply { text: input::needed_words("text", b.text)? };
    Note false { text: String } |b, _now| StaffAct::Note { text: input::needed_words("text", b.text)? };
    Reclassify true {
        class: String,
        service: String,
        district: String,
        #[serde(default, deserialize_with = "stated")] hazard: Option<String>,
        priority: i64
    } |b, _now| reclassify(b)?;
}

/// Tells a stated `null` from a field that is not there.
fn stated<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

fn reclassify(b: Reclassify) -> Result<StaffAct, ApiError> {
    let hazard = match b.hazard {
        None => None,
        Some(None) => Some(None),
        Some(Some(h)) => Some(Some(input::needed("hazard", input::word("hazard", Some(&h))?)?)),
    };
    let priority = match b.priority {
        None => None,
        Some(p) => Some(u8::try_from(p).ok().filter(|p| *p <= Priority::LOW.0).map(Priority).ok_or_else(|| input::wrong("priority", "0 to 3"))?),
    };
    let (class, service) = (input::word("class", b.class.as_deref())?, input::word("service", b.service.as_deref())?);
    let district = input::word("district", b.district.as_deref())?;
    if class.is_none() && service.is_none() && district.is_none() && hazard.is_none() && priority.is_none() {
        return Err(ApiError::detail("bad_request", "one of class, service, district, hazard, priority is needed"));
    }
    Ok(StaffAct::Reclassify { class, service, district, hazard, priority })
}

fn future(text: Option<&str>, now: Instant) -> Result<Option<Instant>, ApiError> {
    match input::moment("until", text)? {
        Some(at) if at <= now => Err(input::wrong("until", "has passed")),
        at => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Hazard;

    fn read<B: Asked>(json: &str) -> Result<StaffAct, ApiError> {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        serde_json::from_str::<B>(json).map_err(|e| crate::web::routes::bad_json(&e))?.act(now)
    }

    #[test]
    fn a_danger_can_be_left_set_or_taken_away() {
        let hazard = |json| match read::<Reclassify>(json).unwrap() {
            StaffAct::Reclassify { hazard, .. } => hazard,
            other => panic!("{other:?}"),
        };
        assert_eq!(hazard(r#"{"class":"incident"}"#), None);
        assert_eq!(hazard(r#"{"hazard":null}"#), Some(None));
        assert_eq!(hazard(r#"{"hazard":"gas_leak"}"#), Some(Some(Hazard::GasLeak)));
    }

    #[test]
    fn bodies_that_are_refused() {
        let code = |r: Result<StaffAct, ApiError>| r.unwrap_err().code;
        assert_eq!(code(read::<Assign>(r#"{"expected_version":1}"#)), "bad_request");
        assert_eq!(code(read::<Assign>(r#"{"crew":"No Such"}"#)), "bad_crew");
        assert_eq!(code(read::<Accept>(r#"{"crew":"c"}"#)), "bad_request");
        assert_eq!(code(read::<Transfer>(r#"{"queue":"' or 1"}"#)), "bad_queue");
        assert_eq!(code(read::<Merge>(r#"{"into":"26-4817-0359"}"#)), "bad_number");
        assert_eq!(code(read::<Hold>(r#"{"reason":"x","until":"2026-11-21T12:00:00Z"}"#)), "unprocessable");
        assert_eq!(code(read::<Reclassify>("{}")), "bad_request");
        assert_eq!(code(read::<Reclassify>(r#"{"priority":4}"#)), "unprocessable");
        assert_eq!(code(read::<Reclassify>(r#"{"class":"riddle"}"#)), "unprocessable");
        assert_eq!(code(read::<Reclassify>(r#"{"hazard":""}"#)), "bad_request");
        assert_eq!(code(read::<Hold>(r#"{"reason":"x","why":"lunch"}"#)), "unprocessable");
        assert_eq!(code(read::<Flag>("{}")), "bad_request");
        assert_eq!(code(read::<Note>(r#"{"text":7}"#)), "bad_request");
        assert!(read::<Hold>(r#"{"reason":"x","until":"2026-11-22"}"#).is_ok());
    }
}
