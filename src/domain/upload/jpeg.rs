//! JPEG: segments up to the first end marker. Scans are copied as they are; between and before them stand only the segments that a decoder needs.

use super::exif::{self, PREFIX};
use super::{Refused, bearable, bytes_at};

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

/// A marker, and what belongs to it.
struct Segment<'a> {
    marker: u8,
    body: &'a [u8],
    /// What follows a scan's header.
    data: &'a [u8],
}

pub fn clean(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let segments = read(bytes)?;
    let up = segments.iter().filter(|s| s.marker == APP1 && s.body.starts_with(PREFIX)).find_map(|s| exif::orientation(s.body));
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xff, 0xd8]);
    // The file's own head comes first, then what was ours to say.
    let head = segments.first().filter(|s| s.marker == APP0).and_then(kept);
    if let Some(body) = &head {
        write(&mut out, APP0, body, &[]);
    }
    if let Some(up) = up {
        write(&mut out, APP1, &[PREFIX, &exif::only(up)].concat(), &[]);
    }
    for s in segments.iter().skip(usize::from(head.is_some())) {
        if let Some(body) = kept(s) {
            write(&mut out, s.marker, &body, s.data);
        }
    }
    out.extend([0xff, END]);
    Ok(out)
}

fn write(out: &mut Vec<u8>, marker: u8, body: &[u8], data: &[u8]) {
    // Bodies come out of segments, which are never longer than their length can say.
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    out.extend([0xff, marker]);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(data);
}

/// What of a segment stays.
fn kept(s: &Segment<'_>) -> Option<Vec<u8>> {
    match s.marker {
        // Frames and tables; 0xc8 is reserved.
        0xc8 => None,
        0xc0..=0xcf | 0xdb | 0xdc | 0xdd | SCAN => Some(s.body.to_vec()),
        APP0 if s.body.starts_with(b"JFIF\0") && s.body.len() >= 14 => {
            // Density stays; the size of the thumbnail becomes zero, and it goes.
            let mut head: Vec<u8> = s.body.iter().take(12).copied().collect();
            head.extend([0, 0]);
            Some(head)
        }
        APP2 if s.body.starts_with(b"ICC_PROFILE\0") => Some(s.body.to_vec()),
        // Tells how colours are coded.
        APP14 if s.body.starts_with(b"Adobe") => Some(s.body.to_vec()),
        _ => None,
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Segment<'_>>, Refused> {
    let mut segments = Vec::new();
    let (mut at, mut framed, mut scanned) = (2, false, false);
    loop {
        let marker = match (bytes.get(at), bytes.get(at + 1)) {
            // Fill bytes may stand before a marker.
            (Some(0xff), Some(0xff)) => {
                at += 1;
                continue;
            }
            (Some(0xff), Some(m)) => *m,
            // Without an end marker, as some cameras leave it: what was scanned can be shown.
            (None, _) | (Some(0xff), None) if scanned => break,
            _ => return Err(Refused::Broken),
        };
        at += 2;
        match marker {
            END => break,
            0x01 => continue,
            0x00 | 0xd0..=0xd8 => return Err(Refused::Broken),
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(bytes_at(bytes, at).ok_or(Refused::Broken)?));
        let body = bytes.get(at + 2..at + length).ok_or(Refused::Broken)?;
        at += length;
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let size = |from| bytes_at(body, from).map(u16::from_be_bytes).map(u32::from).ok_or(Refused::Broken);
            bearable(size(3)?, size(1)?)?;
            framed = true;
        }
        let mut data: &[u8] = &[];
        if marker == SCAN {
            let end = scan_end(bytes, at);
            data = bytes.get(at..end).unwrap_or_default();
            (at, scanned) = (end, true);
        }
        segments.push(Segment { marker, body, data });
    }
    if framed && scanned { Ok(segments) } else { Err(Refused::Broken) }
}

/// Where the data of a scan ends: at the next marker that is neither a restart nor a stuffed byte.
fn scan_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0xff)) {
        at += step;
        match bytes.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            _ => return at,
        }
    }
    bytes.len()
}
