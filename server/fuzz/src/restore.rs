//! Any bytes as a value that Redis serialised.

use mainstay_server::catalog;
use mainstay_server::persist::rdb::{form, hash, list, set, sorted_set, string};

/// Reads bytes as a value, whose form the first one chooses, and checks that
/// - reading ends, in a value or an error;
/// - what is dumped of a value restores, and says what the bytes said;
/// - a value that is not empty weighs something.
pub fn check_restore(data: &[u8]) {
    let Some((&form, bytes)) = data.split_first() else { return };
    let form = form % (form::HASH_LISTPACK_EX + 2);
    if form == form::STRING {
        let read = string::read(&mut &bytes[..], <[u8]>::to_vec);
        if let Ok(said) = read {
            let mut dumped = Vec::new();
            string::write(&mut dumped, &said);
            let again = string::read(&mut &dumped[1..], <[u8]>::to_vec);
            assert_eq!(again.expect("what was dumped restores"), said);
        }
        return;
    }
    let Some(kind) = catalog::kinds().find(|kind| kind.forms.contains(&form)) else { return };
    let Ok(value) = (kind.restore)(form, &mut &bytes[..]) else { return };
    let mut dumped = Vec::new();
    value.dump(0, &mut dumped);
    let (dumped_form, dumped_bytes) = (dumped[0], &dumped[1..]);
    let again = (kind.restore)(dumped_form, &mut &dumped_bytes[..]);
    let again = again.expect("what was dumped restores");
    assert_eq!(again.is_empty(), value.is_empty());
    assert_eq!(said(dumped_form, dumped_bytes), said(form, bytes), "{} of form {form}", kind.name);
}

/// The elements of a value; in order only if the order means something.
fn said(form: u8, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    let from = &mut bytes;
    let read = match form {
        form if list::FORMS.contains(&form) => list::read(form, from, |element| {
            said.push(element.to_vec());
            Ok(())
        }),
        form if set::FORMS.contains(&form) => set::read(form, from, |member| {
            said.push(member.to_vec());
            Ok(())
        }),
        form if sorted_set::FORMS.contains(&form) => {
            sorted_set::read(form, from, |member, score| {
                // A small one knows no minus zero.
                said.push([member, &(score + 0.0).to_bits().to_be_bytes()].concat());
                Ok(())
            })
        }
        form if hash::FORMS.contains(&form) => hash::read(form, from, |field, value, deadline| {
            let deadline = deadline.unwrap_or_default().to_be_bytes();
            said.push([field, b"\0", value, &deadline].concat());
            Ok(())
        }),
        _ => Ok(()),
    };
    read.expect("it was read before");
    if !list::FORMS.contains(&form) {
        said.sort_unstable();
    }
    said
}
