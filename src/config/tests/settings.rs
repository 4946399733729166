//! The layers over one another, and the findings.

use super::write;
use crate::config::*;
use std::path::Path;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn from_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    load(None, env(pairs).into_iter())
}

fn told(result: Result<Config, ConfigErrors>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_defaults_work_by_themselves() {
    let c = from_env(&[("PATH", "/bin"), ("JAMBYL", "x")]).unwrap();
    assert_eq!(c.problems(), Vec::<String>::new());
    assert_eq!(c.http.addr, "127.0.0.1:8109");
    assert_eq!(c.database.url.expose(), "sqlite://data/jambyl109.db");
    assert_eq!(c.deployment, Deployment::Single);
    assert_eq!(c.http.public_base(), "http://127.0.0.1:8109");
    assert_eq!(c.intake.max_attempts, 5);
    assert!(c.config.path().is_none() && !c.channels.telegram.is_on());
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(&dir, "a.toml", "[http]\naddr = '1.1.1.1:1'\npublic_url = 'http://file/'\n[journal]\nkey = 'file'\n[log]\nlevel = 'warn'");
    let other = write(&dir, "b.toml", "[http]\naddr = '9.9.9.9:9'");
    let secret = write(&dir, "key", "from the file\r\n");
    let vars = env(&[
        ("JAMBYL_CONFIG", other.to_str().unwrap()),
        ("JAMBYL__HTTP__PUBLIC_URL", "https://env"),
        ("JAMBYL__JOURNAL__KEY", "env"),
        ("JAMBYL__JOURNAL__KEY_FILE", secret.to_str().unwrap()),
        ("JAMBYL__DEPLOYMENT", "cluster"),
    ]);
    let c = load(Some(&file), vars.clone().into_iter()).unwrap();
    assert_eq!(c.http.addr, "1.1.1.1:1", "--config goes before JAMBYL_CONFIG");
    assert_eq!(c.http.public_url, "https://env");
    assert_eq!(c.log.level, "warn");
    assert_eq!(c.journal.key.expose(), "from the file");
    assert_eq!(c.deployment, Deployment::Cluster);
    assert_eq!(c.http.workers, 0, "untouched keys keep their default");
    assert_eq!(load(None, vars.into_iter()).unwrap().http.addr, "9.9.9.9:9");
}

#[test]
fn variables_take_the_kind_of_their_key() {
    let c = from_env(&[
        ("JAMBYL__INTAKE__BATCH", "7"),
        ("JAMBYL__MAIL__BREACH_TO", "a@x.kz, b@x.kz,"),
        ("JAMBYL__REDIS__PREFIX", "12345"),
        ("JAMBYL__CHANNELS__WHATSAPP__PHONE_NUMBER_ID", "007"),
        ("JAMBYL__CALLS__CALLBACK_MAX_AGE", "60"),
        ("JAMBYL_CONFIG", ""),
    ])
    .unwrap();
    assert_eq!(c.intake.batch, 7);
    assert_eq!(c.mail.breach_to, ["a@x.kz", "b@x.kz"]);
    assert_eq!(c.redis.prefix, "12345");
    assert_eq!(c.channels.whatsapp.phone_number_id, "007");
    assert_eq!(c.calls.callback_max_age_secs, 60);
}

#[test]
fn mistakes_name_key_layer_and_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(
        &dir,
        "slips.toml",
        "[http]\nadr = 'x'\nworkers = -1\n[intake]\nbatch = 'many'\n[mial]\nfrom = 'x'\n[mail]\nbreach_to = [1]\n[log]\nformat = 'xml'",
    );
    let text = told(load(
        Some(&file),
        env(&[
            ("JAMBYL__HTTP__ADRR", "x"),
            ("JAMBYL__OUTBOX__WORKERS", "four"),
            ("JAMBYL__HTTP", "x"),
            ("JAMBYL__DEPLOYMENT", "both"),
            ("JAMBYL__JOURNAL__KEY_FILE", "/nowhere/key"),
            ("JAMBYL__HTTP__WORKERS_FILE", "/nowhere/workers"),
        ])
        .into_iter(),
    ));
    for part in [
        "slips.toml: unknown key 'http.adr': did you mean 'http.addr'?",
        "'http.workers' must be a whole number",
        "'intake.batch' must be a whole number",
        "unknown key 'mial.from': did you mean 'mail.from'?",
        "'mail.breach_to' must be a list of texts",
        "slips.toml: 'log.format' is 'xml': it must be one of text, json",
        "variable JAMBYL__HTTP__ADRR: unknown key 'http.adrr': did you mean 'http.addr'?",
        "variable JAMBYL__OUTBOX__WORKERS: 'outbox.workers' must be a whole number",
        "variable JAMBYL__HTTP names a section",
        "variable JAMBYL__DEPLOYMENT: 'deployment' is 'both': it must be one of single, cluster",
        "variable JAMBYL__JOURNAL__KEY_FILE: the file '/nowhere/key' cannot be read",
        "unknown key 'http.workers_file'",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    assert!(text.starts_with("12 problems in the configuration:"), "{text}");
}

#[test]
fn a_broken_file_is_told_without_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(&dir, "x.toml", "[journal]\nkey = \"hunter2 \n");
    let text = told(load(Some(&file), std::iter::empty()));
    assert!(text.contains("x.toml, line 2: not valid TOML") && !text.contains("hunter2"), "{text}");
    let text = told(load(Some(Path::new("/nowhere/x.toml")), std::iter::empty()));
    assert!(text.contains("/nowhere/x.toml cannot be read"), "{text}");
    let file = write(&dir, "y.toml", "http = 5\n[log.level]\nx = 1\n[nothing]\n");
    let text = told(load(Some(&file), std::iter::empty()));
    for part in ["'http' must be a section with keys", "unknown key 'log.level.x'", "unknown key 'nothing'"] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
}

