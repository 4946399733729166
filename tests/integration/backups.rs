//! The drill: a backup taken while people write, restored elsewhere, proved and served. What is cut short or altered is not put in place.

use crate::harness::parts::jpeg;
use crate::harness::{AppResident, Kit, Options, Staff, World, text};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const KEY: &str = "a key of the tests that is long enough";

/// Runs a command of the program on the database and the media of a kit.
async fn run(database: &str, dir: &Path, key: Option<&str>, args: &[&str]) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_jambyl109"));
    c.current_dir(dir).env_clear().env("JAMBYL__DATABASE__URL", database).env("JAMBYL__MEDIA__URL", dir.join("media"));
    if let Some(key) = key {
        c.env("JAMBYL__JOURNAL__KEY", key);
    }
    c.args(args);
    tokio::task::spawn_blocking(move || c.output().unwrap()).await.unwrap()
}

async fn on(kit: &Kit, args: &[&str]) -> Output {
    run(&kit.database, kit.dir.path(), Some(KEY), args).await
}

fn told(o: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))
}

#[track_caller]
fn done(o: &Output) -> String {
    assert!(o.status.success(), "{}", told(o));
    told(o)
}

#[track_caller]
fn refused(o: &Output, why: &str) {
    assert_eq!(o.status.code(), Some(1), "{}", told(o));
    assert!(told(o).contains(why), "'{why}' is not in: {}", told(o));
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out
}

