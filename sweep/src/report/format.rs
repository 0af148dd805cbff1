//! Numbers as text.

/// A number with at most four significant digits, in scientific notation if it is very large or small.
pub(super) fn number(value: f64) -> String {
    significant(value, 4)
}

fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".into()
        } else if value > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..5).contains(&exponent) {
        let decimals = digits as i32 - 1 - exponent;
        trimmed(&format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))).to_owned()
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// A number with three digits, aligned with others of its column; in scientific notation if it is very large or small.
pub(super) fn magnitude(value: f64) -> String {
    if value != 0.0 && value.is_finite() && !(0.01..1000.0).contains(&value.abs()) {
        format!("{value:.1e}")
    } else {
        format!("{value:.3}")
    }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A number in a sentence: `1.6·10⁻⁴⁰`.
pub(super) fn prose(value: f64) -> String {
    let text = significant(value, 3);
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{digits}·{}", power_of_ten(exponent.parse().unwrap_or(0))),
        None => text,
    }
}

/// A power of ten with raised digits: `10⁻⁴⁰`.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A list in a sentence: the first few, and how many more there are.
pub(super) fn list(items: &[String], most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let shown = &items[..items.len() - more];
    let separator = if shown.iter().any(|item| item.contains(',')) { "; " } else { ", " };
    match shown {
        _ if more > 0 => format!("{} and {more} more", shown.join(separator)),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(separator)),
        _ => shown.join(separator),
    }
}

/// A count with its noun: `1 run`, `3 runs`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_four_significant_digits() {
        let values = [0.0, 1.0, 0.234_567, 1234.56, 64.0, 1.6e-40, 1e-300, 5e-324, f64::INFINITY, f64::NAN, -0.001_5];
        let texts = ["0", "1", "0.2346", "1235", "64", "1.6e-40", "1e-300", "4.941e-324", "inf", "NaN", "-0.0015"];
        assert_eq!(values.map(number), texts);
    }

    #[test]
    fn powers_of_ten_are_written_with_raised_digits() {
        assert_eq!(["10⁻⁴⁰", "10⁰", "10¹²³"], [-40, 0, 123].map(power_of_ten));
        assert_eq!(["1.6·10⁻⁴⁰", "0.234", "418", "inf"], [1.6e-40, 0.234, 417.567, f64::INFINITY].map(prose));
    }

    #[test]
    fn a_list_is_cut() {
        let items = ["a", "b", "c"].map(String::from);
        assert_eq!([list(&items, 3), list(&items, 2), list(&items[..1], 2)], ["a, b and c", "a, b and 1 more", "a"]);
    }
}
