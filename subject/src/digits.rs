//! Digits of every script, and the 11-proof.

use crate::bsn::BSN_LEN;

/// Weights of the 11-proof, first digit first.
const WEIGHTS: [i32; BSN_LEN] = [9, 8, 7, 6, 5, 4, 3, 2, -1];

/// The zero of every script with decimal digits (Unicode category Nd) that compatibility
/// decomposition does not already turn into `0`; nine more follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0,
    0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0,
    0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1,
    0x1E950,
];

/// True when the weighted sum is a multiple of 11 and not every digit is zero.
pub(crate) fn passes_proof(digits: &[u8; BSN_LEN]) -> bool {
    let weighted = digits.iter().zip(WEIGHTS).map(|(digit, weight)| i32::from(*digit) * weight);
    digits.iter().any(|digit| *digit != 0) && weighted.sum::<i32>() % 11 == 0
}

/// The value of a decimal digit in any script.
pub(crate) fn value(c: char) -> Option<u8> {
    if let Some(digit) = c.to_digit(10) {
        return u8::try_from(digit).ok();
    }
    let code = u32::from(c);
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|digit| *digit < 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts_have_their_value() {
        for (c, digit) in [('0', 0), ('9', 9), ('٤', 4), ('۹', 9), ('९', 9), ('𞥐', 0)] {
            assert_eq!(value(c), Some(digit), "{c}");
        }
        for other in ['a', '/', ':', 'é', '½', '一'] {
            assert_eq!(value(other), None, "{other}");
        }
    }

    #[test]
    fn the_zeros_are_in_order_and_do_not_overlap() {
        assert!(ZEROS.windows(2).all(|pair| pair[1] >= pair[0] + 10));
    }
}
