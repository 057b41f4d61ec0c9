//! Values of every form, byte for byte as somebody may have them on disk: `frozen/*.txt`.
//!
//! ```text
//! # What it shows.
//! form 13 version 6          the form, and the lowest version of RDB that has it
//! 15 00 ; a comment          the value in hexadecimal
//! = "field" "value"          what it says, a line for each part
//! ```

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::super::stream::{Consumer, Delivery, EntriesRead, Entry, Extent, Id, Sink};
use super::super::{form, hash, list, set, sorted_set, stream, string};

/// What a value says, as the files put it.
pub(super) fn told(form: u8, mut bytes: &[u8]) -> io::Result<Vec<String>> {
    let mut told = Vec::new();
    let from: &mut dyn io::BufRead = &mut bytes;
    let text = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
    if form == string::FORM {
        told.push(string::read(from, text)?);
    } else if list::FORMS.contains(&form) {
        list::read(form, from, |element| {
            told.push(text(element));
            Ok(())
        })?;
    } else if set::FORMS.contains(&form) {
        set::read(form, from, |member| {
            told.push(text(member));
            Ok(())
        })?;
    } else if sorted_set::FORMS.contains(&form) {
        sorted_set::read(form, from, |member, score| {
            told.push(format!("{} {score}", text(member)));
            Ok(())
        })?;
    } else if hash::FORMS.contains(&form) {
        hash::read(form, from, |field, value, deadline| {
            let deadline = deadline.map(|at| format!(" {at}")).unwrap_or_default();
            told.push(format!("{} {}{deadline}", text(field), text(value)));
            Ok(())
        })?;
    } else {
        stream::read(form, from, &mut Telling(&mut told))?;
    }
    if bytes.is_empty() { Ok(told) } else { Err(io::ErrorKind::InvalidData.into()) }
}

struct Telling<'a>(&'a mut Vec<String>);

fn id(id: Id) -> String {
    format!("{}-{}", id.ms, id.seq)
}

impl Sink for Telling<'_> {
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let fields = entry.fields().flat_map(|(name, value)| [name, value]);
        let fields: Vec<String> =
            fields.map(|text| format!("\"{}\"", text.escape_ascii())).collect();
        assert_eq!(fields.len(), 2 * entry.len());
        self.0.push(format!("entry {} {}", id(entry.id), fields.join(" ")));
        Ok(())
    }

    fn extent(&mut self, extent: Extent) -> io::Result<()> {
        let Extent { length, last, first, max_deleted, added } = extent;
        let [last, first, deleted] = [last, first, max_deleted].map(id);
        self.0.push(format!(
            "length {length} last {last} first {first} deleted {deleted} added {added}"
        ));
        Ok(())
    }

    fn group(&mut self, name: &[u8], last: Id, read: EntriesRead) -> io::Result<()> {
        self.0.push(format!("group \"{}\" {} read {read:?}", name.escape_ascii(), id(last)));
        Ok(())
    }

    fn consumer(&mut self, consumer: Consumer<'_>) -> io::Result<()> {
        let Consumer { name, seen, active } = consumer;
        self.0.push(format!("consumer \"{}\" seen {seen} active {active:?}", name.escape_ascii()));
        Ok(())
    }

    fn pending(&mut self, pending: Id, delivery: Delivery) -> io::Result<()> {
        let Delivery { time, count } = delivery;
        self.0.push(format!("pending {} at {time} times {count}", id(pending)));
        Ok(())
    }
}

/// A frozen value.
pub(super) struct Frozen {
    pub(super) name: String,
    pub(super) form: u8,
    pub(super) bytes: Vec<u8>,
    says: Vec<String>,
}

pub(super) fn all() -> Vec<Frozen> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/persist/rdb/frozen");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| parse(path)).collect()
}

fn parse(path: &Path) -> Frozen {
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let mut frozen = Frozen { name, form: 0, bytes: Vec::new(), says: Vec::new() };
    for line in std::fs::read_to_string(path).expect("text").lines() {
        if let Some(says) = line.strip_prefix("= ") {
            frozen.says.push(says.to_owned());
        } else if let Some(form) = line.strip_prefix("form ") {
            let number = form.split(' ').next().and_then(|number| number.parse().ok());
            frozen.form = number.expect("the number of a form");
        } else if !line.starts_with('#') {
            let digits = line.split(';').next().unwrap_or_default();
            let bytes = digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16));
            frozen.bytes.extend(bytes.map(|byte| byte.expect("two digits")));
        }
    }
    frozen
}

#[test]
fn every_form_reads_as_it_always_did() {
    let mut forms = BTreeSet::new();
    for frozen in all() {
        let said =
            told(frozen.form, &frozen.bytes).unwrap_or_else(|why| panic!("{}: {why}", frozen.name));
        assert_eq!(said, frozen.says, "{}", frozen.name);
        forms.insert(frozen.form);
    }
    let known = [list::FORMS, set::FORMS, sorted_set::FORMS, hash::FORMS, stream::FORMS].concat();
    let mut known: BTreeSet<u8> = known.into_iter().collect();
    known.insert(form::STRING);
    assert_eq!(forms, known, "a form without a frozen value");
}

/// Whatever is cut off is missed, and whatever is added is not read.
#[test]
fn cut_values_are_refused() {
    for frozen in all() {
        for cut in 0..frozen.bytes.len() {
            let result = told(frozen.form, &frozen.bytes[..cut]);
            assert!(result.is_err(), "{} cut at {cut} says {result:?}", frozen.name);
        }
        let longer = [&frozen.bytes[..], b"\0"].concat();
        assert!(told(frozen.form, &longer).is_err(), "{} and one byte more", frozen.name);
    }
}
