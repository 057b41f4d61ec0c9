//! Tables of what is read and refused. The words were compared with redis-server 7.0.15.

use super::decoder::Decoder;
use super::{Batch, Limits, OwnedRequest, RequestError};

/// The requests of `input`, how many bytes they took, and the error behind them.
fn read(
    input: &[u8],
    limits: &Limits,
) -> (Vec<OwnedRequest>, Result<usize, RequestError>, Decoder) {
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let result = decoder.decode(input, limits, &mut batch);
    (batch.iter(input).map(|request| request.to_owned()).collect(), result, decoder)
}

fn owned(args: &[&str]) -> OwnedRequest {
    OwnedRequest::from_args(args.iter().map(|arg| arg.as_bytes()))
}

fn error_of(input: &[u8], limits: &Limits) -> String {
    read(input, limits).1.expect_err("refused").to_string()
}

#[test]
fn whole_requests_are_taken_and_the_rest_is_left() {
    let input = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*0\r\n*-1\r\nPING\r\n\r\n   \n*1\r\n$4\r\nQU";
    let (requests, taken, decoder) = read(input, &Limits::default());
    assert_eq!(requests, [owned(&["GET", "k"]), owned(&["PING"])]);
    assert_eq!(taken, Ok(input.len() - 10));
    assert_eq!(decoder.wanted(), 14);
    assert!(!decoder.is_idle());
}

