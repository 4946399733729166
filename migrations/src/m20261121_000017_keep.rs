//! Keeping and letting go: what the service last did for itself, what retention took away, tickets for exports, and the indexes by which rows that
//! have served their time are found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, string, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The same on both backends. Rows that stay when their words go lie in partial indexes: those hold what is still to be looked at.
const INDEXES: [(&str, &str); 13] = [
    ("ix_message_worded", "message (at) WHERE text IS NOT NULL"),
    ("ix_attachment_kept", "attachment (at) WHERE status <> 'erased'"),
    ("ix_outbox_worded", "outbox (created_at) WHERE (params <> '{}' OR sent_text IS NOT NULL)"),
    ("ix_call_recorded", "call (started_at) WHERE recording IS NOT NULL"),
    ("ix_call_numbered", "call (started_at) WHERE phone IS NOT NULL"),
    ("ix_callback_task_numbered", "callback_task (created_at) WHERE phone IS NOT NULL"),
    ("ix_resident_known", "resident (created_at) WHERE erased_at IS NULL"),
    ("ix_request_house_at", "request_house (at)"),
    ("ix_sla_alarm_raised", "sla_alarm (raised_at)"),
    ("ix_token_expires", "token (expires_at)"),
    ("ix_otp_expires", "otp (expires_at)"),
    ("ix_idempotency_created", "idempotency (created_at)"),
    ("ix_staff_draft_updated", "staff_draft (updated_at)"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(Table::create().table("upkeep").col(string("name").primary_key()).col(timestamp_with_time_zone("done_at")).to_owned()).await?;
        m.create_table(
            Table::create()
                .table("retention_run")
                .col(string("kind").primary_key())
                .col(timestamp_with_time_zone("ran_at"))
                .col(big_integer("deleted"))
                .col(big_integer("total"))
                .col(text_null("error"))
                .to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("rights_export")
                .col(pk_uuid("id"))
                .col(uuid("resident_id"))
                .col(uuid("staff_id"))
                .col(text("reason"))
                .col(timestamp_with_time_zone("made_at"))
                .col(timestamp_with_time_zone("ends_at"))
                .col(timestamp_with_time_zone_null("taken_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_rights_export_ends").table("rights_export").col("ends_at").to_owned()).await?;
        for (name, on) in INDEXES {
            m.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES.iter().rev() {
            m.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for t in ["rights_export", "retention_run", "upkeep"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
