//! Every number as a line of JSON, for machines: one per round, one per case.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::figure::Measurement;
use crate::{Error, Result};

/// A file of JSON lines.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: File,
}

impl Record {
    /// Starts a new file in `folder`, named after the date. A second one in the same minute replaces
    /// the first.
    pub fn create(folder: &Path, date: &str) -> Result<Self> {
        let path = folder.join(format!("compare-{}.jsonl", date.replace([' ', ':'], "-")));
        let failed = |cause| Error::io(format!("creating {}", path.display()), cause);
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        Ok(Self { path, file })
    }

    /// Where the lines go.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What holds for all lines that follow: machine, versions, command line.
    pub fn header(&mut self, fields: &[(&str, String)]) -> Result<()> {
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("{}:{}", text(key), text(value))).collect();
        self.line(&format!("{{\"type\":\"header\",{}}}", fields.join(",")))
    }

    /// One measurement of one side.
    pub fn round(
        &mut self,
        case: &str,
        side: &str,
        round: usize,
        numbers: &[(&'static str, f64)],
    ) -> Result<()> {
        let numbers: Vec<String> = numbers
            .iter()
            .map(|(key, value)| format!("{}:{}", text(key), number(*value)))
            .collect();
        let (case, side) = (text(case), text(side));
        self.line(&format!(
            "{{\"type\":\"round\",\"case\":{case},\"side\":{side},\"round\":{round},{}}}",
            numbers.join(",")
        ))
    }

    /// A case with its medians and verdict.
    pub fn measurement(&mut self, one: &Measurement) -> Result<()> {
        let figures: Vec<String> = one
            .figures
            .iter()
            .map(|figure| {
                let (ours, peer) = (number(figure.ours()), number(figure.peer()));
                let ratio = number(figure.ratio());
                let key = text(figure.key);
                format!("{key}:{{\"ours\":{ours},\"peer\":{peer},\"ratio\":{ratio}}}")
            })
            .collect();
        self.line(&format!(
            "{{\"type\":\"case\",\"scenario\":{},\"case\":{},{},\"target\":{},\"verdict\":{}}}",
            text(one.scenario),
            text(&one.name),
            figures.join(","),
            text(&one.target()),
            text(&one.verdict())
        ))
    }

    fn line(&mut self, line: &str) -> Result<()> {
        writeln!(self.file, "{line}")
            .map_err(|cause| Error::io(format!("writing {}", self.path.display()), cause))
    }
}

/// JSON has no NaN: what was not measured is null.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".into() }
}

fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_json() {
        assert_eq!(text("a\"b\\c\nd"), r#""a\"b\\c\u000ad""#);
        assert_eq!(number(1.5), "1.5");
        assert_eq!(number(f64::NAN), "null");
    }
}
