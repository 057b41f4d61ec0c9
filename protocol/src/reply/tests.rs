//! Every reply in both versions, byte by byte.

use super::{ReplyWriter, Version, format_double};

fn written(version: Version, write: impl Fn(&mut ReplyWriter<'_>)) -> String {
    let mut buffer = b"|".to_vec();
    write(&mut ReplyWriter::new(&mut buffer, version));
    let text = String::from_utf8(buffer).expect("text");
    text.strip_prefix('|').expect("only appends").replace("\r\n", "~")
}

#[track_caller]
fn check(resp2: &str, resp3: &str, write: impl Fn(&mut ReplyWriter<'_>)) {
    assert_eq!(written(Version::Resp2, &write), resp2);
    assert_eq!(written(Version::Resp3, &write), resp3);
}

#[test]
fn replies_in_both_versions() {
    check("+OK~", "+OK~", |to| to.ok());
    check("+QUEUED~", "+QUEUED~", |to| to.simple("QUEUED"));
    check("-ERR syntax error~", "-ERR syntax error~", |to| to.error("ERR syntax error"));
    check("$5~hello~", "$5~hello~", |to| to.bulk_str("hello"));
    check("$0~~", "$0~~", |to| to.bulk(b""));
    check("$-1~", "_~", |to| to.null());
    check("*-1~", "_~", |to| to.null_array());
    check("*0~", "*0~", |to| to.array(0));
    check("*123~", "*123~", |to| to.array(123));
    check("*4~", "%2~", |to| to.map(2));
    check("*98~", "%49~", |to| to.map(49));
    check("*200~", "%100~", |to| to.map(100));
    check("*3~", "~3~", |to| to.set(3));
    check("*3~", ">3~", |to| to.push(3));
    check(":1~", "#t~", |to| to.boolean(true));
    check(":0~", "#f~", |to| to.boolean(false));
    check("$3~0.5~", ",0.5~", |to| to.double(0.5));
    check("$4~-inf~", ",-inf~", |to| to.double(f64::NEG_INFINITY));
    check("$2~12~", "(12~", |to| to.big_number("12"));
    check("$4~Text~", "=8~txt:Text~", |to| to.verbatim(*b"txt", b"Text"));
    check("+x~", "+x~", |to| to.raw(b"+x\r\n"));
    check(":7~", "|1~+k~+v~:7~", |to| {
        if to.attribute(1) {
            to.simple("k");
            to.simple("v");
        }
        to.integer(7);
    });
}

#[test]
fn no_text_breaks_the_framing() {
    check("-ERR a  b c~", "-ERR a  b c~", |to| to.error("ERR a\r\nb\0c"));
    check("+a b~", "+a b~", |to| to.simple("a\nb"));
    check("$3~1 2~", "(1 2~", |to| {
        if to.version() == Version::Resp2 { to.bulk(b"1 2") } else { to.big_number("1\n2") }
    });
}

#[test]
fn integers_of_every_width() {
    for value in (-1100..1100).chain([i64::MIN, i64::MAX, i64::MIN + 1, 99_999, 100_000]) {
        check(&format!(":{value}~"), &format!(":{value}~"), |to| to.integer(value));
    }
    for digits in 1..19 {
        let value = 10i64.pow(digits);
        for value in [value - 1, value, -value] {
            check(&format!(":{value}~"), &format!(":{value}~"), |to| to.integer(value));
        }
    }
}

#[test]
fn bulks_of_every_header_width() {
    for len in [0, 9, 10, 99, 100, 999, 1000, 12_345] {
        let text = "x".repeat(len);
        let expected = format!("${len}~{text}~");
        check(&expected, &expected, |to| to.bulk_str(&text));
        check(&expected, &expected, |to| to.bulk_display(&text));
        check(&expected, &expected, |to| to.bulk_display(format_args!("{text}")));
    }
}

#[test]
fn a_length_known_late_reads_as_one_known_before() {
    for count in [0usize, 1, 9, 10, 11, 99, 100, 1000, 123_456] {
        let elements = |to: &mut ReplyWriter<'_>, per: usize| {
            for index in 0..count * per {
                to.integer(index as i64);
            }
        };
        for version in [Version::Resp2, Version::Resp3] {
            let array = written(version, |to| {
                let begun = to.begin_array();
                elements(to, 1);
                to.finish_array(begun, count);
            });
            assert_eq!(array, written(version, |to| (to.array(count), elements(to, 1)).1));
            let map = written(version, |to| {
                let begun = to.begin_map();
                elements(to, 2);
                to.finish_map(begun, count);
            });
            assert_eq!(map, written(version, |to| (to.map(count), elements(to, 2)).1));
            let set = written(version, |to| {
                let begun = to.begin_set();
                elements(to, 1);
                to.finish_set(begun, count);
            });
            assert_eq!(set, written(version, |to| (to.set(count), elements(to, 1)).1));
        }
    }
}

#[test]
fn late_lengths_nest_and_can_be_given_up() {
    check(
        "*2~*11~:0~:1~:2~:3~:4~:5~:6~:7~:8~:9~:10~+end~",
        "*2~~11~:0~:1~:2~:3~:4~:5~:6~:7~:8~:9~:10~+end~",
        |to| {
            let outer = to.begin_array();
            let inner = to.begin_set();
            (0..11).for_each(|value| to.integer(value));
            to.finish_set(inner, 11);
            let never = to.begin_map();
            to.simple("gone");
            to.abandon(never);
            to.simple("end");
            to.finish_array(outer, 2);
        },
    );
    check("-ERR no~", "-ERR no~", |to| {
        let start = to.position();
        let begun = to.begin_array();
        to.integer(1);
        to.rewind(start);
        to.finish_array(begun, 1);
        to.error("ERR no");
    });
}

#[test]
fn doubles_in_the_words_of_redis() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-3.0, "-3"),
        (10.0, "10"),
        (0.1, "0.1"),
        (0.5, "0.5"),
        (2.75, "2.75"),
        (-2.07, "-2.07"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1.0 / 3.0, "0.3333333333333333"),
        (100.25, "100.25"),
        (0.01, "0.01"),
        (0.000001, "0.000001"),
        (0.0000015, "1.5e-6"),
        (0.0001234567, "1.234567e-4"),
        (0.00012345678901234567, "1.2345678901234567e-4"),
        (0.0012345678901234567, "0.0012345678901234567"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (-1e-7, "-1e-7"),
        (1e-10, "1e-10"),
        (123456.789, "123456.789"),
        (1e15, "1000000000000000"),
        (9007199254740993.0, "9007199254740992"),
        (1e17, "100000000000000000"),
        (1e18, "1000000000000000000"),
        (4611686018427387904.0, "4611686018427387904"),
        (-4611686018427387904.0, "-4611686018427387904"),
        (4611686018427388928.0, "4611686018427389000"),
        (12345678901234567000.0, "12345678901234567000"),
        (1e19, "1e+19"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (1e100, "1e+100"),
        (-1.25e-105, "-1.25e-105"),
        (f64::MAX, "1.7976931348623157e+308"),
        (-f64::MAX, "-1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
        (-f64::NAN, "nan"),
    ] {
        assert_eq!(format_double(value).as_str(), text);
    }
}
