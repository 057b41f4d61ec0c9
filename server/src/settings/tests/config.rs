//! CONFIG GET and CONFIG SET. The texts were compared with redis-server 7.0.15, except for the rows
//! marked.

use crate::settings::catalog::{self, SETTINGS};
use crate::settings::store::{Settings, refused};
use crate::settings::value::{OutputLimit, Value};

/// Sets names and values in turn and answers the text of the error, or `OK`.
fn set(settings: &Settings, words: &[&str]) -> String {
    let pairs: Vec<(&[u8], &[u8])> =
        words.chunks(2).map(|pair| (pair[0].as_bytes(), pair[1].as_bytes())).collect();
    match settings.set(&pairs) {
        Ok(_) => "OK".into(),
        Err(error) => format!("ERR {error}"),
    }
}

fn get(settings: &Settings, name: &str) -> String {
    settings.get(&[name.as_bytes()]).remove(0).1
}

#[test]
fn refusals_have_the_words_of_redis() {
    let rows: &[(&[&str], &str, &str)] = &[
        (&["maxclients", "0"], "maxclients", "argument must be between 1 and 4294967295 inclusive"),
        (
            &["maxclients", "5000000000"],
            "maxclients",
            "argument must be between 1 and 4294967295 inclusive",
        ),
        (&["maxclients", "abc"], "maxclients", "argument couldn't be parsed into an integer"),
        (&["maxclients", ""], "maxclients", "argument couldn't be parsed into an integer"),
        (&["maxclients", "010"], "maxclients", "argument couldn't be parsed into an integer"),
        (&["maxclients", "+10"], "maxclients", "argument couldn't be parsed into an integer"),
        (&["maxclients", " 10"], "maxclients", "argument couldn't be parsed into an integer"),
        (&["maxclients", "0x10"], "maxclients", "argument couldn't be parsed into an integer"),
        (&["timeout", "-1"], "timeout", "argument must be between 0 and 2147483647 inclusive"),
        (
            &["tcp-keepalive", "2147483648"],
            "tcp-keepalive",
            "argument must be between 0 and 2147483647 inclusive",
        ),
        (
            &["timeout", "9223372036854775808"],
            "timeout",
            "argument couldn't be parsed into an integer",
        ),
        (
            &["slowlog-log-slower-than", "-2"],
            "slowlog-log-slower-than",
            "argument must be between -1 and 9223372036854775807 inclusive",
        ),
        (&["databases", "3"], "databases", "can't set immutable config"),
        (&["unixsocketperm", "999"], "unixsocketperm", "can't set immutable config"),
        (&["logfile", "x"], "logfile", "can't set immutable config"),
        (&["dir", "/nonexist"], "dir", "can't set protected config"),
        (&["dbfilename", "a/b"], "dbfilename", "can't set protected config"),
        (&["protected-mode", "maybe"], "protected-mode", "argument must be 'yes' or 'no'"),
        (&["maxmemory", "abc"], "maxmemory", "argument must be a memory value"),
        (&["maxmemory", "-1"], "maxmemory", "argument must be a memory value"),
        (&["maxmemory", "12 mb"], "maxmemory", "argument must be a memory value"),
        (&["maxmemory", "20000000tb"], "maxmemory", "argument must be a memory value"),
        (
            &["maxmemory-clients", "500%"],
            "maxmemory-clients",
            "percentage argument must be less or equal to 100",
        ),
        (
            &["maxmemory-clients", "x%"],
            "maxmemory-clients",
            "argument must be a memory or percent value",
        ),
        (
            &["proto-max-bulk-len", "1kb"],
            "proto-max-bulk-len",
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            &["appendfsync", "x"],
            "appendfsync",
            "argument(s) must be one of the following: everysec, always, no",
        ),
        // Redis 7.2 has `nothing` too.
        (
            &["loglevel", "foo"],
            "loglevel",
            "argument(s) must be one of the following: debug, verbose, notice, warning, nothing",
        ),
        (&["save", "900"], "save", "Invalid save parameters"),
        (&["save", "900 1 abc 1"], "save", "Invalid save parameters"),
        (&["save", "0 1"], "save", "Invalid save parameters"),
        (
            &["client-output-buffer-limit", "normal 1 2"],
            "client-output-buffer-limit",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            &["client-output-buffer-limit", "norm 1 2 3"],
            "client-output-buffer-limit",
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            &["client-output-buffer-limit", "normal x 2 3"],
            "client-output-buffer-limit",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        (
            &["latency-tracking-info-percentiles", "101"],
            "latency-tracking-info-percentiles",
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        ),
        (
            &["latency-tracking-info-percentiles", "a"],
            "latency-tracking-info-percentiles",
            "Invalid latency-tracking-info-percentiles parameters",
        ),
        (&["loglevel", "notice", "loglevel", "notice"], "loglevel", "duplicate parameter"),
        (
            &["maxclients", "1", "timeout", "1", "Maxclients", "2"],
            "Maxclients",
            "duplicate parameter",
        ),
        (&["timeout", "3", "databases", "3"], "databases", "can't set immutable config"),
        (
            &["maxclients", "100", "timeout", "abc"],
            "timeout",
            "argument couldn't be parsed into an integer",
        ),
    ];
    let settings = Settings::new(SETTINGS);
    let before = settings.get(&[b"*"]);
    for (words, name, reason) in rows {
        let expect =
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}");
        assert_eq!(set(&settings, words), expect);
    }
    for words in [["foo", "1", "timeout", "abc"], ["timeout", "abc", "foo", "1"]] {
        let expect = "ERR Unknown option or number of arguments for CONFIG SET - 'foo'";
        assert_eq!(set(&settings, &words), expect);
    }
    assert_eq!(settings.get(&[b"*"]), before);
    assert_eq!(settings.version(), 1);
}

