//! The profiles: what kinds of files there are, under which names.

use super::dialects::asterisk::{self, Seventeenth};
use super::dialects::cdr::Read;
use super::dialects::columns::Col;
use super::dialects::generic::{self, Map};
use super::dialects::{freeswitch_csv, freeswitch_json, live, queue_log};
use super::fields;
use super::lines::Framing;
use super::source::Source;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    Asterisk,
    AsteriskCustom,
    Freepbx,
    FreeswitchCsv,
    FreeswitchJson,
    QueueLog,
    Generic,
    Events,
}

/// A profile for a person to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    pub profile: Profile,
    /// The word for `--profile`.
    pub name: &'static str,
    pub description: &'static str,
    pub columns: &'static str,
}

/// Every profile, in the order of the enum.
pub const PROFILES: [About; 8] = [
    About {
        profile: Profile::Asterisk,
        name: "asterisk",
        description: "Asterisk cdr_csv (Master.csv), no header",
        columns: "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags \
                  [uniqueid] [userfield] [peeraccount linkedid sequence]: 16, 17, 18 or 21",
    },
    About {
        profile: Profile::AsteriskCustom,
        name: "asterisk-custom",
        description: "Asterisk cdr_custom in the order of its sample configuration, no header",
        columns: "clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags accountcode \
                  uniqueid userfield sequence: 19",
    },
    About {
        profile: Profile::Freepbx,
        name: "freepbx",
        description: "the table asteriskcdrdb.cdr of FreePBX, exported with a header",
        columns: "by header: calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode \
                  uniqueid userfield did recordingfile cnum cnam ... linkedid peeraccount sequence, in any order",
    },
    About {
        profile: Profile::FreeswitchCsv,
        name: "freeswitch-csv",
        description: "FreeSWITCH mod_cdr_csv, template example or asterisk, also re-saved by a spreadsheet",
        columns: "example: caller_id_name caller_id_number destination_number context start answer end duration billsec hangup_cause uuid \
                  bleg_uuid accountcode [read_codec write_codec]; asterisk: as Asterisk with 17 or 18, hangup_cause as disposition, uuid as uniqueid",
    },
    About {
        profile: Profile::FreeswitchJson,
        name: "freeswitch-json",
        description: "FreeSWITCH mod_json_cdr documents, one or many in a file, or as posted",
        columns: "variables.{uuid, call_uuid, start_epoch, answer_epoch, end_epoch, duration, billsec, hangup_cause}, callflow[].caller_profile",
    },
    About {
        profile: Profile::QueueLog,
        name: "queue-log",
        description: "Asterisk queue_log",
        columns: "epoch|callid|queue|agent|event|data1..data5",
    },
    About {
        profile: Profile::Generic,
        name: "generic",
        description: "any CSV, with --map naming its columns",
        columns: "as --map says; start is needed",
    },
    About {
        profile: Profile::Events,
        name: "events",
        description: "live events in JSON, as POST /webhooks/calls/generic takes them",
        columns: "event call_id at [caller dialled queue agent outcome recording]",
    },
];

impl Profile {
    /// The profile of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        PROFILES.iter().find(|a| a.name == name).map(|a| a.profile)
    }

    /// The word for `--profile`.
    #[must_use]
    pub fn name(self) -> &'static str {
        PROFILES.iter().find(|a| a.profile == self).map_or("", |a| a.name)
    }
}

/// A profile made sure of for one file: see [`super::verify::detect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub profile: Profile,
    pub delimiter: u8,
    /// The columns by the file's header, or by the map.
    pub header: Option<Vec<Col>>,
    /// The file's first line is a header.
    pub skips_first: bool,
    pub seventeen: Option<Seventeenth>,
    pub map: Map,
}

impl Layout {
    /// A layout of a profile with nothing learnt from a file.
    #[must_use]
    pub fn plain(profile: Profile) -> Self {
        Self { profile, delimiter: b',', header: None, skips_first: false, seventeen: None, map: Map::default() }
    }

    /// Where its records end.
    #[must_use]
    pub fn framing(&self) -> Framing {
        match self.profile {
            Profile::QueueLog => Framing::Lines,
            Profile::FreeswitchJson | Profile::Events => Framing::Json,
            _ => Framing::Quoted { delimiter: self.delimiter },
        }
    }

    /// Reads one record's bytes.
    #[must_use]
    pub fn read(&self, bytes: &[u8], source: &Source) -> Read {
        let plain = |reading| Read { reading, proof: None };
        let header = self.header.as_deref();
        match self.profile {
            Profile::QueueLog => plain(queue_log::line(bytes, source)),
            Profile::FreeswitchJson => plain(freeswitch_json::document(bytes, source)),
            Profile::Events => plain(live::document(bytes, source)),
            Profile::FreeswitchCsv => freeswitch_csv::line(bytes, self.delimiter, source, header),
            Profile::Asterisk | Profile::AsteriskCustom | Profile::Freepbx | Profile::Generic => {
                let row = fields::csv(bytes, self.delimiter);
                match (self.profile, header) {
                    (Profile::Generic, header) => generic::row(&row, source, &self.map, header.unwrap_or_default()),
                    (Profile::AsteriskCustom, None) => asterisk::cdr_custom(&row, source),
                    (Profile::Asterisk, None) => asterisk::cdr_csv(&row, source, self.seventeen),
                    (_, header) => asterisk::by_header(&row, source, self.profile.name(), header.unwrap_or_default()),
                }
            }
        }
    }
}
