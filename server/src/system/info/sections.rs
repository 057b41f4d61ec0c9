//! system/info/sections.rs — the sections of INFO, in order.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::Ordering::Relaxed;

use super::human::human;
use crate::clock::{self, Ticks};
use crate::command::Desk;
use crate::following::{Link, Master, Status};
use crate::observe::Counters;
use crate::persist::journal::Trouble;
use crate::settings::{catalog as said, redis};
use crate::{REDIS_VERSION, VERSION, machine};

/// A section.
pub(super) struct Section {
    /// Its heading; asked for in any case.
    pub title: &'static str,
    /// Whether INFO without arguments shows it.
    pub by_default: bool,
    /// Writes its fields.
    pub write: fn(&Desk<'_>, &mut String),
}

/// All of them.
pub(super) static SECTIONS: &[Section] = &[
    Section { title: "Server", by_default: true, write: server },
    Section { title: "Clients", by_default: true, write: clients },
    Section { title: "Memory", by_default: true, write: memory },
    Section { title: "Persistence", by_default: true, write: persistence },
    Section { title: "Stats", by_default: true, write: stats },
    Section { title: "Replication", by_default: true, write: replication },
    Section { title: "CPU", by_default: true, write: cpu },
    Section { title: "Modules", by_default: true, write: |_, _| {} },
    Section { title: "Commandstats", by_default: false, write: commandstats },
    Section { title: "Errorstats", by_default: true, write: errorstats },
    Section { title: "Cluster", by_default: true, write: cluster },
    Section { title: "Keyspace", by_default: true, write: keyspace },
];

fn field(text: &mut String, name: &str, value: impl Display) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{name}:{value}\r\n");
}

fn server(cx: &Desk<'_>, text: &mut String) {
    let process = cx.process;
    let settings = &process.settings;
    let uptime = clock::uptime_seconds();
    let file = settings.file().map(|path| path.display().to_string()).unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    field(text, "redis_version", REDIS_VERSION);
    field(text, "mainstay_version", VERSION);
    field(text, "redis_mode", "standalone");
    field(text, "os", machine::name());
    field(text, "arch_bits", usize::BITS);
    field(text, "multiplexing_api", if cfg!(target_os = "linux") { "epoll" } else { "kqueue" });
    field(text, "process_id", std::process::id());
    field(text, "process_supervised", "no");
    field(text, "run_id", &process.run_id);
    field(text, "tcp_port", settings.integer(&said::PORT));
    field(text, "server_time_usec", clock::micros());
    field(text, "uptime_in_seconds", uptime);
    field(text, "uptime_in_days", uptime / (24 * 60 * 60));
    field(text, "threads", process.mailboxes.len());
    field(text, "executable", program.display());
    field(text, "config_file", file);
}

fn clients(cx: &Desk<'_>, text: &mut String) {
    let cards = cx.process.clients.all();
    let input = cards.iter().map(|card| card.input_bytes.load(Relaxed)).max();
    let output = cards.iter().map(|card| card.output_bytes.load(Relaxed)).max();
    let listening = cards.iter().filter(|card| {
        [&card.channels, &card.patterns, &card.shard_channels]
            .iter()
            .any(|count| count.load(Relaxed) > 0)
    });
    let watching = cards.iter().filter(|card| card.watched.load(Relaxed) > 0);
    field(text, "connected_clients", cards.len());
    field(text, "cluster_connections", 0);
    field(text, "maxclients", cx.process.settings.integer(&said::MAXCLIENTS));
    field(text, "client_recent_max_input_buffer", input.unwrap_or(0));
    field(text, "client_recent_max_output_buffer", output.unwrap_or(0));
    let blocked = cards.iter().filter(|card| card.blocked.load(Relaxed) != 0);
    field(text, "blocked_clients", blocked.count());
    field(text, "tracking_clients", cx.process.tracking.extent().clients);
    field(text, "pubsub_clients", listening.count());
    field(text, "watching_clients", watching.count());
}

