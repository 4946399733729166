//! The whole configuration as files: what another installation needs in its `config.dir` to behave as this one does.

use super::acts::actor_of;
use super::{Core, DispatchError, audit, settings};
use crate::config::Book;
use crate::domain::Lang;
use crate::domain::access::Scope;
use crate::store::{books, models};
use serde::Serialize;
use std::io::ErrorKind;

/// Files that administrators do not change in the program: taken over from the folder as they are, where they stand there.
const AS_THEY_ARE: [&str; 10] = [
    "roles.toml",
    "articles.toml",
    "geo/borders.toml",
    "geo/gazetteer.toml",
    "geo/microdistricts.toml",
    "lexicon/services.toml",
    "lexicon/hazards.toml",
    "lexicon/classes.toml",
    "lexicon/language.toml",
    MODEL,
];
const MODEL: &str = "triage/model.bin";

fn text<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, DispatchError> {
    let broken = |e: &dyn std::fmt::Display| DispatchError::Internal(format!("{name} cannot be written: {e}"));
    // By way of a table: values first, tables after them.
    let table = toml::Table::try_from(value).map_err(|e| broken(&e))?;
    Ok(toml::to_string_pretty(&table).map_err(|e| broken(&e))?.into_bytes())
}

/// Names below the folder, and contents.
///
/// # Errors
/// The store's; a file of the folder that cannot be read.
pub async fn files(core: &Core) -> Result<Vec<(String, Vec<u8>)>, DispatchError> {
    settings::reload(core).await?;
    let book: &Book = &core.book;
    let mut out: Vec<(String, Vec<u8>)> = vec![
        ("catalog.toml".into(), text("catalog.toml", &book.catalog)?),
        ("routing.toml".into(), text("routing.toml", &book.routing)?),
        ("templates.toml".into(), text("templates.toml", &book.templates)?),
        ("shifts.toml".into(), text("shifts.toml", &book.shifts)?),
    ];
    for lang in [Lang::Kk, Lang::Ru] {
        let all = book.messages.to_toml(lang).map_err(|e| DispatchError::Internal(format!("texts cannot be written: {e}")))?;
        out.push((format!("messages/{lang}.toml"), all.into_bytes()));
    }
    if let Some(row) = books::last(core.db.read()).await? {
        out.push(("sla.toml".into(), row.sla.into_bytes()));
        out.push(("calendar.toml".into(), row.calendar.into_bytes()));
    }
    if let Some(dir) = &core.settings.config_dir {
        for name in AS_THEY_ARE {
            match tokio::fs::read(dir.join(name)).await {
                Ok(body) => out.push((name.into(), body)),
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(DispatchError::Internal(format!("{name} cannot be read: {e}"))),
            }
        }
    }
    // What people's corrections have taught goes along.
    if let Some(id) = models::active(core.db.read()).await?
        && let Some((_, bytes)) = models::bytes(core.db.read(), id).await?
    {
        out.retain(|(name, _)| name != MODEL);
        out.push((MODEL.into(), bytes));
    }
    out.sort();
    Ok(out)
}

/// The same as one archive, for an administrator; noted in the audit first.
///
/// # Errors
/// As [`files`].
pub async fn archive(core: &Core, scope: &Scope) -> Result<Vec<u8>, DispatchError> {
    audit::enter(core, core.db.write(), &actor_of(scope).to_string(), "config_export", None, None).await?;
    let files = files(core).await?;
    pack(&files, core.wall().timestamp()).map_err(|e| DispatchError::Internal(format!("the archive cannot be written: {e}")))
}

fn pack(files: &[(String, Vec<u8>)], at: i64) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, body) in files {
        let mut head = tar::Header::new_gnu();
        head.set_size(body.len() as u64);
        head.set_mode(0o644);
        head.set_mtime(at.unsigned_abs());
        tar.append_data(&mut head, format!("jambyl109-config/{name}"), body.as_slice())?;
    }
    tar.into_inner()
}
