//! Values as text that compares byte by byte as the values do, so that one column serves every type on both databases.
//! The first letter tells the type apart where projects name different fields alike.

use rust_decimal::Decimal;

/// How many characters of a text are compared.
pub(super) const COMPARED: usize = 255;

/// A number: sign, how many digits stand before the point, the digits, and what is behind the point. Of a negative one
/// each digit is what it lacks to nine, and `~` ends it, because -1.5 stands before -1.
pub(super) fn number(letter: char, number: Decimal) -> String {
    let text = number.abs().normalize().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let point = if part.is_empty() { "" } else { "." };
    let digits = format!("{:02}{whole}{point}{part}", whole.len());
    if number.is_sign_positive() || number.is_zero() {
        return format!("{letter}1{digits}");
    }
    let lacking: String = digits
        .chars()
        .map(|digit| match digit.to_digit(10) {
            Some(digit) => char::from(b'9' - u8::try_from(digit).unwrap_or_default()),
            None => digit,
        })
        .collect();
    format!("{letter}0{lacking}~")
}

/// A text, as far as it is compared.
pub(super) fn text(letter: char, text: &str) -> String {
    let mut ord = String::with_capacity(text.len().min(COMPARED) + 1);
    ord.push(letter);
    // What controls nothing here separates values in a cursor.
    ord.extend(text.chars().take(COMPARED).map(|letter| if letter < ' ' { ' ' } else { letter }));
    ord
}

/// The option at this place of the list.
pub(super) fn option(place: usize, key: &str) -> String {
    format!("s{place:03}{key}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_compare_as_their_texts_do(one in -1_000_000_000_000_i64..1_000_000_000_000, two in -1_000_000_000_000_i64..1_000_000_000_000,
            scales in (0_u32..10, 0_u32..10)) {
            let (one, two) = (Decimal::new(one, scales.0), Decimal::new(two, scales.1));
            prop_assert_eq!(one.cmp(&two), number('n', one).cmp(&number('n', two)), "{} {}", one, two);
        }

        #[test]
        fn small_ones_too(one in -200_i64..200, two in -200_i64..200, scales in (0_u32..4, 0_u32..4)) {
            let (one, two) = (Decimal::new(one, scales.0), Decimal::new(two, scales.1));
            prop_assert_eq!(one.cmp(&two), number('n', one).cmp(&number('n', two)), "{} {}", one, two);
        }
    }
}
