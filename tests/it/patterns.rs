//! The notation of expected replies.

use mainstay_tests::pattern::fits;

#[test]
fn open_places_take_what_they_name_and_nothing_else() {
    for (expected, got, want) in [
        ("OK", "OK", true),
        ("OK", "OKAY", false),
        ("(any)", "[1, {\"a\": 2}]", true),
        ("[(integer), (any)]", "[-12, \"x\"]", true),
        ("[(integer), (any)]", "[\"12\", \"x\"]", false),
        ("(integer)", "", false),
        ("(float)", "1.5", true),
        ("(string)", "\"a \\\" b\"", true),
        ("(string)", "\"a\", \"b\"", false),
        ("[(string), (string)]", "[\"a, b\", \"c\"]", true),
        ("(nil)", "(nil)", true),
        ("(error) ERR (any)", "(error) ERR no such key", true),
    ] {
        assert_eq!(fits(expected, got), want, "{expected} against {got}");
    }
}
