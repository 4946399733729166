//! What figures are made of: rows of a period and the kept sums of past days, each read only as far as the asker's sight reaches.

pub mod calls;
pub mod days;
pub mod houses;
pub mod listed;
pub mod now;
pub mod outgoing;
pub mod rows;
pub mod standing;

use super::entity::request::Column as R;
use crate::domain::report::{Bounds, Filter, Period};
use crate::domain::{DistrictCode, QueueCode};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition};

/// Requests within sight.
pub(super) fn within(b: &Bounds) -> Condition {
    let mut all = Condition::all();
    if let Some(crew) = &b.crew {
        return all.add(R::Crew.eq(crew.as_str()));
    }
    if let Some(queues) = &b.queues {
        all = all.add(R::Queue.is_in(queues.iter().map(QueueCode::as_str)));
    }
    if !b.districts.is_empty() {
        let here = R::District.is_in(b.districts.iter().map(DistrictCode::as_str));
        all = all.add(Condition::any().add(R::District.is_null()).add(here));
    }
    all
}

/// Requests of a part of the work.
pub(super) fn filtered(f: &Filter) -> Condition {
    let parts = [
        (R::Class, f.class.map(|c| c.as_str().to_owned())),
        (R::Channel, f.channel.map(|c| c.as_str().to_owned())),
        (R::Service, f.service.as_ref().map(ToString::to_string)),
        (R::District, f.district.as_ref().map(ToString::to_string)),
        (R::Queue, f.queue.as_ref().map(ToString::to_string)),
    ];
    parts.into_iter().filter_map(|(column, value)| Some((column, value?))).fold(within(&f.bounds), |all, (column, value)| all.add(column.eq(value)))
}

/// Requests received in a period.
pub(super) fn received(p: &Period) -> Condition {
    Condition::all().add(R::ReceivedAt.gte(p.from)).add(R::ReceivedAt.lt(p.to))
}

/// A column by its table's name too: statements of several tables need it.
pub(super) fn of<C: ColumnTrait>(column: C) -> Expr {
    Expr::col(column.as_column_ref())
}

/// That one table's column equals another's.
pub(super) fn meets<A: ColumnTrait, B: ColumnTrait>(a: A, b: B) -> Expr {
    of(a).eq(of(b))
}