/// A photo that came with a request, as staff see it.
async fn photo(w: &World, staff: &Staff, number: &str) -> Vec<u8> {
    let id = text(&staff.sees(number).await["attachments"][0], "id");
    let call = w.api().with(staff.api.token.as_deref().unwrap()).call(Method::GET, &format!("/api/v1/staff/requests/{number}/attachments/{id}"));
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// Reports until told to stop; the numbers that were acknowledged.
fn writes_on(r: &AppResident, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<Vec<String>> {
    let (api, stop) = (r.api.clone(), stop.clone());
    tokio::spawn(async move {
        let mut out = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            out.push(text(&api.post("/requests", &json!({"text": "г. Тараз, Абая 5: нет воды"})).await.expect(201), "number"));
        }
        out
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_work_is_restored_elsewhere() {
    let w = Kit::sqlite().await.unwrap().world().await;
    let staff = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000061", "ru").await;
    let mut before = Vec::new();
    let picture = jpeg(b"a pipe");
    let media = r.brings(&picture).await.expect(201)["id"].clone();
    before.push(text(&r.api.post("/requests", &json!({"text": "г. Тараз, Абая 7: прорвало", "media": [media]})).await.expect(201), "number"));
    let gone = r.brings(&jpeg(b"a face")).await.expect(201)["id"].clone();
    before.push(text(&r.api.post("/requests", &json!({"text": "г. Тараз, Абая 9: темно", "media": [gone]})).await.expect(201), "number"));
    for _ in 0..20 {
        before.push(text(&r.reports("г. Тараз, Абая 11: нет света").await, "number"));
    }
    w.settle().await;
    let original = photo(&w, &staff, &before[0]).await;

    // People write before, while and after it is taken.
    let stop = Arc::new(AtomicBool::new(false));
    let writer = writes_on(&r, &stop);
    let archive = w.kit.dir.path().join("b.tar");
    let path = archive.display().to_string();
    let said = done(&on(&w.kit, &["backup", &path]).await);
    assert!(said.contains("the journal's key is not in it"), "{said}");
    stop.store(true, Ordering::SeqCst);
    let during = writer.await.unwrap();
    assert!(during.len() > 3, "nobody wrote while the backup was taken");
    assert!(files(w.kit.dir.path()).iter().all(|p| !p.display().to_string().contains(".part")), "what was used to make it is left");
    refused(&on(&w.kit, &["backup", &path]).await, "stands already");
    let metrics = w.api().raw("/metrics").await.text;
    let noted = metrics.lines().find_map(|l| l.strip_prefix("jambyl_backup_last_success_timestamp_seconds ")).unwrap();
    assert!(noted.parse::<f64>().unwrap() > 1e9, "{noted}");

    // Not over what stands there, and not under a service that runs.
    refused(&on(&w.kit, &["restore", &path]).await, "--force");
    refused(&on(&w.kit, &["restore", &path, "--force"]).await, "in use");

    // Elsewhere; without the key nothing is believed.
    let new = Kit::sqlite().await.unwrap();
    refused(&run(&new.database, new.dir.path(), None, &["restore", &path]).await, "key is needed");
    refused(&run(&new.database, new.dir.path(), Some("another key that is long enough"), &["restore", &path]).await, "signature does not fit");
    assert!(files(new.dir.path()).iter().all(|p| p.ends_with("journal.key")), "{:?}", files(new.dir.path()));
    let said = done(&on(&new, &["restore", &path]).await);
    assert!(said.contains("every journal stands whole"), "{said}");
    let said = done(&on(&new, &["verify-journal"]).await);
    assert!(said.contains(", 0 with faults"), "{said}");
    done(&on(&new, &["recount"]).await);
    let restored = new.world().await;
    let there = Staff { api: restored.api().with(staff.api.token.as_deref().unwrap()) };
    for number in &before {
        assert_eq!(there.sees(number).await["number"], json!(number));
    }
    assert_eq!(photo(&restored, &there, &before[0]).await, original);
    let kept = restored.count("SELECT COUNT(*) FROM request").await;
    let (least, most) = (before.len() as i64, (before.len() + during.len()) as i64);
    assert!((least..=most).contains(&kept), "{kept} of {least} to {most}");
    restored.settle().await;
    // The same person goes on there, signed in as before.
    let same = restored.api().with(r.api.token.as_deref().unwrap());
    same.post("/requests", &json!({"text": "г. Тараз, Абая 13: нет света"})).await.expect(201);

    // Over it once more, with what stands there moved aside.
    let mut restored = restored;
    restored.server.ended().await;
    let said = done(&on(&restored.kit, &["restore", &path, "--force"]).await);
    assert!(said.contains("before-restore-"), "{said}");
    let aside: Vec<PathBuf> =
        files(&restored.kit.dir.path().join("data")).into_iter().filter(|p| p.display().to_string().contains("before-restore-")).collect();
    assert!(aside.iter().any(|p| p.ends_with("jambyl109.db")) && aside.iter().any(|p| p.display().to_string().contains("/media/")), "{aside:?}");
    restored.restart().await;
    assert_eq!(there_again(&restored, &staff, &before[0]).await, json!(before[0]));
    restored.finish().await;
    w.settle().await;
    w.finish().await;
}

async fn there_again(w: &World, staff: &Staff, number: &str) -> serde_json::Value {
    Staff { api: w.api().with(staff.api.token.as_deref().unwrap()) }.sees(number).await["number"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cut_short_altered_or_broken_is_not_put_in_place() {
    let w = Kit::sqlite().await.unwrap().world().await;
    let r = AppResident::sign_in(&w, "+77010000062", "ru").await;
    let media = r.brings(&jpeg(b"a pipe")).await.expect(201)["id"].clone();
    let number = text(&r.api.post("/requests", &json!({"text": "г. Тараз, Абая 7: прорвало", "media": [media]})).await.expect(201), "number");
    w.settle().await;
    let dir = w.kit.dir.path().to_owned();
    let name = |n: &str| dir.join(n).display().to_string();
    done(&on(&w.kit, &["backup", &name("good.tar")]).await);
    let good = std::fs::read(name("good.tar")).unwrap();
    let half = good.len() / 2;
    let mut altered = good.clone();
    altered[half] ^= 1;
    let mut renamed = good.clone();
    renamed[0] = b'x';
    for (what, bytes) in
        [("cut", &good[..half]), ("end", &good[..good.len() - 2048]), ("altered", &altered[..]), ("renamed", &renamed[..]), ("empty", &[][..])]
    {
        let new = Kit::sqlite().await.unwrap();
        std::fs::write(name(what), bytes).unwrap();
        let o = on(&new, &["restore", &name(what)]).await;
        assert_eq!(o.status.code(), Some(1), "{what}: {}", told(&o));
        assert!(told(&o).contains("archive"), "{what}: {}", told(&o));
        assert_eq!(files(new.dir.path()), Vec::<PathBuf>::new(), "{what}");
    }
    // A history that was altered before the backup is told at restoring.
    let author = w.query("SELECT actor FROM request_journal WHERE seq = 1").await[0][0].clone();
    w.tamper("UPDATE request_journal SET actor = 'staff:somebody' WHERE seq = 1").await;
    done(&on(&w.kit, &["backup", &name("forged.tar")]).await);
    let new = Kit::sqlite().await.unwrap();
    let o = on(&new, &["restore", &name("forged.tar")]).await;
    refused(&o, "was altered");
    assert_eq!(files(new.dir.path()), Vec::<PathBuf>::new());
    // A file that should be there and is not, or is another one, makes no backup at all.
    let stored = files(&dir.join("media"));
    assert_eq!(stored.len(), 1, "{stored:?}");
    let bytes = std::fs::read(&stored[0]).unwrap();
    std::fs::write(&stored[0], b"something else").unwrap();
    refused(&on(&w.kit, &["backup", &name("wrong.tar")]).await, "digest differs");
    std::fs::remove_file(&stored[0]).unwrap();
    refused(&on(&w.kit, &["backup", &name("less.tar")]).await, "is missing");
    assert!(!dir.join("wrong.tar").exists() && !dir.join("less.tar").exists());
    // With the key inside, a machine that has none is ready to serve.
    std::fs::write(&stored[0], bytes).unwrap();
    w.tamper(&format!("UPDATE request_journal SET actor = '{author}' WHERE seq = 1")).await;
    assert_eq!(w.faults(&number).await, Vec::new());
    done(&on(&w.kit, &["backup", &name("key.tar"), "--with-key"]).await);
    let new = Kit::sqlite().await.unwrap();
    done(&run(&new.database, new.dir.path(), None, &["restore", &name("key.tar")]).await);
    assert_eq!(std::fs::read_to_string(new.dir.path().join("data/journal.key")).unwrap(), KEY);
    let said = done(&run(&new.database, new.dir.path(), None, &["verify-journal"]).await);
    assert!(said.contains("1 journals checked, 0 with faults"), "{said}");
    w.finish().await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_by_its_own_program() {
    let Some(kit) = Kit::postgres().await else { return };
    let w = kit.world_with(Options::default()).await;
    let staff = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000063", "ru").await;
    let media = r.brings(&jpeg(b"a pipe")).await.expect(201)["id"].clone();
    let number = text(&r.api.post("/requests", &json!({"text": "г. Тараз, Абая 7: прорвало", "media": [media]})).await.expect(201), "number");
    w.settle().await;
    let file = w.kit.dir.path().join("b.dump");
    let o = on(&w.kit, &["backup", &file.display().to_string()]).await;
    refused(&o, "nothing was backed up");
    let line = String::from_utf8_lossy(&o.stdout).trim().to_owned();
    let (dump, note) = line.split_once(" && ").unwrap();
    assert_eq!(note, "jambyl109 backup --noted");
    assert!(!line.contains("test-password") && dump.starts_with("pg_dump -Fc"), "{line}");
    refused(&on(&w.kit, &["restore", "x.tar"]).await, "pg_restore");
    let there = ["pg_dump", "pg_restore"].iter().all(|p| Command::new(p).arg("--version").output().is_ok_and(|o| o.status.success()));
    if !there {
        assert!(std::env::var("CI").is_err(), "in CI the drill is done: put pg_dump and pg_restore on the PATH");
        eprintln!("skipped: pg_dump and pg_restore are not here");
        return w.finish().await;
    }
    let new = Kit::postgres().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = writes_on(&r, &stop);
    let password = w.kit.database.parse::<reqwest::Url>().unwrap().password().map(str::to_owned).unwrap_or_default();
    let shell = |line: String| {
        let mut c = Command::new("sh");
        c.args(["-c", &line]).env("PGPASSWORD", &password);
        tokio::task::spawn_blocking(move || c.output().unwrap())
    };
    done(&shell(dump.to_owned()).await.unwrap());
    copy(&w.kit.dir.path().join("media"), &new.dir.path().join("media"));
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    done(&shell(format!("pg_restore --no-owner --exit-on-error -d '{}' '{}'", new.database, file.display())).await.unwrap());
    assert!(done(&on(&new, &["verify-journal"]).await).contains(", 0 with faults"));
    done(&on(&w.kit, &["backup", "--noted"]).await);
    assert_eq!(w.count("SELECT COUNT(*) FROM upkeep WHERE name = 'backup'").await, 1);
    let restored = new.world().await;
    let there = Staff { api: restored.api().with(staff.api.token.as_deref().unwrap()) };
    assert_eq!(photo(&restored, &there, &number).await, photo(&w, &staff, &number).await);
    restored.finish().await;
    w.finish().await;
}
