//! Call records out of files: whatever came first, in pieces, twice or through two doors, the calls are the same.

use crate::harness::pbx::{self, Leg};
use crate::harness::{Api, Kit, Options, World, stories};
use chrono::Duration;
use jambyl109::telephony::centre::Centre;
use jambyl109::telephony::files::{ImportError, Importer, Progress};
use jambyl109::telephony::profile::Profile;
use jambyl109::telephony::source::Source;
use jambyl109::telephony::verify::{Refusal, Told};
use jambyl109::telephony::watch::Watcher;
use reqwest::Method;
use std::io::Write;
use std::path::{Path, PathBuf};

stories! {
    the_same_records_make_the_same_calls,
    a_file_and_a_posted_body_are_one_call,
    a_watched_file_grows_is_rotated_and_truncated,
    a_wrong_profile_is_refused_and_names_the_one_that_fits,
    history_makes_no_tasks,
}

fn source(w: &World, name: &str) -> Source {
    Centre::of(&w.config).unwrap().sources[name].clone()
}

fn importer<'a>(w: &'a World, source: &'a Source, profile: Profile) -> Importer<'a> {
    Importer { core: Some(w.core()), source, profile, told: Told::default(), tasks: true }
}

async fn import(w: &World, name: &str, profile: Profile, path: &Path) -> Result<Progress, ImportError> {
    let source = source(w, name);
    importer(w, &source, profile).whole(path, &mut |_| {}).await
}

