//! Tables of frames: read, refused, written, printed.

use bytes::{Bytes, BytesMut};

use super::{Frame, FrameDecoder, FrameError, FrameLimits, decode_frame, encode_frame};
use crate::reply::Version;

fn read(text: &str) -> Result<Option<Frame>, FrameError> {
    decode_frame(&mut text.replace('~', "\r\n").as_bytes().into(), &FrameLimits::default())
}

#[test]
fn every_type_is_read_and_printed() {
    // '~' stands for CR LF.
    for (input, printed) in [
        ("+OK~", "OK"),
        ("+Background saving started~", "Background saving started"),
        ("+~", r#"+"""#),
        ("+7~", r#"+"7""#),
        ("+a\"b~", r#"+"a\"b""#),
        ("-ERR syntax error~", "(error) ERR syntax error"),
        ("!9~ERR a\tb c~", "(error) ERR a\\tb c"),
        (":42~", "42"),
        (":-9223372036854775808~", "-9223372036854775808"),
        ("$5~hello~", r#""hello""#),
        ("$0~~", r#""""#),
        ("$6~a\"\\\n\t\0~", r#""a\"\\\n\t\x00""#),
        ("$2~ä~", r#""\xc3\xa4""#),
        ("$-1~", "(nil)"),
        ("*-1~", "(nil)"),
        ("_~", "(nil)"),
        ("*0~", "[]"),
        ("*3~:1~*1~$-1~+OK~", "[1, [(nil)], OK]"),
        ("%2~$1~k~:1~$1~l~*0~", r#"{"k": 1, "l": []}"#),
        ("%0~", "{}"),
        ("~", "?"),
        (">3~$7~message~$1~c~$1~m~", r#">["message", "c", "m"]"#),
        (",3.14~", ",3.14"),
        (",10~", ",10"),
        (",inf~", ",inf"),
        (",-inf~", ",-inf"),
        (",nan~", ",nan"),
        (",1E-7~", ",1e-7"),
        ("#t~", "#true"),
        ("#f~", "#false"),
        ("(-12345678901234567890~", "(-12345678901234567890"),
        ("=8~txt:some~", r#"=txt:"some""#),
        ("=4~txt:~", r#"=txt:"""#),
        ("|1~+ttl~:9~:7~", "7"),
        ("|0~|1~+a~|1~+b~+c~+d~*1~|1~+e~*1~:1~:2~", "[2]"),
    ] {
        if input == "~" {
            assert_eq!(read_bytes(b"~2\r\n:1\r\n:2\r\n").to_string(), "~[1, 2]");
            continue;
        }
        let frame = read(input).expect(input).expect(input);
        assert_eq!(frame.to_string(), printed);
        assert_eq!(format!("{frame:?}"), printed);
    }
}

fn read_bytes(input: &[u8]) -> Frame {
    let mut buffer = BytesMut::from(input);
    let frame = decode_frame(&mut buffer, &FrameLimits::default()).expect("valid").expect("whole");
    assert!(buffer.is_empty());
    frame
}

#[test]
fn what_is_no_frame_is_refused() {
    for (input, error) in [
        ("hello~", FrameError::UnknownType(b'h')),
        ("~", FrameError::UnknownType(b'\r')),
        (":~", FrameError::InvalidNumber),
        (":1x~", FrameError::InvalidNumber),
        (":9223372036854775808~", FrameError::InvalidNumber),
        ("$~", FrameError::InvalidLength),
        ("$-2~", FrameError::InvalidLength),
        ("=-1~", FrameError::InvalidLength),
        ("!-1~", FrameError::InvalidLength),
        ("%-1~", FrameError::InvalidLength),
        (">-1~", FrameError::InvalidLength),
        ("$?~", FrameError::Streamed),
        ("*?~", FrameError::Streamed),
        ("$2~abc~", FrameError::MissingLineEnd),
        ("+a\rb~", FrameError::MissingLineEnd),
        (",x~", FrameError::InvalidNumber),
        (",~", FrameError::InvalidNumber),
        ("(1.5~", FrameError::InvalidNumber),
        ("(~", FrameError::InvalidNumber),
        ("#x~", FrameError::InvalidBoolean),
        ("#~", FrameError::InvalidBoolean),
        ("_x~", FrameError::InvalidNull),
        ("=3~txt~", FrameError::InvalidVerbatim),
        ("=5~txt-x~", FrameError::InvalidVerbatim),
        ("*2~:1~?~", FrameError::UnknownType(b'?')),
        ("*9223372036854775807~", FrameError::TooManyElements),
        ("%9223372036854775807~", FrameError::TooManyElements),
        ("$9223372036854775807~", FrameError::BulkTooLong),
    ] {
        assert_eq!(read(input), Err(error), "{input}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn limits_hold_before_the_bytes_come() {
    let limits =
        FrameLimits { depth_max: 2, bulk_bytes_max: 10, line_bytes_max: 20, elements_max: 5 };
    let read =
        |input: &str| decode_frame(&mut input.replace('~', "\r\n").as_bytes().into(), &limits);
    assert_eq!(read("$10~"), Ok(None));
    assert_eq!(read("$11~"), Err(FrameError::BulkTooLong));
    assert_eq!(read("=11~"), Err(FrameError::BulkTooLong));
    assert_eq!(read("*1~*1~"), Ok(None));
    assert_eq!(read("*1~*1~*1~"), Err(FrameError::TooDeep));
    assert_eq!(read("*1~*1~*0~").map(|frame| frame.is_some()), Ok(true));
    assert_eq!(read("*5~"), Ok(None));
    assert_eq!(read("*6~"), Err(FrameError::TooManyElements));
    assert_eq!(read("%3~"), Err(FrameError::TooManyElements));
    assert_eq!(read("*2~*2~"), Ok(None));
    assert_eq!(read("*2~*4~"), Err(FrameError::TooManyElements));
    assert_eq!(read("|0~|0~|0~|0~|0~|0~"), Err(FrameError::TooManyElements));
    assert_eq!(read(&format!("+{:a<20}", "")), Ok(None));
    assert_eq!(read(&format!("+{:a<20}~", "")).map(|frame| frame.is_some()), Ok(true));
    assert_eq!(read(&format!("+{:a<21}", "")), Err(FrameError::LineTooLong));
    assert_eq!(read(&format!("+{:a<21}~", "")), Err(FrameError::LineTooLong));
}

#[test]
fn an_announcement_takes_no_memory() {
    let mut decoder = FrameDecoder::new();
    let mut buffer = BytesMut::from(&b"*200000000\r\n$536870912\r\nabc"[..]);
    assert_eq!(decoder.decode(&mut buffer, &FrameLimits::default()), Ok(None));
    assert!(decoder.weight() < 128);
    assert_eq!(decoder.wanted(), 24 + 536_870_912 + 2);
}

#[test]
fn a_refusal_leaves_the_decoder_as_new() {
    let mut decoder = FrameDecoder::new();
    let limits = FrameLimits::default();
    assert_eq!(decoder.decode(&mut BytesMut::from(&b"*2\r\n:1\r\n"[..]), &limits), Ok(None));
    let refused = decoder.decode(&mut BytesMut::from(&b"*2\r\n:1\r\n:x\r\n"[..]), &limits);
    assert_eq!(refused, Err(FrameError::InvalidNumber));
    assert!(decoder.is_idle());
    let read = decoder.decode(&mut BytesMut::from(&b"*1\r\n:7\r\n"[..]), &limits);
    assert_eq!(read.expect("valid").expect("whole").to_string(), "[7]");
}

#[test]
fn depth_has_a_ceiling_whatever_the_limits_say() {
    let limits = FrameLimits { depth_max: usize::MAX, ..FrameLimits::default() };
    let deep = |depth: usize| BytesMut::from((("*1\r\n".repeat(depth)) + ":1\r\n").as_bytes());
    assert!(decode_frame(&mut deep(512), &limits).expect("allowed").is_some());
    assert_eq!(decode_frame(&mut deep(513), &limits), Err(FrameError::TooDeep));
}

#[test]
fn many_attributes_do_not_recurse() {
    let input = "|0\r\n".repeat(200_000) + ":1\r\n";
    assert_eq!(read_bytes(input.as_bytes()), Frame::Integer(1));
}

#[test]
fn strings_are_slices_of_the_read_buffer() {
    let mut buffer = BytesMut::from(&b"*2\r\n$3\r\nabc\r\n$3\r\ndef\r\n+next"[..]);
    let place = buffer.as_ptr() as usize;
    let frame = decode_frame(&mut buffer, &FrameLimits::default()).expect("valid");
    let Some(Frame::Array(elements)) = frame else { panic!("{frame:?}") };
    let [Frame::Bulk(first), Frame::Bulk(second)] = &elements[..] else { panic!("{elements:?}") };
    assert_eq!((first.as_ptr() as usize, second.as_ptr() as usize), (place + 8, place + 17));
    assert_eq!(&buffer[..], b"+next");
}

#[test]
fn a_decoder_goes_on_where_it_stopped() {
    let input = b"*2\r\n$3\r\nabc\r\n$3\r\ndef\r\n";
    let (mut decoder, mut buffer) = (FrameDecoder::new(), BytesMut::new());
    for (index, &byte) in input.iter().enumerate() {
        assert_eq!(buffer.len(), index);
        assert_eq!(decoder.decode(&mut buffer, &FrameLimits::default()), Ok(None));
        buffer.extend_from_slice(&[byte]);
        if index == 7 {
            assert_eq!(decoder.decode(&mut buffer, &FrameLimits::default()), Ok(None));
            assert_eq!((decoder.wanted(), decoder.is_idle()), (13, false));
        }
    }
    let frame = decoder.decode(&mut buffer, &FrameLimits::default()).expect("valid");
    assert_eq!(frame.expect("whole").to_string(), r#"["abc", "def"]"#);
    assert!(decoder.is_idle());
}

#[test]
fn resp2_shows_what_it_does_not_know_as_something_it_does() {
    let text = Bytes::from_static(b"12");
    let frame = Frame::Array(vec![
        Frame::Map(vec![(Frame::Integer(1), Frame::Null)]),
        Frame::Set(vec![Frame::Double(0.5)]),
        Frame::Push(vec![Frame::Boolean(true)]),
        Frame::BigNumber(text.clone()),
        Frame::Verbatim { format: *b"txt", text },
    ]);
    let mut bytes = Vec::new();
    encode_frame(&frame, Version::Resp2, &mut bytes);
    assert_eq!(read_bytes(&bytes).to_string(), r#"[[1, (nil)], ["0.5"], [1], "12", "12"]"#);
    bytes.clear();
    encode_frame(&frame, Version::Resp3, &mut bytes);
    assert_eq!(read_bytes(&bytes), frame);
}
