//! Pictures made by hand, and what strangers make of them.

use super::{FileType, Refused, clean, sniff};
use proptest::prelude::*;

fn jpeg_segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap();
    [&[0xff, marker][..], &length.to_be_bytes(), body].concat()
}

/// EXIF of a telephone: an orientation, a pointer to a place, and the place.
fn telephone(up: u8, little: bool) -> Vec<u8> {
    let head: &[u8] = if little { b"II*\0\x08\0\0\0" } else { b"MM\0*\0\0\0\x08" };
    let order = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
    let long = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() };
    let mut out = [b"Exif\0\0", head].concat();
    out.extend(order(2));
    out.extend(order(0x0112));
    out.extend(order(3));
    out.extend(long(1));
    out.extend(order(u16::from(up)));
    out.extend([0, 0]);
    out.extend(order(0x8825));
    out.extend(order(4));
    out.extend(long(1));
    out.extend(long(38));
    out.extend(long(0));
    out.extend(b"GPS 42.9 71.3");
    out
}

fn jpeg_of(width: u16, height: u16, up: u8) -> Vec<u8> {
    let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    [
        vec![0xff, 0xd8],
        jpeg_segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01RGB"),
        jpeg_segment(0xe1, &telephone(up, true)),
        jpeg_segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x>GPS</x>"),
        jpeg_segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        jpeg_segment(0xe2, b"MPF\0GPS"),
        jpeg_segment(0xed, b"Photoshop 3.0\0GPS"),
        jpeg_segment(0xfe, b"GPS by Aigul"),
        jpeg_segment(0xdb, &[0; 65]),
        jpeg_segment(0xc2, &frame),
        jpeg_segment(0xda, &[1, 1, 0, 0, 63, 0]),
        vec![1, 2, 0xff, 0x00, 3, 0xff, 0xd0, 4],
        // Between two scans of one picture.
        jpeg_segment(0xfe, b"GPS again"),
        jpeg_segment(0xc4, &[0; 20]),
        jpeg_segment(0xda, &[1, 1, 0, 0, 63, 0]),
        vec![5, 6, 0xff, 0xd9],
        // A second picture behind the first, with a place of its own.
        b"\xff\xd8\xff\xe1 GPS video behind the photo".to_vec(),
    ]
    .concat()
}

fn png_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], name, body, b"crc!"].concat()
}

fn png_of(width: u32, height: u32) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(b"IHDR", &head),
        png_chunk(b"tEXt", b"Comment\0GPS"),
        png_chunk(b"eXIf", b"GPS"),
        png_chunk(b"iCCP", b"GPS\0\0zip bomb"),
        png_chunk(b"IDAT", b"pixels"),
        png_chunk(b"tIME", b"GPS"),
        png_chunk(b"IDAT", b"more"),
        png_chunk(b"IEND", b""),
        b"GPS behind".to_vec(),
    ]
    .concat()
}

fn webp_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = [&name[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat();
    out.resize(out.len() + body.len() % 2, 0);
    out
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"RIFF"[..], &u32::try_from(body.len() + 4).unwrap().to_le_bytes(), b"WEBP", &body].concat()
}

fn vp8(width: u16, height: u16) -> Vec<u8> {
    webp_chunk(b"VP8 ", &[&[0, 0, 0, 0x9d, 0x01, 0x2a][..], &width.to_le_bytes(), &height.to_le_bytes(), b"data"].concat())
}

fn webp_of(up: u8) -> Vec<u8> {
    webp(&[
        webp_chunk(b"VP8X", &[0x2c, 1, 2, 3, 9, 0, 0, 9, 0, 0]),
        webp_chunk(b"ICCP", b"odd"),
        vp8(10, 10),
        webp_chunk(b"EXIF", &telephone(up, false)),
        webp_chunk(b"XMP ", b"GPS"),
        webp_chunk(b"GPSx", b"GPS"),
    ])
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w == word)
}

