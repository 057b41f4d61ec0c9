//! support/frozen.rs — values of every form of Redis's serialisation, as the codec's own tests have
//! them: `server/src/persist/rdb/frozen`.

use std::path::Path;

/// Each form, and a value in it.
///
/// # Panics
/// If a file is not as it should be.
pub fn all() -> Vec<(u8, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/persist/rdb/frozen");
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| parse(&std::fs::read_to_string(path).expect("text"))).collect()
}

fn parse(text: &str) -> (u8, Vec<u8>) {
    let (mut form, mut bytes) = (0, Vec::new());
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("form ") {
            let number = said.split(' ').next().and_then(|number| number.parse().ok());
            form = number.expect("the number of a form");
        } else if !line.starts_with(['#', '=']) {
            let digits = line.split(';').next().unwrap_or_default().split_whitespace();
            bytes.extend(digits.map(|byte| u8::from_str_radix(byte, 16).expect("two digits")));
        }
    }
    (form, bytes)
}
