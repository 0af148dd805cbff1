//! Lists of values of axes, and how files have them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::axis::axes;
use crate::configuration::wrong;
use crate::error::Error;

/// Lists of values by the name of their axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists(BTreeMap<&'static str, Vec<String>>);

impl Lists {
    /// Sets the values of an axis, without those that occur before.
    ///
    /// # Errors
    /// A name of no axis; a value that is not one of it; no values.
    pub fn set(&mut self, name: &str, values: impl IntoIterator<Item = String>) -> Result<(), Error> {
        let axis = axes().iter().find(|axis| axis.name == name).ok_or_else(|| {
            let names = axes().iter().map(|axis| axis.name).collect::<Vec<_>>().join(", ");
            Error::Setting(format!("there is no axis {name}; there are {names}"))
        })?;
        let mut list = Vec::new();
        for value in values {
            axis.check(&value).map_err(|reason| wrong(name, &value, &reason))?;
            if !list.contains(&value) {
                list.push(value);
            }
        }
        if list.is_empty() {
            return Err(wrong(name, "", "there must be a value"));
        }
        self.0.insert(axis.name, list);
        Ok(())
    }

    /// Removes the values of an axis, and returns them.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<String> {
        self.0.remove(name).unwrap_or_default()
    }

    /// The values of the axis with this name, if they are set.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// A value in a file: numbers are written as numbers.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Value {
    fn new(text: &str) -> Self {
        match (text.parse(), text.parse::<f64>()) {
            (Ok(integer), _) if i64::to_string(&integer) == text => Value::Integer(integer),
            (_, Ok(number)) if number.is_finite() && number.to_string() == text => Value::Number(number),
            _ => Value::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(integer) => write!(f, "{integer}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Value),
    More(Vec<Value>),
}

impl Serialize for Lists {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            map.serialize_entry(name, &values.iter().map(|value| Value::new(value)).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Lists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut lists = Lists::default();
        for (name, values) in BTreeMap::<String, OneOrMore>::deserialize(deserializer)? {
            let values = match values {
                OneOrMore::One(value) => vec![value],
                OneOrMore::More(values) => values,
            };
            lists.set(&name, values.iter().map(Value::to_string)).map_err(de::Error::custom)?;
        }
        Ok(lists)
    }
}