#[test]
fn secrets_are_never_shown() {
    let c = from_env(&[
        ("JAMBYL__JOURNAL__KEY", "hunter2"),
        ("JAMBYL__CHANNELS__TELEGRAM__TOKEN", "1:hunter2"),
        ("JAMBYL__CHANNELS__TELEGRAM__SECRET", "hunter2 bad"),
        ("JAMBYL__CHANNELS__META__APP_SECRET", "hunter2"),
        ("JAMBYL__CHANNELS__META__VERIFY_TOKEN", "hunter2"),
        ("JAMBYL__CHANNELS__WHATSAPP__TOKEN", "hunter2"),
        ("JAMBYL__CHANNELS__INSTAGRAM__TOKEN", "hunter2"),
        ("JAMBYL__CHANNELS__INSTAGRAM__APP_SECRET", "hunter2"),
        ("JAMBYL__CHANNELS__FACEBOOK__TOKEN", "hunter2"),
        ("JAMBYL__CHANNELS__SMS__GATEWAYS__MAIN__PASSWORD", "hunter2"),
        ("JAMBYL__CHANNELS__SMS__GATEWAYS__MAIN__KEY", "hunter2"),
        ("JAMBYL__CHANNELS__SMS__GATEWAYS__MAIN__INBOUND_PATH", "hunter2"),
        ("JAMBYL__DATABASE__URL", "postgres://u:p@hunter2@db/j?password=hunter2"),
        ("JAMBYL__REDIS__URL", "http://:hunter2@r"),
        ("JAMBYL__MAIL__URL", "smtps://u:hunter2@m"),
    ])
    .unwrap();
    for text in [c.print(), format!("{c:?}"), format!("{c:#?}"), c.problems().join("\n")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let printed: toml::Table = c.print().parse().unwrap();
    assert_eq!(super::super::origin::at(&printed, "journal.key").and_then(|v| v.as_str()), Some("********"));
    assert_eq!(super::super::origin::at(&printed, "database.url").and_then(|v| v.as_str()), Some("postgres://********@db/j?********"));
}

#[test]
fn default_toml_lists_exactly_the_keys_there_are() {
    let c = from_env(&[]).unwrap();
    let printed: toml::Table = c.print().parse().unwrap();
    let mut shipped: toml::Table = DEFAULT_TOML.parse().unwrap();
    super::super::origin::fill_patterns(&mut shipped);
    assert_eq!(printed, shipped, "no secret is set by default, so both must agree in keys and values");
}

#[test]
fn exchanges_and_doors_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(&dir, "calls.toml", "[calls.sources.north]\ntimezone = '+06:00'\n[calls.sources.south]\n[calls.doors.pbx]\nsource = 'north'");
    let c = load(Some(&file), env(&[("JAMBYL__CALLS__DOORS__PBX__TOKEN", "t"), ("JAMBYL__CALLS__SOURCES__NORTH__CLOSED", "night, 110")]).into_iter())
        .unwrap();
    assert_eq!(c.problems(), Vec::<String>::new());
    let north = &c.calls.sources["north"];
    assert_eq!((north.timezone.as_str(), north.city_code.as_str(), north.closed.len()), ("+06:00", "7262", 2));
    assert_eq!(c.calls.sources.keys().map(String::as_str).collect::<Vec<_>>(), ["main", "north", "south"]);
    assert!(c.calls.doors["pbx"].is_open() && !c.calls.doors["generic"].is_open());
    let slip = write(&dir, "slip.toml", "[calls.sources.north]\ntimzone = 'UTC'\n[calls.doors.pbx]\nformat = 'xml'");
    let text = told(load(Some(&slip), std::iter::empty()));
    assert!(text.contains("calls.sources.north.timzone") && text.contains("calls.doors.pbx.format") && text.contains("freeswitch-json"), "{text}");
}