fn memory(cx: &Desk<'_>, text: &mut String) {
    let memory = cx.process.memory();
    let used = memory.used() as u64;
    let peak = cx.process.memory_peak.load(Relaxed) as u64;
    let resident = machine::resident_bytes();
    let total = machine::memory_bytes();
    let share = if peak == 0 { 0.0 } else { used as f64 * 100.0 / peak as f64 };
    field(text, "used_memory", used);
    field(text, "used_memory_human", human(used));
    field(text, "used_memory_rss", resident);
    field(text, "used_memory_rss_human", human(resident));
    field(text, "used_memory_peak", peak);
    field(text, "used_memory_peak_human", human(peak));
    field(text, "used_memory_peak_perc", format_args!("{share:.2}%"));
    field(text, "used_memory_startup", memory.startup);
    field(text, "used_memory_dataset", memory.data);
    field(text, "total_system_memory", total);
    field(text, "total_system_memory_human", human(total));
    field(text, "maxmemory", 0);
    field(text, "maxmemory_human", human(0));
    field(text, "maxmemory_policy", "noeviction");
    field(text, "mem_fragmentation_ratio", format_args!("{:.2}", ratio(resident, used)));
    field(text, "mem_fragmentation_bytes", resident.saturating_sub(used));
    field(text, "mem_clients_normal", memory.buffers);
    field(text, "mem_allocator", "mimalloc");
    field(text, "active_defrag_running", 0);
    let aside = cx.process.keyspace.aside();
    field(text, "lazyfree_pending_objects", aside.pending);
    field(text, "lazyfreed_objects", aside.freed);
}

/// `part / whole`; 0 for an empty whole.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn persistence(cx: &Desk<'_>, text: &mut String) {
    let process = cx.process;
    let store = process.store();
    let (saves, journal) = (&store.saves, &store.journal);
    let is_saving = saves.is_on.load(Relaxed);
    let changes = process.total(|counters| counters.changes.get());
    let done = saves.done_at.load(Relaxed);
    let last = if done == 0 { process.started } else { done };
    let status = |failed: bool| if failed { "err" } else { "ok" };
    let has_failed = saves.has_failed.load(Relaxed);
    let is_first = saves.count.load(Relaxed) == 0 && !has_failed;
    let took_s = if is_first { -1 } else { saves.took_ms.load(Relaxed) as i64 / 1000 };
    let now_s = if is_saving {
        clock::now().saturating_sub(saves.begun.load(Relaxed)) as i64 / 1000
    } else {
        -1
    };
    let since = changes.saturating_sub(saves.changes.load(Relaxed));
    field(text, "loading", u8::from(store.loading.is_on.load(Relaxed)));
    field(text, "async_loading", 0);
    field(text, "rdb_changes_since_last_save", since);
    field(text, "rdb_bgsave_in_progress", u8::from(is_saving));
    field(text, "rdb_last_save_time", last / 1000);
    field(text, "rdb_last_bgsave_status", status(has_failed));
    field(text, "rdb_last_bgsave_time_sec", took_s);
    field(text, "rdb_current_bgsave_time_sec", now_s);
    field(text, "rdb_saves", saves.count.load(Relaxed));
    field(text, "rdb_last_load_keys_loaded", store.loading.snapshot.entries.load(Relaxed));
    field(text, "aof_enabled", u8::from(journal.is_on()));
    field(text, "aof_rewrite_in_progress", u8::from(is_saving && journal.is_on()));
    field(text, "aof_rewrite_scheduled", 0);
    field(text, "aof_last_rewrite_time_sec", took_s);
    field(text, "aof_current_rewrite_time_sec", now_s);
    field(text, "aof_last_bgrewrite_status", status(has_failed));
    let trouble = journal.trouble();
    field(text, "aof_last_write_status", status(trouble >= Trouble::Full));
    if !journal.is_on() {
        return;
    }
    let figures = &journal.figures;
    field(text, "aof_current_size", figures.bytes.load(Relaxed));
    field(text, "aof_base_size", figures.base_bytes.load(Relaxed));
    field(text, "aof_buffer_length", journal.pending());
    field(text, "aof_pending_bio_fsync", u8::from(journal.durable() < journal.written()));
    field(text, "journal_state", trouble.name());
    if trouble != Trouble::None {
        field(text, "journal_reason", journal.reason());
    }
    field(text, "journal_last_lsn", journal.last());
    field(text, "journal_written_lsn", journal.written());
    field(text, "journal_durable_lsn", journal.durable());
    field(text, "journal_syncs", figures.syncs.load(Relaxed));
    field(text, "journal_last_sync_usec", figures.sync_us.load(Relaxed));
    field(text, "journal_longest_sync_usec", figures.sync_us_max.load(Relaxed));
    field(text, "journal_blocks", figures.blocks.load(Relaxed));
    field(text, "journal_held_back_turns", figures.held_back.load(Relaxed));
    field(text, "journal_replayed_units", store.loading.units.load(Relaxed));
}

