//! Who is who: reach by district, second factors, sessions and tokens of staff, places they signed in from, objects of the access log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, pk_uuid, string, string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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

/// Columns added to `staff`, one statement each: SQLite takes no more at once.
fn columns() -> Vec<ColumnDef> {
    vec![
        text("districts").default("[]").to_owned(),
        text_null("totp_secret").to_owned(),
        text_null("totp_pending").to_owned(),
        big_integer_null("totp_step").to_owned(),
        timestamp_with_time_zone_null("totp_since").to_owned(),
        timestamp_with_time_zone_null("password_at").to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for mut c in columns() {
            m.alter_table(Table::alter().table("staff").add_column(&mut c).to_owned()).await?;
        }

        m.create_table(
            Table::create()
                .table("staff_session")
                .col(pk_uuid("id"))
                .col(string("hash").unique_key())
                .col(uuid("staff_id"))
                .col(string("kind"))
                .col(string("stage"))
                .col(string_null("label"))
                .col(text_null("scopes"))
                .col(uuid_null("made_by"))
                .col(string("device"))
                .col(string("address"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("seen_at"))
                .col(timestamp_with_time_zone("ends_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_staff_session_staff", "staff_session", &["staff_id", "created_at"])).await?;
        m.create_index(index("ix_staff_session_kind", "staff_session", &["kind", "created_at"])).await?;
        m.create_index(index("ix_staff_session_ends", "staff_session", &["ends_at"])).await?;
        // Sessions of staff that stand now have no device and no last use: their owners sign in once more.
        m.get_connection().execute_unprepared("DELETE FROM token WHERE kind IN ('staff', 'session')").await?;

        m.create_table(
            Table::create()
                .table("recovery_code")
                .col(string("hash").primary_key())
                .col(uuid("staff_id"))
                .col(timestamp_with_time_zone_null("used_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_recovery_code_staff", "recovery_code", &["staff_id"])).await?;

        m.create_table(
            Table::create()
                .table("known_peer")
                .col(string("hash").primary_key())
                .col(uuid("staff_id"))
                .col(timestamp_with_time_zone("seen_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_known_peer_staff", "known_peer", &["staff_id"])).await?;
        m.create_index(index("ix_known_peer_seen", "known_peer", &["seen_at"])).await?;

        m.alter_table(Table::alter().table("access_log").add_column(string_null("object")).to_owned()).await?;
        m.create_index(index("ix_access_log_actor", "access_log", &["actor", "at", "id"])).await?;
        m.create_index(index("ix_access_log_object", "access_log", &["object", "at", "id"])).await?;
        m.create_index(index("ix_access_log_at", "access_log", &["at", "id"])).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for i in ["ix_access_log_at", "ix_access_log_object", "ix_access_log_actor"] {
            m.drop_index(Index::drop().name(i).to_owned()).await?;
        }
        m.alter_table(Table::alter().table("access_log").drop_column("object").to_owned()).await?;
        for t in ["known_peer", "recovery_code", "staff_session"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        for c in ["password_at", "totp_since", "totp_step", "totp_pending", "totp_secret", "districts"] {
            m.alter_table(Table::alter().table("staff").drop_column(c).to_owned()).await?;
        }
        Ok(())
    }
}
