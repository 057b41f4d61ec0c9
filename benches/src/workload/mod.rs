//! A workload: its requests, what must be there before, and whether running changes what is measured.
//! `named` has those that can be asked for by name.

mod named;

use crate::{
    Error, Result,
    chance::Distribution,
    direct::Direct,
    template::{Batch, KEYS_MAX, Template},
};

pub use named::{all, mix};

/// What one workload is.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// The word on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What is sent.
    pub requests: Requests,
    /// Command lines to run beforehand, one after the other, and how often each.
    pub prefill: Vec<(&'static str, Count)>,
    /// Which numbers stand for `__key__` and `__rand__`.
    pub numbers: Numbers,
    /// How the data changes while the workload runs.
    pub drift: Drift,
}

/// Command lines, and which of them comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Requests {
    /// Chosen by weight.
    Mix(Vec<(u32, String)>),
    /// One after the other and around again.
    Turns(Vec<&'static str>),
}

/// How many prefill requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// One per key.
    Keys,
    /// A fixed number.
    Fixed(u64),
    /// As many as the run will send.
    Requests,
}

/// The numbers in a workload's requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers {
    /// Below the key count of the run, in its distribution.
    Keys,
    /// Below this, in the run's distribution: for containers of a fixed size.
    Below(u64),
    /// 0, 1, 2 ... without an end, whatever the run says. Each thread of a generator counts by itself.
    InOrder,
}

/// How the data changes under a workload. A run that changes its own data is only comparable with
/// another of the same number of requests from the same start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drift {
    /// Not at all: runs can be repeated on the same data.
    Steady,
    /// It grows: every run begins with an empty server.
    Grows,
    /// It is used up: every run begins with a fresh prefill.
    Drains,
}

/// A workload of one command line as the user wrote it, without prefill.
pub fn custom(line: &str) -> Workload {
    Workload {
        name: "command",
        summary: "The command line given.",
        requests: Requests::Mix(vec![(1, line.to_owned())]),
        prefill: Vec::new(),
        numbers: Numbers::Keys,
        drift: Drift::Steady,
    }
}

/// The workload of that name.
///
/// # Errors
/// `Usage`, naming those there are.
pub fn find(name: &str) -> Result<Workload> {
    let known = all();
    let names = known.iter().map(|workload| workload.name).collect::<Vec<_>>().join(", ");
    known
        .into_iter()
        .find(|workload| workload.name == name)
        .ok_or_else(|| Error::Usage(format!("there is no workload {name:?}; there are: {names}")))
}

impl Workload {
    /// The batch that sends this workload's requests.
    ///
    /// # Errors
    /// `Usage` when a command line is none.
    pub fn batch(&self, pipeline: usize, value: &[u8]) -> Result<Batch> {
        match &self.requests {
            Requests::Mix(lines) => {
                let weighted = lines
                    .iter()
                    .map(|(weight, line)| Ok((*weight, Template::parse(line, value)?)))
                    .collect::<Result<_>>()?;
                Batch::new(weighted, pipeline)
            }
            Requests::Turns(lines) => {
                let templates =
                    lines.iter().map(|line| Template::parse(line, value)).collect::<Result<_>>()?;
                Batch::in_turn(templates, pipeline)
            }
        }
    }

    /// The first command line: what messages call it.
    pub fn label(&self) -> String {
        match &self.requests {
            Requests::Mix(lines) => lines.first().map(|(_, line)| line.clone()),
            Requests::Turns(lines) => lines.first().map(|&line| line.to_owned()),
        }
        .unwrap_or_default()
    }

    /// The bound of this workload's numbers in a run over so many keys.
    pub fn keys(&self, keys: u64) -> u64 {
        match self.numbers {
            Numbers::Keys => keys,
            Numbers::Below(bound) => bound,
            Numbers::InOrder => KEYS_MAX,
        }
    }

    /// How this workload's numbers spread in a run that wants this distribution.
    pub fn distribution(&self, wanted: Distribution) -> Distribution {
        match self.numbers {
            Numbers::Keys | Numbers::Below(_) => wanted,
            Numbers::InOrder => Distribution::Sequential,
        }
    }

    /// Puts the data there that the requests expect. `keys` is that of the run, and `requests` is how
    /// many will be sent.
    ///
    /// # Errors
    /// `Refused` with the first error reply, and whatever can happen to a connection.
    pub fn prepare(
        &self,
        server: &mut Direct,
        keys: u64,
        requests: u64,
        value: &[u8],
    ) -> Result<()> {
        let keys = self.keys(keys);
        for (line, count) in &self.prefill {
            let count = match *count {
                Count::Keys => keys,
                Count::Fixed(count) => count,
                Count::Requests => requests,
            };
            server.fill(line, count, keys, value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_can_be_formatted_and_found() {
        for workload in all() {
            workload.batch(16, b"value").unwrap();
            assert_eq!(find(workload.name).unwrap(), workload);
            assert!(workload.summary.ends_with('.'), "{}", workload.name);
            for (line, _) in &workload.prefill {
                Template::parse(line, b"value").unwrap();
            }
        }
    }

    #[test]
    fn nothing_without_an_end_is_filled_key_by_key() {
        for workload in all().iter().filter(|workload| workload.numbers == Numbers::InOrder) {
            assert!(workload.prefill.iter().all(|(_, count)| *count != Count::Keys));
        }
    }

    #[test]
    fn an_unknown_workload_is_told_the_known_ones() {
        let message = find("gett").unwrap_err().to_string();
        assert!(message.contains("gett") && message.contains("lrange_100"), "{message}");
    }
}
