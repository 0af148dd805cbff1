//! Numbers in JSON, which has no infinity and no NaN: those are the strings "inf", "-inf" and "NaN".

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Other(String),
}

pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let number = if value.is_finite() { Number::Finite(*value) } else { Number::Other(value.to_string()) };
    number.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Number::deserialize(deserializer)? {
        Number::Finite(value) => Ok(value),
        Number::Other(text) => text.parse().map_err(|_| D::Error::custom(format!("{text} is not a number"))),
    }
}

/// The same for a number that may be missing.
pub(super) mod optional {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Present(#[serde(with = "super")] f64);

    pub(in crate::results) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Present).serialize(serializer)
    }

    pub(in crate::results) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Present>::deserialize(deserializer)?.map(|Present(value)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Pair {
        #[serde(with = "super")]
        value: f64,
        #[serde(with = "super::optional")]
        maybe: Option<f64>,
    }

    #[test]
    fn every_number_comes_back_with_its_bits() {
        for value in [0.1, -0.0, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            for maybe in [None, Some(value)] {
                let text = serde_json::to_string(&Pair { value, maybe }).unwrap();
                let read: Pair = serde_json::from_str(&text).unwrap();
                assert_eq!(read.value.to_bits(), value.to_bits(), "{text}");
                assert_eq!(read.maybe.map(f64::to_bits), maybe.map(f64::to_bits), "{text}");
            }
        }
    }
}
