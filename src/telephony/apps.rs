//! Names that exchanges give to their applications and channels.

const QUEUE: [&str; 4] = ["queue", "callcenter", "fifo", "agi:queue"];
const VOICEMAIL: [&str; 4] = ["voicemail", "minivmrecord", "vm", "voicemailmain"];
const DIAL: [&str; 7] = ["dial", "bridge", "followme", "page", "retrydial", "originate", "appdial"];
const MENU: [&str; 18] = [
    "background",
    "waitexten",
    "playback",
    "read",
    "controlplayback",
    "ivr",
    "play_and_get_digits",
    "speak",
    "saydigits",
    "agi",
    "wait",
    "answer",
    "sleep",
    "musiconhold",
    "backgrounddetect",
    "stasis",
    "lua",
    "phrase",
];
/// Words of a dial plan that stand where a number would.
const SPECIAL: [&str; 9] = ["s", "h", "i", "t", "o", "a", "e", "fax", "hangup"];

fn among(list: &[&str], app: Option<&str>) -> bool {
    app.is_some_and(|a| list.iter().any(|w| w.eq_ignore_ascii_case(a)))
}

pub fn is_queue(app: Option<&str>) -> bool {
    among(&QUEUE, app)
}

pub fn is_voicemail(app: Option<&str>) -> bool {
    among(&VOICEMAIL, app)
}

pub fn is_dial(app: Option<&str>) -> bool {
    among(&DIAL, app)
}

pub fn is_menu(app: Option<&str>) -> bool {
    among(&MENU, app)
}

/// The destination is a step of the dial plan and no number.
pub fn is_special(dst: &str) -> bool {
    among(&SPECIAL, Some(dst)) || dst.starts_with("ivr-") || dst.starts_with("app-")
}

/// A channel that the exchange loops into itself.
pub fn is_local(channel: &str) -> bool {
    channel.starts_with("Local/") || channel.starts_with("loopback/")
}

/// The agent behind a channel or queue member: `PJSIP/101-0000001a`, `Local/101@from-queue/n`, `sofia/internal/101@10.0.0.1`, `Agent/101`, a name.
/// `None` for a bare identifier.
pub fn agent(channel: &str) -> Option<String> {
    let channel = channel.trim();
    let is_uuid = channel.len() == 36 && channel.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if channel.is_empty() || is_uuid {
        return None;
    }
    let Some((_, rest)) = channel.split_once('/') else { return Some(channel.to_owned()) };
    let user = if let Some(sofia) = channel.strip_prefix("sofia/") { sofia.split('/').nth(1).unwrap_or(sofia) } else { rest };
    let user = user.split(['@', '/', ';']).next().unwrap_or(user);
    // The counter that Asterisk adds behind the last dash.
    let user = match user.rsplit_once('-') {
        Some((name, counter)) if counter.len() >= 4 && counter.bytes().all(|b| b.is_ascii_hexdigit()) => name,
        _ => user,
    };
    let user = user.strip_prefix("sip:").unwrap_or(user);
    Some(user.to_owned()).filter(|u| !u.is_empty())
}

#[cfg(test)]
mod tests {
    #[test]
    fn agents() {
        for (channel, agent) in [
            ("PJSIP/101-0000001a", Some("101")),
            ("SIP/trunk-kt-0000001a", Some("trunk-kt")),
            ("Local/101@from-queue-0000001a;1", Some("101")),
            ("Local/101@from-queue/n", Some("101")),
            ("sofia/internal/101@10.0.0.1:5060", Some("101")),
            ("Agent/101", Some("101")),
            ("Айгүл", Some("Айгүл")),
            ("7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11", None),
            ("", None),
        ] {
            assert_eq!(super::agent(channel).as_deref(), agent, "{channel}");
        }
    }
}