#[test]
fn a_request_knows_its_place_and_answers_for_every_index() {
    let input = b"PING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n";
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    assert_eq!(decoder.decode(input, &Limits::default(), &mut batch), Ok(input.len()));
    assert!(decoder.is_idle());
    assert_eq!(batch.len(), 2);
    let ping = batch.get(0, input).expect("first");
    assert_eq!((ping.start(), ping.end(), ping.name()), (0, 6, &b"PING"[..]));
    let set = batch.get(1, input).expect("second");
    assert_eq!((set.start(), set.end(), set.len()), (6, input.len(), 3));
    assert_eq!(set.args().rev().collect::<Vec<_>>(), [&b""[..], b"k", b"SET"]);
    assert_eq!(set.args().len(), 3);
    assert_eq!((set.get(2), set.get(3)), (Some(&b""[..]), None));
    assert_eq!((set.arg(1), set.arg(3), set.arg(usize::MAX)), (&b"k"[..], &b""[..], &b""[..]));
    assert!(batch.get(2, input).is_none());
    assert_eq!(batch.get(1, b"*1").expect("wrong buffer").arg(1), b"");
    assert_eq!(format!("{set:?}"), r#"["SET", "k", ""]"#);
    let owned = set.to_owned();
    assert_eq!(owned.as_request(), set);
    assert_eq!(owned.weight(), 4 + 3 * 8);
}

#[test]
fn bytes_around_an_argument_are_counted_and_not_looked_at() {
    // Redis checks neither the byte after a CR nor the two bytes behind an argument.
    let (requests, taken, _) = read(b"*1\rx$4\rxPINGxx", &Limits::default());
    assert_eq!((requests, taken), (vec![owned(&["PING"])], Ok(14)));
    let (requests, ..) = read(b"*1\r\n$6\r\n\0\r\n$1\r\r\n", &Limits::default());
    assert_eq!(requests[0].as_request().name(), b"\0\r\n$1\r");
}

#[test]
fn lengths_of_every_number_of_digits_are_read() {
    for len in [0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 16384, 99999, 100_000] {
        let value = vec![b'v'; len];
        let mut input = Vec::new();
        crate::encode_request([&b"SET"[..], b"k", &value].into_iter(), &mut input);
        let (requests, taken, _) = read(&input, &Limits::default());
        assert_eq!(taken, Ok(input.len()), "{len}");
        assert_eq!(requests[0].as_request().arg(2), value);
    }
    for count in [1, 9, 10, 99, 100, 12_345] {
        let mut input = Vec::new();
        crate::encode_request((0..count).map(|_| &b"a"[..]), &mut input);
        assert_eq!(read(&input, &Limits::default()).0[0].as_request().len(), count);
    }
}

#[test]
fn malformed_requests_are_refused_in_the_words_of_redis() {
    for (input, words) in [
        ("*\r\n", "invalid multibulk length"),
        ("*-\r\n", "invalid multibulk length"),
        ("*+1\r\n", "invalid multibulk length"),
        ("*01\r\n", "invalid multibulk length"),
        ("*1x\r\n", "invalid multibulk length"),
        ("* 1\r\n", "invalid multibulk length"),
        ("*1048577\r\n", "invalid multibulk length"),
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*9223372036854775808\r\n", "invalid multibulk length"),
        ("*1\r\n$\r\n", "invalid bulk length"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$03\r\n", "invalid bulk length"),
        ("*1\r\n$536870913\r\n", "invalid bulk length"),
        ("*1\r\n$18446744073709551616\r\n", "invalid bulk length"),
        ("*1\r\nx3\r\n", "expected '$', got 'x'"),
        ("*1\r\n*3\r\n", "expected '$', got '*'"),
        ("*1\r\n\r\n", "expected '$', got ' '"),
        ("*1\r\n\n\r\n", "expected '$', got ' '"),
        ("*1\r\n\x001\r\n", "expected '$', got '?'"),
        ("*1\r\n\u{7f}1\r\n", "expected '$', got '?'"),
        ("*1\r\nä1\r\n", "expected '$', got '?'"),
        ("a \"b\n", "unbalanced quotes in request"),
        ("a 'b\r\n", "unbalanced quotes in request"),
        ("a \"b\"c\n", "unbalanced quotes in request"),
        ("a 'b'c\n", "unbalanced quotes in request"),
        ("\"a\\\"\n", "unbalanced quotes in request"),
    ] {
        assert_eq!(error_of(input.as_bytes(), &Limits::default()), words, "{input:?}");
        // What came before is there, and it was whole.
        let behind = [b"PING\r\n", input.as_bytes()].concat();
        let (requests, result, decoder) = read(&behind, &Limits::default());
        assert_eq!((requests, result.is_err()), (vec![owned(&["PING"])], true));
        assert!(decoder.is_idle());
    }
}

#[test]
fn lines_end_within_the_limit_or_are_refused() {
    let limits = Limits { inline_bytes_max: 100, ..Limits::default() };
    for (start, words) in [
        ("", "too big inline request"),
        ("*", "too big mbulk count string"),
        ("*1\r\n$", "too big bulk count string"),
    ] {
        // The line counts from its first byte, and its end is not part of it.
        let line_start = start.rfind('\n').map_or(0, |at| at + 1);
        let fits = format!("{start:1<width$}", width = line_start + 100);
        let (requests, taken, decoder) = read(fits.as_bytes(), &limits);
        assert_eq!((requests.len(), taken), (0, Ok(0)), "{start:?}");
        assert_eq!(decoder.wanted(), fits.len() + 1);
        assert_eq!(error_of(format!("{fits}1").as_bytes(), &limits), words);
        // In one read with its end, as in Redis when the bytes come one by one.
        assert_eq!(error_of(format!("{fits}1\r\n").as_bytes(), &limits), words);
    }
    let (requests, ..) = read(format!("{:a<100}\n", "").as_bytes(), &limits);
    assert_eq!(requests[0].as_request().len(), 1);
}

#[test]
fn words_of_a_line_are_split_as_redis_does() {
    for (line, words) in [
        ("set k v", &["set", "k", "v"][..]),
        ("  set\tk  v ", &["set", "k", "v"]),
        ("\x0b\x0cset", &["set"]),
        // Vertical tab and form feed are blanks between words but part of one.
        ("a\x0bb\x0cc", &["a\x0bb\x0cc"]),
        (r#"set k """#, &["set", "k", ""]),
        (r#""a b" 'c d'"#, &["a b", "c d"]),
        (r#"a"b c""#, &["ab c"]),
        (r#"a'b c'"#, &["ab c"]),
        (r#""\n\r\t\b\a\\\"\q""#, &["\n\r\t\u{8}\u{7}\\\"q"]),
        (r#""\x41\x4a\x4A\x7a""#, &["AJJz"]),
        (r#""\x4" "\xg1""#, &["x4", "xg1"]),
        (r"'\n\'\x41'", &[r"\n'\x41"]),
        (r"a\nb", &[r"a\nb"]),
        ("a\rb", &["a", "b"]),
        ("\"a\"\x0b", &["a"]),
    ] {
        for end in ["\n", "\r\n"] {
            let input = format!("{line}{end}");
            let (requests, taken, _) = read(input.as_bytes(), &Limits::default());
            assert_eq!((requests, taken), (vec![owned(words)], Ok(input.len())), "{input:?}");
        }
    }
    // Bytes that are no UTF-8, and NUL.
    let (requests, ..) = read(b"\"\\xff\\x00\" \xfe\0\n", &Limits::default());
    assert_eq!(requests[0].as_request().args().collect::<Vec<_>>(), [b"\xff\0", b"\xfe\0"]);
}

#[test]
fn a_stranger_is_held_to_little() {
    let limits = Limits::unauthenticated();
    let refused = |input: &str| error_of(input.as_bytes(), &limits);
    assert_eq!(refused("*11\r\n"), "unauthenticated multibulk length");
    assert_eq!(refused("*2147483647\r\n"), "unauthenticated multibulk length");
    assert_eq!(refused("*2147483648\r\n"), "invalid multibulk length");
    assert_eq!(refused("*1\r\n$16385\r\n"), "unauthenticated bulk length");
    assert_eq!(refused("*1\r\n$536870912\r\n"), "unauthenticated bulk length");
    assert_eq!(refused("*1\r\n$536870913\r\n"), "invalid bulk length");
    assert_eq!(refused("1 2 3 4 5 6 7 8 9 10 11\n"), "unauthenticated multibulk length");
    assert!(read(b"*10\r\n$16384\r\n", &limits).1.is_ok());
}

#[test]
fn after_a_refusal_the_rest_can_be_read_with_other_limits() {
    let input = b"*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*11\r\n";
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let result = decoder.decode(input, &Limits::unauthenticated(), &mut batch);
    assert_eq!(result, Err(RequestError::UnauthenticatedMultibulkLength));
    let rest = &input[batch.get(0, input).expect("AUTH").end()..];
    batch.clear();
    assert_eq!(decoder.decode(rest, &Limits::default(), &mut batch), Ok(0));
    assert_eq!(decoder.wanted(), rest.len() + 1);
}

#[test]
fn all_arguments_together_are_bounded() {
    let limits = Limits { request_bytes_max: 40, ..Limits::default() };
    let fits = b"*2\r\n$3\r\nSET\r\n$20\r\n01234567890123456789\r\n";
    assert_eq!(fits.len(), 40);
    assert_eq!(read(fits, &limits).1, Ok(40));
    let behind = [&fits[..], b"*2\r\n$3\r\nSET\r\n$21\r\n"].concat();
    // It shows at the length, before the bytes are waited for.
    assert_eq!(read(&behind, &limits).1, Err(RequestError::TooBigRequest));
}

#[test]
fn an_announcement_takes_no_memory() {
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let input = b"*1048576\r\n$536870912\r\nabc";
    assert_eq!(decoder.decode(input, &Limits::default(), &mut batch), Ok(0));
    assert_eq!(decoder.weight(), 0);
    assert!(batch.spans.capacity() < 64);
    assert_eq!(decoder.wanted(), 22 + 536_870_912 + 2);
}

#[test]
fn an_idle_decoder_is_two_words() {
    assert!(size_of::<Decoder>() <= 16);
    assert_eq!(size_of::<super::Request<'_>>(), 40);
}

#[test]
fn a_request_of_many_arguments_is_not_read_twice() {
    const COUNT: usize = 100_000;
    let mut input = Vec::new();
    crate::encode_request((0..COUNT).map(|_| &b"argument"[..]), &mut input);
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let mut arrived = 0;
    while arrived < input.len() {
        arrived = (arrived + 16 * 1024).min(input.len());
        let taken = decoder.decode(&input[..arrived], &Limits::default(), &mut batch);
        if arrived < input.len() {
            assert_eq!(taken, Ok(0));
            // Reading goes on at the argument that was cut, wherever the cut fell.
            let (next, left) = decoder.progress().expect("spans are kept");
            assert!(arrived - next < 32);
            assert_eq!(COUNT - left, (next - 9) / 14);
            assert_eq!(batch.len(), 0);
        } else {
            assert_eq!(taken, Ok(input.len()));
        }
    }
    let request = batch.get(0, &input).expect("the request");
    assert_eq!(request.len(), COUNT);
    assert!(request.args().all(|arg| arg == b"argument"));
    assert_eq!((decoder.weight(), decoder.is_idle()), (0, true));
}

#[test]
fn a_cleared_batch_keeps_little() {
    let mut input = Vec::new();
    crate::encode_request((0..500_000).map(|_| &b"a"[..]), &mut input);
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    assert!(decoder.decode(&input, &Limits::default(), &mut batch).is_ok());
    assert!(batch.spans.capacity() >= 500_000);
    batch.clear();
    assert!(batch.is_empty());
    assert!(batch.spans.capacity() <= 64 * 1024);
}

#[test]
fn arguments_of_others_become_a_request() {
    let request = OwnedRequest::from_args([&b"LPUSH"[..], b"", b"\r\n"]);
    assert_eq!(format!("{request:?}"), r#"["LPUSH", "", "\r\n"]"#);
    assert_eq!(request.as_request().end(), 7);
    assert!(OwnedRequest::from_args([]).as_request().is_empty());
}