fn stats(cx: &Desk<'_>, text: &mut String) {
    let process = cx.process;
    let total = |pick: fn(&Counters) -> u64| process.total(pick);
    let lately = process.rates.per_second();
    let kilobytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1024.0);
    field(text, "total_connections_received", total(|counters| counters.connections.get()));
    field(text, "total_commands_processed", total(|counters| counters.commands.get()));
    field(text, "instantaneous_ops_per_sec", lately.commands);
    field(text, "total_net_input_bytes", total(|counters| counters.input_bytes.get()));
    field(text, "total_net_output_bytes", total(|counters| counters.output_bytes.get()));
    field(text, "instantaneous_input_kbps", kilobytes(lately.input_bytes));
    field(text, "instantaneous_output_kbps", kilobytes(lately.output_bytes));
    field(text, "rejected_connections", total(|counters| counters.connections_refused.get()));
    field(text, "sync_full", 0);
    field(text, "sync_partial_ok", 0);
    field(text, "sync_partial_err", 0);
    field(text, "expired_subkeys", total(|counters| counters.expired_parts.get()));
    field(text, "expired_keys", total(|counters| counters.expired.get()));
    field(text, "evicted_keys", 0);
    field(text, "evicted_clients", 0);
    field(text, "keyspace_hits", total(|counters| counters.hits.get()));
    field(text, "keyspace_misses", total(|counters| counters.misses.get()));
    for (name, value) in process.stats() {
        field(text, name, value);
    }
    let tracked = process.tracking.extent();
    field(text, "tracking_total_keys", tracked.keys);
    field(text, "tracking_total_items", tracked.items);
    field(text, "tracking_total_prefixes", tracked.prefixes);
    field(text, "latest_fork_usec", 0);
    field(text, "total_forks", 0);
    field(text, "total_error_replies", total(|counters| counters.errors.get()));
    let closed = [
        ("client_query_buffer_limit_disconnections", total(|counters| counters.closed_input.get())),
        (
            "client_output_buffer_limit_disconnections",
            total(|counters| counters.closed_output.get()),
        ),
        ("client_output_stall_disconnections", total(|counters| counters.closed_stalled.get())),
        ("client_timeout_disconnections", total(|counters| counters.closed_idle.get())),
        ("client_protocol_error_disconnections", total(|counters| counters.closed_protocol.get())),
    ];
    for (name, value) in closed {
        field(text, name, value);
    }
}

fn replication(cx: &Desk<'_>, text: &mut String) {
    let process = cx.process;
    let status = process.following.status();
    let offset = process.following.offset();
    if let Some(master) = &status.master {
        following(cx, text, master, &status, offset);
    } else {
        field(text, "role", "master");
    }
    field(text, "connected_slaves", 0);
    field(text, "master_failover_state", "no-failover");
    let history = &status.history;
    field(text, "master_replid", if history.is_empty() { &process.run_id } else { history });
    field(text, "master_replid2", "0".repeat(40));
    field(text, "master_repl_offset", offset);
    field(text, "second_repl_offset", -1);
    field(text, "repl_backlog_active", 0);
    field(text, "repl_backlog_size", 0);
    field(text, "repl_backlog_first_byte_offset", 0);
    field(text, "repl_backlog_histlen", 0);
}

