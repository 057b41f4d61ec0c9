//! redis.conf and the command line.

use crate::settings::catalog::{self, SETTINGS};
use crate::settings::file::{quote, split_words};
use crate::settings::start::{Start, start};

use super::{Folder, begin, begin_with, complaints, text_of, value};

#[test]
fn words_are_split_as_in_redis() {
    let rows: &[(&str, Option<&[&str]>)] = &[
        ("", Some(&[])),
        ("  port\t 7000 ", Some(&["port", "7000"])),
        (r#"save """#, Some(&["save", ""])),
        (r#"a "b c" 'd e'"#, Some(&["a", "b c", "d e"])),
        (r#""\x41\n\t\r\a\b\"\\\z""#, Some(&["A\n\t\r\u{7}\u{8}\"\\z"])),
        (r#""\xzz""#, Some(&["xzz"])),
        (r"'it\'s \n'", Some(&["it's \\n"])),
        (r#"a"b""#, Some(&["ab"])),
        (r#""a"b"#, None),
        (r#"port "7162"#, None),
        (r"'", None),
        (r#""\"#, None),
        ("a # b", Some(&["a", "#", "b"])),
        ("a\u{b}b\0c", Some(&["a", "b", "c"])),
        ("\u{b}", Some(&[])),
    ];
    for (line, expect) in rows {
        let words = split_words(line.as_bytes());
        let expect = expect.map(|words| words.iter().map(|word| word.as_bytes().to_vec()));
        assert_eq!(words, expect.map(Iterator::collect), "{line}");
    }
}

#[test]
fn a_quoted_word_comes_back() {
    for word in ["", "a", "a b", "\"", "'", "\\", "\n\r\t\u{7}\0", "#", "é ü", "a\u{b}b", "\u{85}"]
    {
        let line = format!("x {}", quote(word));
        assert!(!line.contains(['\n', '\r', '\0']), "{line:?}");
        assert_eq!(split_words(line.as_bytes()).unwrap()[1], word.as_bytes(), "{line}");
    }
}

#[test]
fn a_file_sets_and_later_lines_win() {
    let text = "# a comment\n\n  PORT 7000\nport 7001\r\nbind 127.0.0.1 ::1\nrequirepass \"a b\"\n\
                client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 4 5 6\n\
                hash-max-ziplist-entries 9\nsave \"\"\nhz 50\n";
    let configured = begin_with(&["-"], text).unwrap();
    let rows = [
        ("port", "7001"),
        ("bind", "127.0.0.1 ::1"),
        ("requirepass", "a b"),
        ("client-output-buffer-limit", "normal 1 2 3 slave 268435456 67108864 60 pubsub 4 5 6"),
        ("hash-max-listpack-entries", "9"),
        ("save", ""),
        ("hz", "50"),
    ];
    for (name, expect) in rows {
        assert_eq!(value(&configured, name), expect, "{name}");
    }
    assert_eq!(configured.idle, ["hz"]);
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let text = "maxclient 10\nmaxclients abc\nport 70000\nport 1 2\nport \"7\nzzzzzzzz\n\
                loadmodule x.so\nprotected-mode on\nproto-max-bulk-len 1x\n";
    let expect = "\
standard input:1: unknown directive 'maxclient': did you mean 'maxclients'?
  | maxclient 10
standard input:2: maxclients 'abc': argument couldn't be parsed into an integer (it takes a number from 1 to 4294967295)
  | maxclients abc
standard input:3: port '70000': argument must be between 0 and 65535 inclusive (it takes a number from 0 to 65535)
  | port 70000
standard input:4: port '1 2': wrong number of arguments (it takes a number from 0 to 65535)
  | port 1 2
standard input:5: unbalanced quotes
  | port \"7
standard input:6: unknown directive 'zzzzzzzz'
  | zzzzzzzz
standard input:7: loadmodule: modules of Redis cannot be loaded; remove the line
  | loadmodule x.so
standard input:8: protected-mode 'on': argument must be 'yes' or 'no' (it takes 'yes' or 'no')
  | protected-mode on
standard input:9: proto-max-bulk-len '1x': argument must be a memory value (it takes a number of bytes from 1mb)
  | proto-max-bulk-len 1x";
    assert_eq!(complaints(text), expect);
    let many = complaints(&"nosuch 1\n".repeat(25));
    assert!(many.ends_with("\nand 5 more"), "{many}");
    assert_eq!(many.matches("unknown directive").count(), 20);
}

#[test]
fn no_complaint_shows_a_secret() {
    let lines = [
        "requirepass hunter2 x",
        "requirepas hunter2",
        "\"requirepass\" hunter2 x",
        "\"re\\x71uirepass\" hunter2 x",
        "requirepass \"hunter2",
        "'requirepass' \"hunter2",
        "masterauth hunter2 hunter2",
        "user default on >hunter2",
        "tls-key-file-pass hunter2 x",
    ];
    for line in lines {
        let text = complaints(line);
        assert!(!text.is_empty() && !text.contains("hunter2"), "{line}: {text}");
    }
    for args in [vec!["--requirepass", "hunter2", "x"], vec!["--requirepas=hunter2"]] {
        let text = begin(&args).unwrap_err().to_string();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn includes_are_read_in_place_and_in_order() {
    let folder = Folder::new();
    folder.write("b.part", "timeout 2\nmaxclients 22\n");
    folder.write("a.part", "timeout 1\nport 7001\n");
    folder.write(".hidden.part", "timeout 9\n");
    let pattern = folder.0.join("*.part");
    let text = format!("port 7000\ninclude {}\nmaxclients 33\n", pattern.display());
    let main = folder.write("main.conf", &text);
    let configured = begin(&[text_of(&main)]).unwrap();
    let rows = [("port", "7001"), ("timeout", "2"), ("maxclients", "33")];
    for (name, expect) in rows {
        assert_eq!(value(&configured, name), expect, "{name}");
    }
    assert_eq!(configured.settings.file(), Some(main.as_path()));
}

#[test]
fn a_bad_include_is_a_problem_and_a_loop_ends() {
    let folder = Folder::new();
    let (one, two) = (folder.0.join("one"), folder.0.join("two"));
    folder.write("one", &format!("include {}\n", two.display()));
    folder.write("two", &format!("include {}\ninclude /nosuch\ninclude\n", one.display()));
    let text = begin(&[text_of(&one)]).unwrap_err().to_string();
    let two = two.display();
    assert!(text.contains(&format!("{two}:1: '{}' includes itself", one.display())), "{text}");
    assert!(text.contains(&format!("{two}:2: cannot read '/nosuch': No such file")), "{text}");
    assert!(text.contains(&format!("{two}:3: include takes one path")), "{text}");
    let missing = begin(&["/nosuch/redis.conf"]).unwrap_err().to_string();
    assert!(missing.starts_with("/nosuch/redis.conf: cannot be read: No such file"), "{missing}");
    let chain: Vec<_> = (0..30).map(|n| folder.0.join(format!("chain{n}"))).collect();
    for pair in chain.windows(2) {
        std::fs::write(&pair[0], format!("include {}\n", pair[1].display())).unwrap();
    }
    let deep = begin(&[text_of(&chain[0])]).unwrap_err().to_string();
    assert!(deep.contains("include goes deeper than 16 files"), "{deep}");
}

#[test]
fn flags_are_read_as_redis_server_reads_them() {
    let rows: &[(&[&str], &str, &str)] = &[
        (&[], "port", "6379"),
        (&["--port", "7000"], "port", "7000"),
        (&["--port 7000"], "port", "7000"),
        (&["--PORT", "7000"], "port", "7000"),
        (&["--port", "1", "--port", "2"], "port", "2"),
        (&["--slowlog-log-slower-than", "-1", "--port", "7000"], "port", "7000"),
        (&["--save", "--port", "7000"], "port", "7000"),
        (&["--save", "", "--port", "7000"], "port", "7000"),
        (&["--port", "7000", "--save"], "save", ""),
        (&["--requirepass", "--x"], "requirepass", "--x"),
        (&["--bind", "127.0.0.1", "-::1"], "bind", "127.0.0.1 -::1"),
        (&["--bind", "127.0.0.1 -::1"], "bind", "127.0.0.1 -::1"),
        (&["--bind", "--port", "7000"], "bind", "--port 7000"),
        (
            &["--client-output-buffer-limit", "normal", "1", "2", "3"],
            "client-output-buffer-limit",
            "normal 1 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        ),
    ];
    for (args, name, expect) in rows {
        let configured = begin(args).unwrap_or_else(|problems| panic!("{args:?}: {problems}"));
        assert_eq!(value(&configured, name), *expect, "{args:?}");
    }
}

#[test]
fn wrong_flags_are_explained() {
    let rows: &[(&[&str], &str)] = &[
        (&["--maxclient", "3"], "--maxclient: unknown directive: did you mean '--maxclients'?"),
        (&["--port=3"], "--port: the value stands after a blank: --port VALUE"),
        (&["--port"], "--port: wrong number of arguments (it takes a number from 0 to 65535)"),
        (
            &["--port", "7", "8"],
            "--port: '7 8': wrong number of arguments (it takes a number from 0 to 65535)",
        ),
        (
            &["-p", "7"],
            "-p: is neither the first argument (a file) nor the value of a flag\n\
            7: is neither the first argument (a file) nor the value of a flag",
        ),
        (
            &["--rename-command", "GET", ""],
            "--rename-command: commands cannot be renamed or hidden here; remove the line",
        ),
        (&["--"], "--: unknown directive"),
    ];
    for (args, expect) in rows {
        assert_eq!(begin(args).unwrap_err().to_string(), *expect, "{args:?}");
    }
}

#[test]
fn flags_come_after_standard_input_and_that_after_the_file() {
    let folder = Folder::new();
    let file = folder.write("r.conf", "port 1\ntimeout 1\nmaxclients 1\ndaemonize yes\n");
    let args = [text_of(&file), "--maxclients", "3", "--daemonize", "no", "-"];
    let configured = begin_with(&args, "timeout 2\nmaxclients 2\n").unwrap();
    let rows = [("port", "1"), ("timeout", "2"), ("maxclients", "3"), ("daemonize", "no")];
    for (name, expect) in rows {
        assert_eq!(value(&configured, name), expect, "{name}");
    }
    // Without the flag the line of the file is refused, with its place.
    let text = begin(&[text_of(&file)]).unwrap_err().to_string();
    let place = format!("{}:4: daemonize 'yes': the server stays in the", file.display());
    assert!(text.starts_with(&place), "{text}");
}

#[test]
fn help_and_version_are_printed() {
    for (flag, expect) in [
        ("-h", "Usage: mainstay-server"),
        ("--help", "--maxclients NUMBER"),
        ("-v", env!("CARGO_PKG_VERSION")),
        ("--version", "mainstay-server"),
    ] {
        match start(SETTINGS, &[flag.as_bytes().to_vec()], &mut &b""[..]) {
            Ok(Start::Print(text)) => assert!(text.contains(expect), "{flag}: {text}"),
            other => panic!("{flag}: {other:?}"),
        }
    }
}

/// A redis.conf with every idle directive of the table at its default starts, and all are named.
#[test]
fn defaults_of_redis_are_accepted_and_named() {
    let mut text = String::new();
    let mut idle = Vec::new();
    for setting in crate::settings::known::ALL {
        for line in setting.default_value().lines() {
            let words: Vec<String> = line.iter().map(|word| quote(word)).collect();
            text.push_str(&format!("{} {}\n", setting.name, words.join(" ")));
        }
        if setting.effect == crate::settings::Effect::Idle {
            idle.push(setting.name);
        }
    }
    assert_eq!(begin_with(&["-"], &text).unwrap().idle, idle);
}

#[test]
fn random_text_never_panics() {
    let seed: u64 = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::process::id().into(),
    };
    eprintln!("SEED={seed}");
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % bound
    };
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    let pieces = [
        "\"",
        "'",
        "\\",
        "\\x4",
        " ",
        "\n",
        "#",
        "--",
        "-",
        "0",
        "9",
        "99999999999999999999",
        "gb",
        "%",
        "yes",
        "normal",
        "é",
        "\0",
        "\u{b}",
        "\t",
        "\r",
        "=",
        "*",
        "[",
        "nosuch",
        "save",
    ];
    let settings = crate::settings::Settings::new(SETTINGS);
    let mut accepted = 0;
    for _ in 0..600 {
        // Half the texts are lines that have a chance, the other half is noise.
        let plausible = random(2) == 0;
        let mut text = Vec::new();
        for _ in 0..random(12) {
            let name = names[random(names.len())].as_bytes();
            match random(4) {
                _ if plausible => {
                    let value = pieces[random(pieces.len())];
                    let line = [name, b" ", quote(value).as_bytes(), b"\n"].concat();
                    if complaints(&String::from_utf8_lossy(&line)).is_empty() {
                        text.extend_from_slice(&line);
                    }
                }
                0 => text.extend_from_slice(name),
                1 => text.push(random(256) as u8),
                _ => text.extend_from_slice(pieces[random(pieces.len())].as_bytes()),
            }
        }
        let args: Vec<Vec<u8>> = (0..random(4)).map(|_| text.clone()).collect();
        // A first argument that names a file is left out, so that nothing outside is touched.
        if args.first().is_none_or(|first| first.starts_with(b"-")) {
            let _ = start(SETTINGS, &args, &mut &text[..]);
        }
        if let Ok(Start::Serve(configured)) = start(SETTINGS, &[b"-".to_vec()], &mut &text[..]) {
            // What was accepted can be written and read again.
            super::rewriting::assert_stable(&configured.settings, &text);
            accepted += usize::from(plausible);
        }
        let name = names[random(names.len())].as_bytes();
        let before = settings.get(&[b"*"]);
        if settings.set(&[(name, &text)]).is_err() {
            assert_eq!(settings.get(&[b"*"]), before);
        }
        settings.get(&[&text]);
    }
    assert!(accepted > 150, "only {accepted} texts were accepted");
    assert_eq!(settings.integer(&catalog::PORT), 6379);
}
