//! command/render.rs — an entry of the table as COMMAND and COMMAND DOCS reply it.
//!
//! The shapes are Redis 7.2's. Not here: which entries are asked for (`system/command`), the pages
//! for people (`page`).

use mainstay_protocol::ReplyWriter;

use super::argument::{Argument, arguments};
use super::keyspec::{Begin, Find, KeySpec};
use super::table::{Entry, Table};

/// What COMMAND and COMMAND INFO reply for one command: ten elements.
pub fn info(table: &Table, entry: &Entry, out: &mut ReplyWriter<'_>) {
    out.array(10);
    out.bulk_str(entry.wire_name);
    out.integer(entry.arity());
    simple_set(&entry.flags(), out);
    let range = entry.key_range();
    out.integer(range.first);
    out.integer(range.last);
    out.integer(range.step);
    let categories = entry.categories();
    out.set(categories.len());
    for category in categories {
        out.simple(&format!("@{category}"));
    }
    out.set(entry.tips().count());
    entry.tips().for_each(|tip| out.bulk_str(tip));
    match entry.shard_channels() {
        Some((first, last)) => {
            out.set(1);
            let last = if last < 0 { last } else { last - first };
            let begin = Begin::Index(usize::try_from(first).unwrap_or(0));
            range_spec(&["not_key"], begin, last, 1, 0, out);
        }
        None => {
            out.set(entry.keys.len());
            entry.keys.iter().for_each(|spec| key_spec(spec, out));
        }
    }
    let subs: Vec<&Entry> = table.subs(entry).collect();
    out.array(subs.len());
    subs.into_iter().for_each(|sub| info(table, sub, out));
}

fn simple_set(words: &[&str], out: &mut ReplyWriter<'_>) {
    out.set(words.len());
    words.iter().for_each(|word| out.simple(word));
}

fn key_spec(spec: &KeySpec, out: &mut ReplyWriter<'_>) {
    let flags = spec.access.flags();
    match spec.find {
        Find::Range { last, step } => {
            range_spec(flags, spec.begin, last as i64, step as i64, 0, out);
        }
        // Up to the last argument, and of these one in two.
        Find::Half => range_spec(flags, spec.begin, -1, 1, 2, out),
        Find::Counted { first, step } => {
            begin_spec(flags, spec.begin, out);
            out.bulk_str("keynum");
            out.bulk_str("spec");
            integers(
                &[("keynumidx", 0), ("firstkey", first as i64), ("keystep", step as i64)],
                out,
            );
        }
    }
}

fn range_spec(
    flags: &[&str],
    begin: Begin,
    last: i64,
    step: i64,
    limit: i64,
    out: &mut ReplyWriter<'_>,
) {
    begin_spec(flags, begin, out);
    out.bulk_str("range");
    out.bulk_str("spec");
    integers(&[("lastkey", last), ("keystep", step), ("limit", limit)], out);
}

fn integers(pairs: &[(&str, i64)], out: &mut ReplyWriter<'_>) {
    out.map(pairs.len());
    for (name, value) in pairs {
        out.bulk_str(name);
        out.integer(*value);
    }
}

/// A key specification up to the type of its second half.
fn begin_spec(flags: &[&str], begin: Begin, out: &mut ReplyWriter<'_>) {
    out.map(3);
    out.bulk_str("flags");
    simple_set(flags, out);
    out.bulk_str("begin_search");
    out.map(2);
    out.bulk_str("type");
    match begin {
        Begin::Index(at) => {
            out.bulk_str("index");
            out.bulk_str("spec");
            integers(&[("index", at as i64)], out);
        }
        Begin::Keyword(word, from) => {
            out.bulk_str("keyword");
            out.bulk_str("spec");
            out.map(2);
            out.bulk_str("keyword");
            out.bulk_str(word);
            out.bulk_str("startfrom");
            out.integer(from as i64);
        }
    }
    out.bulk_str("find_keys");
    out.map(2);
    out.bulk_str("type");
}

/// What COMMAND DOCS replies for one command, its name first.
pub fn docs(table: &Table, entry: &Entry, out: &mut ReplyWriter<'_>) {
    let command = entry.command;
    let arguments = arguments(command.args, entry.keys.len());
    let subs: Vec<&Entry> = table.subs(entry).collect();
    out.bulk_str(entry.wire_name);
    out.map(4 + usize::from(!arguments.is_empty()) + usize::from(!subs.is_empty()));
    let facts = [
        ("summary", command.summary),
        ("since", command.since),
        ("group", entry.group().name()),
        ("complexity", &entry.complexity()),
    ];
    for (name, value) in facts {
        out.bulk_str(name);
        out.bulk_str(value);
    }
    if !arguments.is_empty() {
        out.bulk_str("arguments");
        out.array(arguments.len());
        arguments.iter().for_each(|argument| document(argument, out));
    }
    if !subs.is_empty() {
        out.bulk_str("subcommands");
        out.map(subs.len());
        subs.into_iter().for_each(|sub| docs(table, sub, out));
    }
}

fn document(argument: &Argument, out: &mut ReplyWriter<'_>) {
    let flags = argument.flags();
    let has_parts = !argument.parts.is_empty();
    let mut pairs = 2;
    for holds in [
        !has_parts,
        argument.key_spec.is_some(),
        argument.token.is_some(),
        !flags.is_empty(),
        has_parts,
    ] {
        pairs += usize::from(holds);
    }
    out.map(pairs);
    out.bulk_str("name");
    out.bulk_str(&argument.name);
    out.bulk_str("type");
    out.bulk_str(argument.sort);
    if !has_parts {
        out.bulk_str("display_text");
        out.bulk_str(&argument.name);
    }
    if let Some(spec) = argument.key_spec {
        out.bulk_str("key_spec_index");
        out.integer(spec as i64);
    }
    if let Some(token) = argument.token {
        out.bulk_str("token");
        out.bulk_str(token);
    }
    if !flags.is_empty() {
        out.bulk_str("flags");
        simple_set(&flags, out);
    }
    if has_parts {
        out.bulk_str("arguments");
        out.array(argument.parts.len());
        argument.parts.iter().for_each(|part| document(part, out));
    }
}