/// How it stands with the server that is followed.
fn following(cx: &Desk<'_>, text: &mut String, master: &Master, status: &Status, offset: u64) {
    let is_up = status.link == Link::Connected;
    let seconds = |since: u64| (cx.now.saturating_sub(since) / 1000).cast_signed();
    let settings = &cx.process.settings;
    field(text, "role", "slave");
    field(text, "master_host", &master.host);
    field(text, "master_port", master.port);
    field(text, "master_link_status", if is_up { "up" } else { "down" });
    let heard = if is_up { seconds(status.heard) } else { -1 };
    field(text, "master_last_io_seconds_ago", heard);
    field(text, "master_sync_in_progress", u8::from(status.link == Link::Sync));
    field(text, "slave_read_repl_offset", offset);
    field(text, "slave_repl_offset", offset);
    if status.link == Link::Sync {
        let total = status.total.unwrap_or(0);
        let share = if total == 0 { 0.0 } else { status.read as f64 * 100.0 / total as f64 };
        field(text, "master_sync_total_bytes", total);
        field(text, "master_sync_read_bytes", status.read);
        field(text, "master_sync_left_bytes", total.saturating_sub(status.read));
        field(text, "master_sync_perc", format_args!("{share:.2}"));
        field(text, "master_sync_last_io_seconds_ago", seconds(status.heard));
    }
    if !is_up {
        field(text, "master_link_down_since_seconds", seconds(status.down_since));
    }
    field(text, "master_refused_commands", status.refused);
    field(text, "slave_priority", 100);
    field(text, "slave_read_only", u8::from(settings.boolean(&redis::REPLICA_READ_ONLY)));
    field(text, "replica_announced", 1);
}

fn cpu(_: &Desk<'_>, text: &mut String) {
    let time = machine::cpu_time();
    field(text, "used_cpu_sys", format_args!("{:.6}", time.system));
    field(text, "used_cpu_user", format_args!("{:.6}", time.user));
    field(text, "used_cpu_sys_children", "0.000000");
    field(text, "used_cpu_user_children", "0.000000");
}

fn commandstats(cx: &Desk<'_>, text: &mut String) {
    let process = cx.process;
    for entry in process.table.entries() {
        let sum = |pick: fn(&crate::observe::CommandCounters) -> u64| {
            process.total(|counters| pick(&counters.per_command[entry.index]))
        };
        let calls = sum(|command| command.calls.get());
        let (rejected, failed) =
            (sum(|command| command.rejected.get()), sum(|command| command.failed.get()));
        if calls + rejected == 0 {
            continue;
        }
        let micros = Ticks::micros(sum(|command| command.ticks.get()));
        let each = if calls == 0 { 0.0 } else { micros / calls as f64 };
        let _ = write!(
            text,
            "cmdstat_{}:calls={calls},usec={},usec_per_call={each:.2},rejected_calls={rejected},\
             failed_calls={failed}\r\n",
            entry.wire_name, micros as u64,
        );
    }
}

fn errorstats(cx: &Desk<'_>, text: &mut String) {
    let mut codes: BTreeMap<Box<str>, u64> = BTreeMap::new();
    for counters in &cx.process.counters {
        for (code, count) in counters.error_codes() {
            *codes.entry(code).or_default() += count;
        }
    }
    for (code, count) in codes {
        let _ = write!(text, "errorstat_{code}:count={count}\r\n");
    }
}

fn cluster(_: &Desk<'_>, text: &mut String) {
    field(text, "cluster_enabled", 0);
}

fn keyspace(cx: &Desk<'_>, text: &mut String) {
    let keyspace = &cx.process.keyspace;
    for number in 0..keyspace.databases() {
        let census = keyspace.census(number);
        if census.keys > 0 {
            let (keys, volatile, mortal) = (census.keys, census.volatile, census.mortal);
            let _ = write!(
                text,
                "db{number}:keys={keys},expires={volatile},avg_ttl=0,subexpiry={mortal}\r\n"
            );
        }
    }
}