#[test]
fn settings_that_do_not_fit_are_told() {
    let hook = ("JAMBYL__CHANNELS__TELEGRAM__MODE", "webhook");
    let long = "x".repeat(257);
    for (vars, part) in [
        (vec![("JAMBYL__DEPLOYMENT", "cluster")], "needs PostgreSQL"),
        (vec![("JAMBYL__DEPLOYMENT", "cluster")], "needs Redis"),
        (vec![("JAMBYL__DEPLOYMENT", "cluster"), ("JAMBYL__JOURNAL__KEY", " ")], "needs journal.key"),
        (vec![hook], "needs channels.telegram.secret"),
        (vec![hook], "needs http.public_url"),
        (vec![("JAMBYL__CHANNELS__TELEGRAM__SECRET", "a b")], "telegram.secret must be 1-256"),
        (vec![("JAMBYL__CHANNELS__TELEGRAM__SECRET", long.as_str())], "telegram.secret must be 1-256"),
        (vec![("JAMBYL__CHANNELS__TELEGRAM__TOKEN", "token")], "does not look like a bot token"),
        (vec![("JAMBYL__CHANNELS__TELEGRAM__API_URL", "api")], "channels.telegram.api_url"),
        (vec![("JAMBYL__CHANNELS__TELEGRAM__NAME", "a/b")], "channels.telegram.name"),
        (vec![("JAMBYL__CHANNELS__META__GRAPH_URL", "graph")], "channels.meta.graph_url"),
        (vec![("JAMBYL__CHANNELS__META__GRAPH_VERSION", "24")], "channels.meta.graph_version '24'"),
        (vec![("JAMBYL__CHANNELS__WHATSAPP__PHONE_NUMBER_ID", "+7 701")], "phone_number_id '+7 701' must be digits"),
        (vec![("JAMBYL__CHANNELS__WHATSAPP__PHONE_NUMBER_ID", "1")], "channels.whatsapp needs both"),
        (vec![("JAMBYL__CHANNELS__INSTAGRAM__TOKEN", "t")], "channels.instagram needs both"),
        (vec![("JAMBYL__CHANNELS__FACEBOOK__PAGE_ID", "1"), ("JAMBYL__CHANNELS__FACEBOOK__TOKEN", "t")], "channels.meta.app_secret is empty"),
        (vec![("JAMBYL__CHANNELS__FACEBOOK__PAGE_ID", "1"), ("JAMBYL__CHANNELS__FACEBOOK__TOKEN", "t")], "channels.meta.verify_token is empty"),
        (vec![("JAMBYL__CHANNELS__SMS__TRANSPORT", "http")], "needs channels.sms.gateways.main.file"),
        (vec![("JAMBYL__CHANNELS__SMS__GATEWAYS__MAIN__INBOUND_USER", "u")], "needs both inbound_user and inbound_password"),
        (vec![("JAMBYL__CHANNELS__SMS__GATEWAYS__MAIN__INBOUND_PATH", "short")], "inbound_path must be 16-200"),
        (vec![("JAMBYL__HTTP__ADDR", "localhost")], "http.addr"),
        (vec![("JAMBYL__HTTP__METRICS_ADDR", "127.0.0.1:8109")], "the same as http.addr"),
        (vec![("JAMBYL__HTTP__PUBLIC_URL", "https://")], "http.public_url"),
        (vec![("JAMBYL__HTTP__TRUSTED_PROXIES", "10.0.0.0/8")], "trusted_proxies: '10.0.0.0/8'"),
        (vec![("JAMBYL__DATABASE__URL", "mysql://x")], "database.url must begin with"),
        (vec![("JAMBYL__DATABASE__URL", "sqlite://")], "database.url must begin with"),
        (vec![("JAMBYL__REDIS__URL", "localhost")], "redis.url must begin with"),
        (vec![("JAMBYL__MEDIA__URL", "ftp://x")], "media.url must be a folder"),
        (vec![("JAMBYL__MEDIA__URL", "s3://x")], "a bucket's name is 3-63"),
        (vec![("JAMBYL__MEDIA__URL", "s3://photos/of")], "a bucket's name is 3-63"),
        (vec![("JAMBYL__MEDIA__URL", "s3://photos"), ("JAMBYL__MEDIA__REGION", "kz")], "needs media.region, media.access_key"),
        (vec![("JAMBYL__MEDIA__URL", "s3://photos"), ("JAMBYL__MEDIA__ENDPOINT", "s3.example")], "media.endpoint 's3.example'"),
        (vec![("JAMBYL__AUTH__ACCESS_MINUTES", "0")], "auth.access_minutes must not be 0"),
        (vec![("JAMBYL__MAIL__TRANSPORT", "smtp")], "mail.url must begin with"),
        (vec![("JAMBYL__MAIL__BREACH_TO", "duty")], "mail.breach_to: 'duty'"),
        (vec![("JAMBYL__MAIL__INBOUND__MODE", "imap")], "mail.inbound.url must be imaps://"),
        (vec![("JAMBYL__MAIL__INBOUND__MODE", "imap"), ("JAMBYL__MAIL__INBOUND__URL", "imap://u:p@mail.kz")], "only for the same machine"),
        (vec![("JAMBYL__DIGEST__AT", "8 o'clock")], "digest.at '8 o'clock' is not a time"),
        (vec![("JAMBYL__DIGEST__READERS", "akim@x.kz kk all, nobody")], "digest.readers: 'nobody'"),
        (vec![("JAMBYL__INTAKE__LEASE_SECS", "0")], "intake.lease_secs must not be 0"),
        (vec![("JAMBYL__CALLS__SOURCES__MAIN__TIMEZONE", "Taraz")], "calls.sources.main.timezone 'Taraz'"),
        (vec![("JAMBYL__CALLS__SOURCES__MAIN__CITY_CODE", "72")], "calls.sources.main.city_code"),
        (vec![("JAMBYL__CALLS__DOORS__GENERIC__SOURCE", "north")], "calls.doors.generic.source 'north'"),
    ] {
        let problems = from_env(&vars).unwrap().problems();
        assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
    }
    for url in ["sqlite::memory:", "sqlite:data/x.db", "sqlite:///abs/x.db", "postgres://u:p@h/d", "postgresql://h/d"] {
        assert!(from_env(&[("JAMBYL__DATABASE__URL", url)]).unwrap().problems().is_empty(), "{url}");
    }
}

