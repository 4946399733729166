//! WebP: the chunks of a still picture inside its RIFF, whose size is written anew.

use super::exif;
use super::{Refused, bearable, bytes_at};

const PROFILE: u8 = 0x20;
const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;

pub fn clean(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let chunks = read(bytes)?;
    let find = |name: &[u8; 4]| chunks.iter().find(|(n, _)| n == name).map(|(_, body)| *body);
    if find(b"ANIM").is_some() || find(b"ANMF").is_some() {
        return Err(Refused::Moving);
    }
    let image = chunks.iter().find(|(n, _)| n == b"VP8 " || n == b"VP8L").ok_or(Refused::Broken)?;
    let (width, height) = size(image).ok_or(Refused::Broken)?;
    bearable(width, height)?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    if let Some(extended) = find(b"VP8X") {
        let up = find(b"EXIF").and_then(exif::orientation);
        let profile = find(b"ICCP");
        let mut head: [u8; 10] = bytes_at(extended, 0).ok_or(Refused::Broken)?;
        let canvas = |at| bytes_at::<3>(extended, at).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]) + 1).ok_or(Refused::Broken);
        bearable(canvas(4)?, canvas(7)?)?;
        let flags = [(PROFILE, profile.is_some()), (ALPHA, head.first().is_some_and(|f| f & ALPHA != 0)), (EXIF, up.is_some())];
        let [flag, a, b, c, ..] = &mut head;
        *flag = flags.iter().filter(|(_, on)| *on).map(|(f, _)| f).sum();
        // Reserved.
        (*a, *b, *c) = (0, 0, 0);
        write(&mut out, b"VP8X", &head);
        for (name, body) in [(b"ICCP", profile), (b"ALPH", find(b"ALPH"))] {
            if let Some(body) = body {
                write(&mut out, name, body);
            }
        }
        write(&mut out, &image.0, image.1);
        if let Some(up) = up {
            write(&mut out, b"EXIF", &exif::only(up));
        }
    } else {
        write(&mut out, &image.0, image.1);
    }
    let size = u32::try_from(out.len() - 8).map_err(|_| Refused::TooLarge)?;
    if let Some(place) = out.get_mut(4..8) {
        place.copy_from_slice(&size.to_le_bytes());
    }
    Ok(out)
}

fn write(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(name);
    // Bodies come out of chunks, whose length was four bytes too.
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

type Chunk<'a> = ([u8; 4], &'a [u8]);

/// The chunks, side by side: none of them is looked into.
fn read(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, Refused> {
    let told = u32::from_le_bytes(bytes_at(bytes, 4).ok_or(Refused::Broken)?);
    let end = usize::try_from(told).ok().and_then(|n| n.checked_add(8)).filter(|n| *n <= bytes.len()).ok_or(Refused::Broken)?;
    let mut out = Vec::new();
    let mut at = 12;
    while at < end {
        let name: [u8; 4] = bytes_at(bytes, at).ok_or(Refused::Broken)?;
        let length = usize::try_from(u32::from_le_bytes(bytes_at(bytes, at + 4).ok_or(Refused::Broken)?)).map_err(|_| Refused::Broken)?;
        let last = length.checked_add(at + 8).ok_or(Refused::Broken)?;
        out.push((name, bytes.get(at + 8..last).ok_or(Refused::Broken)?));
        at = last + length % 2;
    }
    Ok(out)
}

/// Width and height as the picture's own data tell them.
fn size((name, body): &Chunk<'_>) -> Option<(u32, u32)> {
    if name == b"VP8L" {
        let [0x2f, a, b, c, d] = bytes_at(body, 0)? else { return None };
        let bits = u32::from_le_bytes([a, b, c, d]);
        return Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1));
    }
    let [0x9d, 0x01, 0x2a, a, b, c, d] = bytes_at(body, 3)? else { return None };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Some((side(a, b), side(c, d)))
}