#[test]
fn answers_are_normal_forms() {
    let rows = [
        ("PROTO-MAX-BULK-LEN", "2Mb", "2097152"),
        ("client-query-buffer-limit", "1500k", "1500000"),
        ("loglevel", "VERBOSE", "verbose"),
        ("protected-mode", "NO", "no"),
        ("requirepass", "a b", "a b"),
        ("latency-tracking-info-percentiles", "50 99.0", "50 99"),
        ("latency-tracking-info-percentiles", "", ""),
        ("hash-max-ziplist-entries", "100", "100"),
        ("maxmemory-clients", "0", "0"),
        (
            "client-output-buffer-limit",
            "normal 1mb 2mb 3 PUBSUB 1 2 3",
            "normal 1048576 2097152 3 slave 268435456 67108864 60 pubsub 1 2 3",
        ),
        (
            "client-output-buffer-limit",
            "replica 1 2 3",
            "normal 1048576 2097152 3 slave 1 2 3 pubsub 1 2 3",
        ),
        ("save", "", ""),
    ];
    let settings = Settings::new(SETTINGS);
    for (name, given, expect) in rows {
        assert_eq!(set(&settings, &[name, given]), "OK", "{name}");
        assert_eq!(get(&settings, name), expect);
    }
    assert_eq!(get(&settings, "hash-max-listpack-entries"), "100");
    let limits = settings.output_limits(&catalog::CLIENT_OUTPUT_BUFFER_LIMIT);
    let expect = OutputLimit { hard_bytes: 1, soft_bytes: 2, soft_seconds: 3 };
    assert_eq!(limits.replica, expect);
}

#[test]
fn an_exact_name_comes_back_as_asked_and_each_name_once() {
    let settings = Settings::new(SETTINGS);
    let found = settings.get(&[b"MAXCLIENTS", b"maxcl*", b"timeout", b"nosuch"]);
    let expect = [("MAXCLIENTS", "10000"), ("timeout", "0")];
    assert_eq!(found, expect.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn a_promise_that_is_not_kept_is_refused_and_its_default_is_not() {
    let settings = Settings::new(SETTINGS);
    for name in ["maxmemory", "notify-keyspace-events", "tls-port"] {
        let given = match name {
            "maxmemory" => "1gb",
            "notify-keyspace-events" => "KEA",
            _ => "6380",
        };
        let before = get(&settings, name);
        let answer = set(&settings, &["timeout", "7", name, given]);
        assert!(answer.contains("not built yet"), "{name}: {answer}");
        assert_eq!(set(&settings, &[name, &before]), "OK");
    }
    assert_eq!(settings.integer(&catalog::TIMEOUT), 0);
}

#[test]
fn the_process_can_refuse_a_change_before_anyone_sees_it() {
    let settings = Settings::new(SETTINGS);
    let pairs: &[(&[u8], &[u8])] = &[(b"timeout", b"5"), (b"maxclients", b"99")];
    let answer = settings.set_with(pairs, |changes| {
        assert_eq!(changes[1].setting.name, "maxclients");
        assert_eq!(changes[1].value, Value::Integer(99));
        Err(refused(b"maxclients", "too many"))
    });
    let text = answer.unwrap_err().to_string();
    assert_eq!(text, "CONFIG SET failed (possibly related to argument 'maxclients') - too many");
    assert_eq!(settings.integer(&catalog::TIMEOUT), 0);
    assert_eq!(settings.version(), 1);
    settings.set_with(pairs, |_| Ok(())).unwrap();
    assert_eq!(settings.integer(&catalog::TIMEOUT), 5);
    assert_eq!(settings.version(), 2);
}

#[test]
fn every_shape_has_a_getter() {
    let settings = Settings::new(SETTINGS);
    assert_eq!(settings.integer(&catalog::PORT), 6379);
    assert_eq!(settings.bytes(&catalog::INLINE_MAX), 65536);
    assert!(settings.boolean(&catalog::PROTECTED_MODE));
    assert_eq!(settings.words(&catalog::BIND), ["127.0.0.1", "-::1"]);
    assert_eq!(settings.choice(&catalog::LOGLEVEL), "notice");
    assert_eq!(settings.text(&catalog::DIR), ".");
    assert_eq!(settings.mode(&catalog::UNIXSOCKETPERM), 0);
    let percentiles = settings.percentiles(&catalog::LATENCY_TRACKING_INFO_PERCENTILES);
    assert_eq!(percentiles, [50.0, 99.0, 99.9]);
    assert_eq!(settings.save_points(&catalog::SAVE), []);
    assert!(settings.is_secret(b"RequirePass") && settings.is_secret(b"masterauth"));
    assert!(!settings.is_secret(b"port"));
}

#[test]
fn debug_output_holds_no_secret() {
    let settings = Settings::new(SETTINGS);
    let changes = settings.set(&[(b"requirepass", b"hunter2"), (b"timeout", b"5")]).unwrap();
    let shown = format!("{settings:?} {changes:?}");
    assert!(!shown.contains("hunter2") && shown.contains("timeout 5"), "{shown}");
}
