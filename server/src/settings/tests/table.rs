//! What holds for every setting of the table.

use std::collections::HashSet;
use std::fs;

use crate::catalog;
use crate::settings::known;
use crate::settings::page;
use crate::settings::schema::{Effect, Setting};
use crate::settings::store::Settings;
use crate::settings::value::parse;

fn every() -> impl Iterator<Item = &'static Setting> {
    catalog::settings().into_iter().chain(known::ALL)
}

#[test]
fn names_and_aliases_are_lower_case_and_unique() {
    let mut seen = HashSet::new();
    for setting in every() {
        for name in [setting.name].iter().chain(setting.aliases) {
            let plain = |byte: u8| byte.is_ascii_lowercase() || b"-_".contains(&byte);
            assert!(!name.is_empty() && name.bytes().all(plain), "{name}");
            assert!(seen.insert(*name), "{name} is there twice");
        }
    }
    for name in known::REFUSED.iter().map(|(name, _)| name).chain(known::IGNORED) {
        assert!(seen.insert(*name), "{name} is there twice");
    }
}

#[test]
fn a_summary_is_one_sentence() {
    for setting in catalog::settings() {
        let summary = setting.summary;
        assert!(summary.starts_with(|c: char| c.is_uppercase()), "{}", setting.name);
        assert!(summary.ends_with('.'), "{}", setting.name);
        assert_eq!(summary.matches(". ").count(), 0, "{}", setting.name);
        assert!(!summary.contains("  "), "{}", setting.name);
    }
}

#[test]
fn a_default_has_the_shape_and_comes_back_from_its_lines() {
    for setting in every() {
        let value = setting.default_value();
        let mut read = None;
        for line in value.lines() {
            let words: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
            read = Some(parse(setting.shape, &words, read.as_ref()).unwrap());
        }
        assert_eq!(read, Some(value), "{}", setting.name);
        assert_eq!(setting.permits(&setting.default_value()), Ok(()), "{}", setting.name);
    }
}

#[test]
fn a_refusal_says_what_to_do_and_ends_without_a_full_stop() {
    for setting in every() {
        if let Effect::Absent(sentence) = setting.effect {
            assert!(sentence.contains([';', ',']) && !sentence.ends_with('.'), "{}", setting.name);
        }
    }
}

#[test]
fn the_answer_to_config_get_names_every_setting_and_alias() {
    let settings = Settings::new(&catalog::settings());
    let names: HashSet<String> = settings.get(&[b"*"]).into_iter().map(|(name, _)| name).collect();
    for setting in every() {
        for name in [setting.name].iter().chain(setting.aliases) {
            assert!(names.contains(*name), "{name}");
        }
    }
}

#[test]
fn help_and_docs_name_every_setting() {
    let (help, docs) = (page::help(&catalog::settings()), page::markdown(&catalog::settings()));
    for setting in catalog::settings() {
        assert!(help.contains(&format!("\n  --{} ", setting.name)), "{}", setting.name);
        assert!(docs.contains(&format!("\n### {}\n", setting.name)), "{}", setting.name);
    }
    for setting in known::ALL {
        assert!(docs.contains(&format!("\n- `{}`", setting.name)), "{}", setting.name);
    }
    let long = help.lines().find(|line| line.len() > 100);
    assert_eq!(long, None);
}

#[test]
fn the_docs_in_the_repository_are_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
    let made = page::markdown(&catalog::settings());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, &made).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == made, "{path} is stale: run the tests with UPDATE=1");
}
