use super::dialects::document;
use super::*;
use crate::telephony::verify::Refusal;

const MASTER: &str = r#""","87012345678","109","in","","SIP/kt-1","SIP/101-2","Dial","SIP/101","2024-05-06 10:00:00","2024-05-06 10:00:05","2024-05-06 10:01:00",60,55,"ANSWERED","DOCUMENTATION","1714989600.1","""#;
const CUSTOM: &str = r#""","87012345678","109","in","SIP/kt-1","SIP/101-2","Dial","SIP/101","2024-05-06 10:00:00","2024-05-06 10:00:05","2024-05-06 10:01:00","60","55","ANSWERED","DOCUMENTATION","","1714989600.1","","3""#;
const FS: &str = r#""B","77012345678","109","public","2024-05-06 15:00:00","","2024-05-06 15:01:00","60","0","NO_ANSWER","7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11","","","","""#;
const FS_AS: &str = r#""","7701","109","public","","sofia/a/b","","bridge","","2024-05-06 15:00:00","","2024-05-06 15:01:00","60","0","NO_ANSWER","default","7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11","";"#;
const FREEPBX: &str = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield\n\
    2024-05-06 15:00:00,,456789,600,x,PJSIP/kt-1,PJSIP/101-2,Queue,600,60,55,ANSWERED,3,,1714989600.1,\n";
const QUEUE: &str = "1714989600|1714989590.1|600|NONE|ENTERQUEUE||87012345678|1\n";
const EVENT: &str = r#"{"event":"ringing","call_id":"1","at":1714989600}"#;

#[test]
fn a_wrong_profile_is_refused_with_line_column_and_the_one_that_fits() {
    let json = document("u", "u", "inbound", 0, "NO_ANSWER");
    let files: [(&[Profile], &str); 8] = [
        (&[Profile::Asterisk], MASTER),
        (&[Profile::AsteriskCustom], CUSTOM),
        (&[Profile::FreeswitchCsv], FS),
        (&[Profile::FreeswitchCsv], FS_AS),
        // A header says it all, so both take it.
        (&[Profile::Freepbx, Profile::Asterisk, Profile::AsteriskCustom], FREEPBX),
        (&[Profile::QueueLog], QUEUE),
        (&[Profile::FreeswitchJson], &json),
        (&[Profile::Events], EVENT),
    ];
    for (fitting, text) in files {
        for about in super::super::profile::PROFILES.iter().filter(|a| a.profile != Profile::Generic) {
            match detect(about.profile, text.as_bytes(), true, &Told::default(), &utc()) {
                Ok(layout) => assert!(fitting.contains(&layout.profile), "{} took {text}", about.name),
                Err(Refusal::Wrong { fits, line, bad, .. }) => {
                    assert!(!fitting.contains(&about.profile), "{} refused {text}: {bad}", about.name);
                    assert_eq!(fits.iter().filter(|f| fitting.contains(f)).count(), fitting.len(), "{}: {text}", about.name);
                    assert_eq!(fits.len(), fitting.len());
                    assert!(line >= 1 && !bad.expected.is_empty());
                }
                Err(other) => panic!("{}: {other}", about.name),
            }
        }
    }
}

#[test]
fn the_refusal_names_the_place() {
    let told = |p, text: &str| detect(p, text.as_bytes(), true, &Told::default(), &utc()).unwrap_err().to_string();
    assert_eq!(
        told(Profile::Asterisk, FS_AS),
        "line 1: column 15 (disposition): expected one of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION, CANCEL; this is not asterisk; the file fits: freeswitch-csv"
    );
    assert!(told(Profile::QueueLog, "hello\nworld\n").ends_with("; no profile fits"));
    assert_eq!(detect(Profile::Asterisk, b"\xff\xfea\0", true, &Told::default(), &utc()), Err(Refusal::Utf16));
    assert_eq!(detect(Profile::Asterisk, b"\"half", false, &Told::default(), &utc()), Err(Refusal::Empty));
}

#[test]
fn a_damaged_line_does_not_condemn_its_file() {
    let text = format!("garbage\n{MASTER}\n{MASTER}\n");
    let got = items(Profile::Asterisk, text.as_bytes(), &utc());
    assert!(matches!(got[0], Item::Bad(_)) && matches!(got[1], Item::Record(_)));
}