#[test]
fn the_production_example_lacks_only_its_secrets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.production.toml");
    assert!(load(Some(&path), std::iter::empty()).unwrap().problems().iter().any(|p| p.contains("journal.key")));
    let secrets = env(&[
        ("JAMBYL__DATABASE__URL", "postgres://j:x@db/jambyl"),
        ("JAMBYL__REDIS__URL", "rediss://:x@redis:6379/0"),
        ("JAMBYL__JOURNAL__KEY", "x"),
        ("JAMBYL__CHANNELS__TELEGRAM__TOKEN", "12345:abc-DEF_0"),
        ("JAMBYL__CHANNELS__TELEGRAM__SECRET", "abc"),
        ("JAMBYL__MAIL__URL", "smtp://u:p@mail:587"),
    ]);
    assert_eq!(load(Some(&path), secrets.into_iter()).unwrap().problems(), Vec::<String>::new());
}

#[test]
fn times_to_keep_things_are_days_or_for_ever() {
    use crate::domain::retention::{Keep, Kind};
    let c = from_env(&[("JAMBYL__RETENTION__PHOTOS", "forever"), ("JAMBYL__RETENTION__DRAFTS", "3 days")]).unwrap();
    assert_eq!((c.retention.of(Kind::Photos), c.retention.of(Kind::Drafts)), (Keep::Forever, Keep::Days(3)));
    assert_eq!(c.problems(), Vec::<String>::new());
    // Every kind has a rule in the built-in file, and none is left over there.
    let defaults: toml::Table = DEFAULT_TOML.parse().unwrap();
    let mut listed: Vec<&str> = defaults["retention"].as_table().unwrap().keys().map(String::as_str).collect();
    let mut kinds: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
    listed.sort_unstable();
    kinds.sort_unstable();
    assert_eq!(listed, kinds);
    // What would be taken in twice is told; what is no time at all is refused.
    let problems = from_env(&[("JAMBYL__RETENTION__RAW_EVENTS", "1 day")]).unwrap().problems();
    assert!(problems.iter().any(|p| p.contains("retention.raw_events") && p.contains("at least 8 days")), "{problems:?}");
    assert!(told(from_env(&[("JAMBYL__RETENTION__PHOTOS", "soon")])).contains("'soon' is no time to keep something"));
    assert!(told(from_env(&[("JAMBYL__RETENTION__FOTOS", "1 day")])).contains("photos"));
}