fn cleaned(bytes: &[u8]) -> Vec<u8> {
    clean(sniff(bytes).unwrap(), bytes).unwrap().unwrap()
}

#[test]
fn a_photo_keeps_its_picture_and_tells_nothing() {
    for bytes in [jpeg_of(40, 30, 6), png_of(40, 30), webp_of(6)] {
        assert!(holds(&bytes, b"GPS"));
        let out = cleaned(&bytes);
        assert!(!holds(&out, b"GPS") && !holds(&out, b"Aigul"), "{:?}", String::from_utf8_lossy(&out));
        assert_eq!(cleaned(&out), out, "cleaning twice changes something");
    }
    let out = cleaned(&jpeg_of(40, 30, 1));
    for kept in [&[1, 2, 0xff, 0x00, 3, 0xff, 0xd0, 4][..], b"ICC_PROFILE\0\x01\x01colours", &[5, 6, 0xff, 0xd9]] {
        assert!(holds(&out, kept), "{kept:?}");
    }
    assert!(!holds(&out, b"Exif") && !holds(&out, b"RGB") && out.ends_with(&[0xff, 0xd9]));
    let out = cleaned(&png_of(40, 30));
    assert!(holds(&out, b"pixels") && holds(&out, b"more") && !holds(&out, b"iCCP"));
    let out = cleaned(&webp_of(1));
    assert!(holds(&out, b"ICCP\x03\0\0\0odd\0") && !holds(&out, b"EXIF"));
    assert_eq!(out[20..24], [0x20, 0, 0, 0], "the flags tell only of what is there");
    assert_eq!(usize::try_from(u32::from_le_bytes(out[4..8].try_into().unwrap())).unwrap() + 8, out.len());
}

#[test]
fn the_way_up_is_kept() {
    for little in [true, false] {
        for up in 0..=9 {
            let told = super::exif::orientation(&telephone(up, little));
            assert_eq!(told, Some(up).filter(|u| (2..=8).contains(u)), "{up} {little}");
            if let Some(up) = told {
                assert_eq!(super::exif::orientation(&super::exif::only(up)), Some(up));
            }
        }
    }
    let out = cleaned(&jpeg_of(40, 30, 6));
    assert!(holds(&out, &[&b"Exif\0\0"[..], &super::exif::only(6)].concat()));
    let out = cleaned(&webp_of(6));
    assert!(holds(&out, &super::exif::only(6)) && out[20] == 0x28);
}

