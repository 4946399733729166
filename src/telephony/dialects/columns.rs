//! The columns a call detail record may have, by the names their files give them.

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Col {
    Account,
    Src,
    Dst,
    Context,
    Clid,
    Channel,
    Peer,
    App,
    AppData,
    Start,
    Answer,
    End,
    Duration,
    Billsec,
    Disposition,
    Cause,
    AmaFlags,
    UniqueId,
    UserField,
    PeerAccount,
    LinkedId,
    Sequence,
    Did,
    Recording,
    Cnum,
    Cnam,
    Uuid,
    BlegUuid,
    Queue,
    Agent,
    Joined,
    Hold,
    Wait,
    Direction,
    /// Known, and of no use to us.
    Other,
}

use Col as C;

const NAMES: [(&str, Col); 66] = [
    ("accountcode", C::Account),
    ("account", C::Account),
    ("src", C::Src),
    ("source", C::Src),
    ("caller", C::Src),
    ("caller_id_number", C::Src),
    ("dst", C::Dst),
    ("destination", C::Dst),
    ("dialled", C::Dst),
    ("destination_number", C::Dst),
    ("dcontext", C::Context),
    ("context", C::Context),
    ("clid", C::Clid),
    ("callerid", C::Clid),
    ("caller_id", C::Clid),
    ("channel", C::Channel),
    ("channel_name", C::Channel),
    ("dstchannel", C::Peer),
    ("bridge_channel", C::Peer),
    ("lastapp", C::App),
    ("last_app", C::App),
    ("lastdata", C::AppData),
    ("last_arg", C::AppData),
    ("start", C::Start),
    ("calldate", C::Start),
    ("start_stamp", C::Start),
    ("answer", C::Answer),
    ("answer_stamp", C::Answer),
    ("end", C::End),
    ("end_stamp", C::End),
    ("duration", C::Duration),
    ("billsec", C::Billsec),
    ("talk", C::Billsec),
    ("disposition", C::Disposition),
    ("outcome", C::Disposition),
    ("hangup_cause", C::Cause),
    ("amaflags", C::AmaFlags),
    ("uniqueid", C::UniqueId),
    ("id", C::UniqueId),
    ("userfield", C::UserField),
    ("peeraccount", C::PeerAccount),
    ("linkedid", C::LinkedId),
    ("link", C::LinkedId),
    ("sequence", C::Sequence),
    ("did", C::Did),
    ("recordingfile", C::Recording),
    ("recording", C::Recording),
    ("cnum", C::Cnum),
    ("cnam", C::Cnam),
    ("caller_id_name", C::Cnam),
    ("caller_name", C::Cnam),
    ("outbound_cnum", C::Other),
    ("outbound_cnam", C::Other),
    ("dst_cnam", C::Other),
    ("uuid", C::Uuid),
    ("bleg_uuid", C::BlegUuid),
    ("read_codec", C::Other),
    ("write_codec", C::Other),
    ("queue", C::Queue),
    ("agent", C::Agent),
    ("joined", C::Joined),
    ("hold", C::Hold),
    ("wait", C::Wait),
    ("direction", C::Direction),
    ("ringtime", C::Other),
    ("peer", C::Peer),
];

impl Col {
    /// The column that a header or a column map names so; compared without case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('"');
        NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, c)| *c)
    }

    /// Its first name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, c)| *c == self).map_or("other", |(n, _)| n)
    }

    /// Every word a column map may use on its left.
    #[must_use]
    pub fn words() -> Vec<&'static str> {
        NAMES.iter().filter(|(_, c)| *c != C::Other).map(|(n, _)| *n).collect()
    }
}

/// Asterisk `cdr_csv`, all 21; a file has the first 16, 17, 18 or all, and one of 17 may have the userfield as its last.
pub const ASTERISK: [Col; 21] = [
    C::Account,
    C::Src,
    C::Dst,
    C::Context,
    C::Clid,
    C::Channel,
    C::Peer,
    C::App,
    C::AppData,
    C::Start,
    C::Answer,
    C::End,
    C::Duration,
    C::Billsec,
    C::Disposition,
    C::AmaFlags,
    C::UniqueId,
    C::UserField,
    C::PeerAccount,
    C::LinkedId,
    C::Sequence,
];

/// Asterisk `cdr_csv` of 17 columns with `loguserfield` and without `loguniqueid`.
pub const ASTERISK_17_USERFIELD: [Col; 17] = [
    C::Account,
    C::Src,
    C::Dst,
    C::Context,
    C::Clid,
    C::Channel,
    C::Peer,
    C::App,
    C::AppData,
    C::Start,
    C::Answer,
    C::End,
    C::Duration,
    C::Billsec,
    C::Disposition,
    C::AmaFlags,
    C::UserField,
];

/// Asterisk `cdr_custom` as its sample configuration orders them.
pub const ASTERISK_CUSTOM: [Col; 19] = [
    C::Clid,
    C::Src,
    C::Dst,
    C::Context,
    C::Channel,
    C::Peer,
    C::App,
    C::AppData,
    C::Start,
    C::Answer,
    C::End,
    C::Duration,
    C::Billsec,
    C::Disposition,
    C::AmaFlags,
    C::Account,
    C::UniqueId,
    C::UserField,
    C::Sequence,
];

/// FreeSWITCH `mod_cdr_csv`, template `example`; older ones stop after 13.
pub const FREESWITCH_EXAMPLE: [Col; 15] = [
    C::Cnam,
    C::Src,
    C::Dst,
    C::Context,
    C::Start,
    C::Answer,
    C::End,
    C::Duration,
    C::Billsec,
    C::Cause,
    C::Uuid,
    C::BlegUuid,
    C::Account,
    C::Other,
    C::Other,
];

/// FreeSWITCH `mod_cdr_csv`, template `asterisk`: the order of Asterisk with a hangup cause.
pub const FREESWITCH_ASTERISK: [Col; 18] = [
    C::Account,
    C::Src,
    C::Dst,
    C::Context,
    C::Clid,
    C::Channel,
    C::Peer,
    C::App,
    C::AppData,
    C::Start,
    C::Answer,
    C::End,
    C::Duration,
    C::Billsec,
    C::Cause,
    C::AmaFlags,
    C::Uuid,
    C::UserField,
];
