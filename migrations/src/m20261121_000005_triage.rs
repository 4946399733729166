//! What triage thought and why, what people corrected, and the models that were made of it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary_null, pk_auto, pk_uuid, string, string_null, text, timestamp_with_time_zone, uuid, uuid_null};

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
        m.create_table(Table::create().table("triage_reason").col(pk_uuid("request_id")).col(text("words")).to_owned()).await?;

        m.create_table(
            Table::create()
                .table("triage_correction")
                .col(pk_auto("id").big_integer())
                .col(uuid("request_id"))
                .col(uuid_null("message_id"))
                .col(string("version"))
                .col(text("thought"))
                .col(string("heads"))
                .col(string_null("class"))
                .col(string_null("service"))
                .col(string_null("district"))
                .col(string_null("hazard"))
                .col(string("actor"))
                .col(timestamp_with_time_zone("at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_triage_correction_request", "triage_correction", &["request_id", "id"])).await?;

        m.create_table(
            Table::create()
                .table("triage_model")
                .col(pk_auto("id").big_integer())
                .col(string("version"))
                .col(string("state"))
                .col(string("base"))
                .col(big_integer("corrections"))
                .col(big_integer("last_correction"))
                .col(text("scores"))
                .col(binary_null("model"))
                .col(string("created_by"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_triage_model_state", "triage_model", &["state", "id"])).await?;

        // Dangers that nobody has taken yet are looked for on every page of a dispatcher.
        m.create_index(index("ix_request_urgent", "request", &["is_open", "priority", "status", "queue"])).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_index(Index::drop().name("ix_request_urgent").table("request").to_owned()).await?;
        for t in ["triage_model", "triage_correction", "triage_reason"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
