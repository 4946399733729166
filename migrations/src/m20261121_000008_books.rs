//! Revisions of policies and calendars, who has which duty, the alarms that were raised, who is told of them, who watches a request.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, integer, pk_uuid, string, string_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

fn index(name: &'static str, table: &'static str, cols: &[&'static str]) -> IndexCreateStatement {
    let mut ix = Index::create();
    ix.name(name).table(table);
    for c in cols {
        ix.col(*c);
    }
    ix
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("book_revision")
                .col(big_integer("number").primary_key())
                .col(text("sla"))
                .col(text("calendar"))
                .col(string("author"))
                .col(text("note"))
                .col(text("diff"))
                .col(timestamp_with_time_zone("made_at"))
                .col(timestamp_with_time_zone("effective_at"))
                .col(string("apply_state"))
                .col(uuid_null("apply_after"))
                .col(big_integer("applied"))
                .to_owned(),
        )
        .await?;

        m.create_table(
            Table::create()
                .table("duty")
                .col(pk_uuid("id"))
                .col(uuid("staff_id"))
                .col(string("duty"))
                .col(string_null("queue"))
                .col(string_null("hours"))
                .col(string_null("mail"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_duty_staff", "duty", &["staff_id"])).await?;

        m.alter_table(Table::alter().table("request").add_column(string_null("pause_asked")).to_owned()).await?;
        m.alter_table(Table::alter().table("sla_timer").add_column(timestamp_with_time_zone_null("alarm_at")).to_owned()).await?;
        // Most clocks of the past have none, so the index holds only those that do.
        m.get_connection().execute_unprepared("CREATE INDEX ix_sla_timer_alarm ON sla_timer (alarm_at) WHERE alarm_at IS NOT NULL").await?;

        m.create_table(
            Table::create()
                .table("sla_alarm")
                .col(uuid("timer_id"))
                .col(integer("rung"))
                .col(uuid("request_id"))
                .col(timestamp_with_time_zone("due_at"))
                .col(timestamp_with_time_zone("raised_at"))
                .col(integer("told"))
                .primary_key(Index::create().col("timer_id").col("rung"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_sla_alarm_request", "sla_alarm", &["request_id", "raised_at"])).await?;

        m.create_table(
            Table::create()
                .table("notice")
                .col(big_pk_auto("id"))
                .col(string("dedupe").unique_key())
                .col(uuid_null("staff_id"))
                .col(string("way"))
                .col(string("channel"))
                .col(string("account"))
                .col(string("chat"))
                .col(string("lang"))
                .col(uuid("request_id"))
                .col(uuid("timer_id"))
                .col(integer("rung"))
                .col(string("state"))
                .col(timestamp_with_time_zone("send_at"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_notice_waiting", "notice", &["state", "send_at", "id"])).await?;
        m.create_index(index("ix_notice_staff", "notice", &["staff_id", "state", "id"])).await?;
        m.create_index(index("ix_notice_chat", "notice", &["channel", "account", "chat", "ended_at"])).await?;

        m.create_table(
            Table::create()
                .table("watcher")
                .col(uuid("request_id"))
                .col(uuid("staff_id"))
                .col(timestamp_with_time_zone("since"))
                .primary_key(Index::create().col("request_id").col("staff_id"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_watcher_staff", "watcher", &["staff_id", "request_id"])).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["watcher", "notice", "sla_alarm", "duty", "book_revision"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        m.alter_table(Table::alter().table("request").drop_column("pause_asked").to_owned()).await?;
        m.drop_index(Index::drop().name("ix_sla_timer_alarm").table("sla_timer").to_owned()).await?;
        m.alter_table(Table::alter().table("sla_timer").drop_column("alarm_at").to_owned()).await
    }
}
