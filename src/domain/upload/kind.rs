//! The types that are taken, by the signatures at their beginning. What a caller says of a file is not asked.

use crate::domain::inbound::MediaKind;

/// So many bytes decide what a file is.
pub const HEAD: usize = 64;

/// A type that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    Jpeg,
    Png,
    Webp,
    Ogg,
    Mp3,
    M4a,
    Aac,
    Amr,
    Wav,
    Mp4,
    Quicktime,
    ThreeGp,
    Webm,
}

impl FileType {
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Ogg => "audio/ogg",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Aac => "audio/aac",
            Self::Amr => "audio/amr",
            Self::Wav => "audio/wav",
            Self::Mp4 => "video/mp4",
            Self::Quicktime => "video/quicktime",
            Self::ThreeGp => "video/3gpp",
            Self::Webm => "video/webm",
        }
    }

    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg | Self::Png | Self::Webp => MediaKind::Photo,
            Self::Ogg | Self::Mp3 | Self::M4a | Self::Aac | Self::Amr | Self::Wav => MediaKind::Audio,
            Self::Mp4 | Self::Quicktime | Self::ThreeGp | Self::Webm => MediaKind::Video,
        }
    }

    /// A photo is cleaned before it is stored, for which it must come whole.
    #[must_use]
    pub const fn is_photo(self) -> bool {
        matches!(self.kind(), MediaKind::Photo)
    }
}

/// What a file that begins so is; none when it is nothing that is taken. HEIC and AVIF are none: their place cannot be taken out, and telephones
/// make JPEG of them.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<FileType> {
    let at = |from: usize, what: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(what));
    match head {
        [0xff, 0xd8, 0xff, ..] => Some(FileType::Jpeg),
        _ if at(0, b"\x89PNG\r\n\x1a\n") => Some(FileType::Png),
        _ if at(0, b"RIFF") && at(8, b"WEBP") => Some(FileType::Webp),
        _ if at(0, b"RIFF") && at(8, b"WAVE") => Some(FileType::Wav),
        _ if at(0, b"OggS") => Some(FileType::Ogg),
        _ if at(0, b"#!AMR") => Some(FileType::Amr),
        _ if at(0, b"ID3") => Some(FileType::Mp3),
        // Set bits to begin with, then the layer; a bit rate and a sampling rate that exist.
        [0xff, second, third, ..] if second & 0xf6 == 0xf0 && third >> 6 != 3 => Some(FileType::Aac),
        [0xff, second, third, ..] if matches!(second & 0xf6, 0xf2 | 0xe2) && third >> 4 != 0xf && third >> 2 & 3 != 3 => Some(FileType::Mp3),
        _ if at(4, b"ftyp") => brand(head.get(8..12)?),
        _ if at(0, b"\x1a\x45\xdf\xa3") && head.windows(4).any(|w| w == b"webm") => Some(FileType::Webm),
        _ => None,
    }
}

/// The family of formats around MP4, by its major brand.
fn brand(brand: &[u8]) -> Option<FileType> {
    match brand {
        b"qt  " => Some(FileType::Quicktime),
        b"M4A " | b"M4B " => Some(FileType::M4a),
        b"isom" | b"iso2" | b"iso3" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " | b"MSNV" | b"dash" => Some(FileType::Mp4),
        [b'3', b'g', b'p' | b'2', _] => Some(FileType::ThreeGp),
        _ => None,
    }
}
