//! Multipart bodies and pictures, made by hand so that they can be made wrong.

/// One part of a form.
pub struct Part<'a> {
    /// Lines of its head, without the ends.
    pub head: Vec<String>,
    pub body: &'a [u8],
}

impl<'a> Part<'a> {
    #[must_use]
    pub fn file(body: &'a [u8]) -> Self {
        Self::named("file", "photo.jpg", "application/octet-stream", body)
    }

    #[must_use]
    pub fn named(name: &str, file: &str, kind: &str, body: &'a [u8]) -> Self {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
        Self { head: vec![disposition, format!("Content-Type: {kind}")], body }
    }
}

/// The content type and the body of a form.
#[must_use]
pub fn form(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    let mut out = Vec::new();
    for p in parts {
        out.extend(b"--the-end-of-a-part\r\n");
        for line in &p.head {
            out.extend(line.as_bytes());
            out.extend(b"\r\n");
        }
        out.extend(b"\r\n");
        out.extend(p.body);
        out.extend(b"\r\n");
    }
    out.extend(b"--the-end-of-a-part--\r\n");
    ("multipart/form-data; boundary=the-end-of-a-part".into(), out)
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap();
    [&[0xff, marker][..], &length.to_be_bytes(), body].concat()
}

/// A photo as a telephone writes it: with a place in its EXIF, a comment, and something behind its end.
#[must_use]
pub fn jpeg(pixels: &[u8]) -> Vec<u8> {
    [
        vec![0xff, 0xd8],
        segment(0xe1, b"Exif\0\0MM\0*\0\0\0\x08\0\0 GPS 42.9 71.3"),
        segment(0xfe, b"GPS by hand"),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &[8, 0, 30, 0, 40, 1, 1, 0x11, 0]),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        pixels.to_vec(),
        b"\xff\xd9 GPS behind".to_vec(),
    ]
    .concat()
}

/// A picture that claims so many pixels a side.
#[must_use]
pub fn png(side: u32) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], name, body, b"crc!"].concat();
    let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")].concat()
}

/// A film of so many bytes, with a place that is kept.
#[must_use]
pub fn mp4(size: usize) -> Vec<u8> {
    let mut out = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    out.resize(size.max(out.len()), b'x');
    out
}