#[test]
fn types_are_told_by_their_bytes() {
    for (head, want) in [
        (&b"\xff\xd8\xff\xe0"[..], Some(FileType::Jpeg)),
        (b"\x89PNG\r\n\x1a\n....", Some(FileType::Png)),
        (b"RIFF....WEBPVP8 ", Some(FileType::Webp)),
        (b"RIFF....WAVEfmt ", Some(FileType::Wav)),
        (b"RIFF....AVI LIST", None),
        (b"OggS\0", Some(FileType::Ogg)),
        (b"#!AMR\n", Some(FileType::Amr)),
        (b"ID3\x04", Some(FileType::Mp3)),
        (b"\xff\xfb\x90\x64", Some(FileType::Mp3)),
        (b"\xff\xf1\x50\x80", Some(FileType::Aac)),
        (b"\xff\xf1\x4c\x80", Some(FileType::Aac)),
        (b"\xff\xff\xff\xff", None),
        (b"\0\0\0\x20ftypisom", Some(FileType::Mp4)),
        (b"\0\0\0\x20ftypM4A ", Some(FileType::M4a)),
        (b"\0\0\0\x20ftypqt  ", Some(FileType::Quicktime)),
        (b"\0\0\0\x20ftyp3gp5", Some(FileType::ThreeGp)),
        (b"\0\0\0\x20ftypheic", None),
        (b"\0\0\0\x20ftypavif", None),
        (b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm", Some(FileType::Webm)),
        (b"\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska", None),
        (b"<!doctype html><script>", None),
        (b"<svg xmlns=", None),
        (b"<?xml version=\"1.0\"?><svg", None),
        (b"GIF89a", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
        (b"MZ\x90\0", None),
        (b"\x7fELF", None),
        (b"#!/bin/sh\n", None),
        (b"BM", None),
        (b"", None),
        (b"\xff", None),
    ] {
        assert_eq!(sniff(head), want, "{:?}", String::from_utf8_lossy(head));
    }
}

#[test]
fn a_picture_that_is_none_is_refused() {
    let jpeg = jpeg_of(40, 30, 1);
    let cut_at = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|w| w == what).unwrap();
    let table: Vec<(Vec<u8>, Refused)> = vec![
        (jpeg_of(60_000, 60_000, 1), Refused::TooLarge),
        (jpeg_of(40_000, 1, 1), Refused::TooLarge),
        (jpeg_of(0, 30, 1), Refused::Broken),
        (b"\xff\xd8\xff\xd9".to_vec(), Refused::Broken),
        (b"\xff\xd8\xff\xe0\0\x01".to_vec(), Refused::Broken),
        (b"\xff\xd8\xff\xe0\xff\xff".to_vec(), Refused::Broken),
        (jpeg[..cut_at(&jpeg, b"colours")].to_vec(), Refused::Broken),
        (png_of(100_000, 100_000), Refused::TooLarge),
        (png_of(0, 1), Refused::Broken),
        (png_of(4, 4)[..60].to_vec(), Refused::Broken),
        ([&b"\x89PNG\r\n\x1a\n"[..], &png_chunk(b"IEND", b"")].concat(), Refused::Broken),
        ([&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xff\xff\xffIHDR"].concat(), Refused::Broken),
        (webp(&[vp8(16_383, 16_383)]), Refused::TooLarge),
        (webp(&[webp_chunk(b"VP8X", &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), vp8(4, 4)]), Refused::TooLarge),
        (webp(&[webp_chunk(b"VP8X", &[2, 0, 0, 0, 9, 0, 0, 9, 0, 0]), webp_chunk(b"ANIM", b"")]), Refused::Moving),
        (webp(&[]), Refused::Broken),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff".to_vec(), Refused::Broken),
        // Lists in lists to any depth: a reader that follows them falls over.
        ([&b"RIFF\xf8\xff\xff\0WEBP"[..], &b"LIST\xff\xff\xff\0WEBP".repeat(1000)].concat(), Refused::Broken),
    ];
    for (i, (bytes, want)) in table.iter().enumerate() {
        assert_eq!(clean(sniff(bytes).unwrap(), bytes).unwrap(), Err(*want), "row {i}");
    }
    assert_eq!(clean(FileType::Mp4, b"anything"), None);
    // Cut within the last scan: shown as far as it goes.
    let cut = &jpeg[..cut_at(&jpeg, &[5, 6, 0xff, 0xd9]) + 1];
    assert!(cleaned(cut).ends_with(&[5, 0xff, 0xd9]));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for kind in [FileType::Jpeg, FileType::Png, FileType::Webp] {
            let _ = clean(kind, &bytes);
        }
        let _ = (sniff(&bytes), super::exif::orientation(&bytes));
    }

    #[test]
    fn a_photo_that_was_tampered_with_is_answered(at in 0usize..400, value: u8, which in 0usize..3) {
        let mut bytes = [jpeg_of(40, 30, 6), png_of(40, 30), webp_of(6)][which].clone();
        if let Some(b) = bytes.get_mut(at) {
            *b = value;
        }
        let kind = [FileType::Jpeg, FileType::Png, FileType::Webp][which];
        if let Some(Ok(out)) = clean(kind, &bytes) {
            prop_assert!(out.len() <= bytes.len() + 64);
            prop_assert_eq!(clean(kind, &out), Some(Ok(out)));
        }
    }
}
