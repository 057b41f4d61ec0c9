//! migration/libraries.rs — functions that came with Redis's data. Nobody runs them yet; they are
//! kept and named, and an export has them again.

use mainstay_protocol::Request;

use crate::process::Process;

/// The name that a library's first line gives it: `#!lua name=counters`.
pub fn name(source: &[u8]) -> String {
    let line = source.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut words = line.split(|byte| byte.is_ascii_whitespace());
    let name = words.find_map(|word| word.strip_prefix(b"name=")).unwrap_or(b"?");
    name.escape_ascii().to_string()
}

/// Keeps libraries in place of those that were kept before.
pub(super) fn keep(process: &Process, libraries: Vec<Vec<u8>>) {
    for library in &libraries {
        announce(library);
    }
    *process.libraries.lock() = libraries;
}

fn announce(library: &[u8]) {
    tracing::warn!(
        "the library of functions '{}' is kept, but functions cannot be called yet",
        name(library)
    );
}

/// Does what FUNCTION LOAD, DELETE and FLUSH ask for; says whether the request was one of these.
pub(super) fn heed(process: &Process, request: Request<'_>) -> bool {
    if !request.name().eq_ignore_ascii_case(b"FUNCTION") {
        return false;
    }
    let mut libraries = process.libraries.lock();
    let remove = |libraries: &mut Vec<Vec<u8>>, gone: &str| {
        libraries.retain(|library| name(library) != gone);
    };
    match request.arg(1).to_ascii_uppercase().as_slice() {
        b"LOAD" => {
            let source = request.arg(request.len() - 1);
            remove(&mut libraries, &name(source));
            announce(source);
            libraries.push(source.to_vec());
        }
        b"DELETE" => remove(&mut libraries, &request.arg(2).escape_ascii().to_string()),
        b"FLUSH" => libraries.clear(),
        _ => return false,
    }
    true
}
