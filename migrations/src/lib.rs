//! The schema's history. A migration that has been released is never edited; it names tables and columns by its own literals, not by the entities of
//! the program, and runs in a transaction on both backends.

mod m20261121_000001_base;
mod m20261121_000002_people;
mod m20261121_000003_work;
mod m20261121_000004_counts;
mod m20261121_000005_triage;
mod m20261121_000006_calls;
mod m20261121_000007_laps;
mod m20261121_000008_books;
mod m20261121_000009_delivery;
mod m20261121_000010_app;
mod m20261121_000011_staff;
mod m20261121_000012_desk;
mod m20261121_000013_outages;
mod m20261121_000014_reports;
mod m20261121_000015_letters;
mod m20261121_000016_admin;
mod m20261121_000017_keep;
mod m20261121_000018_road;
mod m20261121_000019_call_days;

use sea_orm_migration::prelude::*;

/// Runs and reports migrations.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_base::Migration),
            Box::new(m20261121_000002_people::Migration),
            Box::new(m20261121_000003_work::Migration),
            Box::new(m20261121_000004_counts::Migration),
            Box::new(m20261121_000005_triage::Migration),
            Box::new(m20261121_000006_calls::Migration),
            Box::new(m20261121_000007_laps::Migration),
            Box::new(m20261121_000008_books::Migration),
            Box::new(m20261121_000009_delivery::Migration),
            Box::new(m20261121_000010_app::Migration),
            Box::new(m20261121_000011_staff::Migration),
            Box::new(m20261121_000012_desk::Migration),
            Box::new(m20261121_000013_outages::Migration),
            Box::new(m20261121_000014_reports::Migration),
            Box::new(m20261121_000015_letters::Migration),
            Box::new(m20261121_000016_admin::Migration),
            Box::new(m20261121_000017_keep::Migration),
            Box::new(m20261121_000018_road::Migration),
            Box::new(m20261121_000019_call_days::Migration),
        ]
    }
}