fn write(w: &World, name: &str, text: &str) -> PathBuf {
    let path = w.kit.dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Everything that is computed of the calls of a source.
async fn calls(w: &World, source: &str) -> Vec<Vec<String>> {
    w.query(&format!(
        "SELECT key, direction, caller, queue, agent, outcome, recording, flags, transfers, ivr_us, wait_us, talk_us, hold_us FROM \"call\" WHERE source = '{source}' ORDER BY key"
    ))
    .await
}

/// Five calls of nine lines.
fn log(w: &World) -> Vec<Leg> {
    let at = |minutes: i64| w.now() - Duration::minutes(minutes);
    let first = Leg::missed(1, at(90), "87011111111");
    let other = Leg::missed(10, at(80), "+77012222222");
    vec![
        first.clone(),
        first.further(2, "102", "NO ANSWER"),
        first.further(3, "103", "ANSWERED"),
        other.clone(),
        other.further(11, "102", "BUSY"),
        Leg::answered(20, at(70), "456789", "101"),
        Leg { recording: "/var/spool/asterisk/monitor/2026/11/23/q.wav", ..Leg::answered(21, at(60), "87013333333", "101") },
        Leg::missed(30, at(50), "anonymous"),
        first.further(4, "104", "NO ANSWER"),
    ]
}

async fn the_same_records_make_the_same_calls(kit: Kit) {
    let w = kit.world_with(sources(&["whole", "pieces", "reversed"])).await;
    let legs = log(&w);
    let whole = write(&w, "Master.csv", &pbx::file(&legs));
    let p = import(&w, "whole", Profile::Asterisk, &whole).await.unwrap();
    assert_eq!((p.records, p.bad, p.sum.records, p.sum.calls), (9, 0, 9, 5));
    let want = calls(&w, "whole").await;
    assert_eq!(want.len(), 5);
    let outcomes: Vec<&str> = want.iter().map(|r| r[5].as_str()).collect();
    assert_eq!(outcomes.iter().filter(|o| **o == "answered").count(), 3, "{outcomes:?}");

    let again = import(&w, "whole", Profile::Asterisk, &whole).await.unwrap();
    assert_eq!((again.sum.records, again.sum.known, again.sum.calls, again.sum.changed), (0, 9, 0, 0));
    assert_eq!(calls(&w, "whole").await, want);

    for (i, leg) in legs.iter().enumerate() {
        let piece = write(&w, &format!("piece{i}.csv"), &pbx::file(std::slice::from_ref(leg)));
        import(&w, "pieces", Profile::Asterisk, &piece).await.unwrap();
    }
    assert_eq!(calls(&w, "pieces").await, want);

    let mut turned = legs.clone();
    turned.reverse();
    turned.extend(legs.iter().take(4).cloned());
    let path = write(&w, "reversed.csv", &pbx::file(&turned));
    import(&w, "reversed", Profile::Asterisk, &path).await.unwrap();
    assert_eq!(calls(&w, "reversed").await, want);
    w.finish().await;
}

fn sources(names: &[&str]) -> Options {
    names.iter().fold(Options::default(), |o, n| o.and(&format!("CALLS__SOURCES__{}__CITY_CODE", n.to_uppercase()), "7262"))
}

async fn a_file_and_a_posted_body_are_one_call(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__FREESWITCH__TOKEN", "fs")).await;
    let document = pbx::freeswitch("6e2b0c1e-0001", "87015556677", w.now() - Duration::minutes(9), 5, 60);
    let path = write(&w, "a_6e2b0c1e-0001.cdr.json", &document.to_string());
    let p = import(&w, "main", Profile::FreeswitchJson, &path).await.unwrap();
    assert_eq!((p.sum.records, p.sum.calls), (1, 1));
    let before = calls(&w, "main").await;
    let fs = w.api().with("fs");
    let form = percent(&document.to_string());
    for body in [document.to_string(), format!("cdr={form}")] {
        let call =
            fs.call(Method::POST, "/webhooks/calls/freeswitch?uuid=a_1").header("content-type", "application/x-www-form-urlencoded").body(body);
        assert_eq!(Api::send(call).await.status, 200);
        w.settle().await;
    }
    assert_eq!(calls(&w, "main").await, before);
    assert_eq!(w.count("SELECT COUNT(*) FROM call_event WHERE status = 'done'").await, 2);
    w.finish().await;
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

async fn a_watched_file_grows_is_rotated_and_truncated(kit: Kit) {
    let w = kit.world().await;
    let source = source(&w, "main");
    let folder = w.kit.dir.path().join("cdr");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("Master.csv");
    let at = |minutes: i64| w.now() - Duration::minutes(minutes);
    let lines: Vec<String> = (0..8).map(|i| Leg::answered(100 + i, at(60 - i64::from(i)), "87011111111", "101").line()).collect();
    let append = |text: &str| std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
    let stored = || w.count("SELECT COUNT(*) FROM call_record");

    append(&format!("{}\n{}", lines[0], &lines[1][..40]));
    let mut watcher = Watcher::new(importer(&w, &source, Profile::Asterisk), vec![path.clone()]);
    watcher.round().await.unwrap();
    assert_eq!(stored().await, 1, "half a line waits");
    append(&format!("{}\n", &lines[1][40..]));
    let round = watcher.round().await.unwrap();
    assert_eq!((stored().await, round.progress[0].1.records), (2, 1), "only what is new is read");

    // Written just before the rotation; then the new file.
    append(&format!("{}\n", lines[2]));
    std::fs::rename(&path, folder.join("Master.csv.1")).unwrap();
    watcher.round().await.unwrap();
    append(&format!("{}\n", lines[3]));
    watcher.round().await.unwrap();
    assert_eq!(stored().await, 4, "nothing of the rotated file is missed");
    drop(watcher);

    // The process was down while the file grew and was rotated again.
    append(&format!("{}\n", lines[4]));
    std::fs::rename(&path, folder.join("Master.csv.2")).unwrap();
    append(&format!("{}\n", lines[5]));
    let mut watcher = Watcher::new(importer(&w, &source, Profile::Asterisk), vec![path.clone()]);
    let round = watcher.round().await.unwrap();
    assert_eq!(stored().await, 6);
    assert_eq!(round.progress.iter().map(|(_, p)| p.records).sum::<u64>(), 2, "the place was remembered");

    // Truncated in place.
    std::fs::write(&path, format!("{}\n", lines[6])).unwrap();
    watcher.round().await.unwrap();
    assert_eq!(stored().await, 7);

    // A folder: what does not fit is told and does no harm.
    std::fs::write(folder.join("notes.txt"), "not,a,record\nat,all,\n").unwrap();
    append(&format!("{}\n", lines[7]));
    let mut watcher = Watcher::new(importer(&w, &source, Profile::Asterisk), vec![folder.clone()]);
    let round = watcher.round().await.unwrap();
    assert_eq!(stored().await, 8);
    assert_eq!(round.troubles.len(), 1, "{:?}", round.troubles);
    assert!(watcher.round().await.unwrap().troubles.is_empty(), "told once");
    w.finish().await;
}

async fn a_wrong_profile_is_refused_and_names_the_one_that_fits(kit: Kit) {
    let w = kit.world().await;
    let path = write(&w, "Master.csv", &pbx::file(&log(&w)));
    let source = source(&w, "main");
    let refused = importer(&w, &source, Profile::QueueLog).check(&path).unwrap_err();
    let ImportError::Refused { cause: Refusal::Wrong { line, fits, .. }, .. } = &refused else { panic!("{refused}") };
    assert_eq!((*line, fits.contains(&Profile::Asterisk)), (1, true), "{refused}");
    assert!(refused.to_string().contains("column"), "{refused}");
    import(&w, "main", Profile::AsteriskCustom, &path).await.unwrap_err();
    assert_eq!(w.count("SELECT COUNT(*) FROM call_record").await, 0);
    w.finish().await;
}

async fn history_makes_no_tasks(kit: Kit) {
    let w = kit.world().await;
    let old = Leg::missed(1, w.now() - Duration::hours(25), "87011111111");
    let path = write(&w, "old.csv", &pbx::file(&[old]));
    import(&w, "main", Profile::Asterisk, &path).await.unwrap();
    let fresh = write(&w, "fresh.csv", &pbx::file(&[Leg::missed(2, w.now() - Duration::minutes(5), "87012222222")]));
    let source = source(&w, "main");
    let quiet = Importer { tasks: false, ..importer(&w, &source, Profile::Asterisk) };
    quiet.whole(&fresh, &mut |_| {}).await.unwrap();
    w.minutes(3).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 0);
    // The same once more, not as history: the call is known, so nothing follows from it any more.
    import(&w, "main", Profile::Asterisk, &fresh).await.unwrap();
    w.minutes(3).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 0);
    assert!(w.server.sms.take().is_empty());
    w.finish().await;
}
