//! Selecting parameters by name.

use std::fmt;

use autodiff::{Error, Params, Real};
use wildmatch::WildMatch;

/// A filter of parameters by their names, with patterns in which `*` matches any characters and `?` exactly one.
///
/// A filter is made from a pattern, `"*.weight"`, or from several, of which one must match: `["fc1.*", "fc2.*"]`.
///
/// To catch typing errors, an optimizer refuses a filter with a pattern that matches no parameter, and one that selects none.
#[derive(Clone)]
pub struct ParamFilter {
    patterns: Vec<WildMatch>,
    negated: bool,
}

impl ParamFilter {
    /// Selects every parameter.
    pub fn all() -> Self {
        ParamFilter { patterns: Vec::new(), negated: true }
    }

    /// Selects the parameters that another filter does not: `ParamFilter::except(["*bias", "*bn*"])`.
    pub fn except(filter: impl Into<ParamFilter>) -> Self {
        let filter = filter.into();
        ParamFilter { negated: !filter.negated, ..filter }
    }

    /// Whether the filter selects a parameter of this name.
    pub fn matches(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name)) != self.negated
    }

    /// An error unless each pattern matches a parameter and the filter selects at least one. `part` is the part of an optimizer
    /// that the filter belongs to.
    pub(crate) fn check<T: Real>(&self, part: &str, params: &Params<T>) -> Result<(), Error> {
        let names = || params.iter().map(|(name, ..)| name);
        if let Some(pattern) = self.patterns.iter().find(|pattern| !names().any(|name| pattern.matches(name))) {
            return Err(selects_none(pattern.to_string(), "no name matches this pattern", part, params));
        }
        let is_all = self.patterns.is_empty() && self.negated;
        if is_all || names().any(|name| self.matches(name)) {
            return Ok(());
        }
        Err(selects_none(self.to_string(), "no parameter is left by this filter", part, params))
    }
}

/// The error of a filter or pattern, with the names that there are.
fn selects_none<T: Real>(filter: String, reason: &str, part: &str, params: &Params<T>) -> Error {
    /// How many names the message lists.
    const LISTED: usize = 8;
    let names = || params.iter().map(|(name, ..)| name);
    let listed: Vec<&str> = names().take(LISTED).collect();
    let more = match names().skip(LISTED).count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Error::Parameter { name: filter, reason: format!("{reason} of {part}; there are {}{more}", listed.join(", ")) }
}

impl fmt::Display for ParamFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.patterns.iter().map(WildMatch::to_string).collect();
        match (self.negated, patterns.is_empty()) {
            (true, true) => f.write_str("all"),
            (true, false) => write!(f, "all except [{}]", patterns.join(", ")),
            (false, _) => write!(f, "[{}]", patterns.join(", ")),
        }
    }
}

impl fmt::Debug for ParamFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&str> for ParamFilter {
    fn from(pattern: &str) -> Self {
        ParamFilter::from([pattern])
    }
}

impl<const N: usize> From<[&str; N]> for ParamFilter {
    fn from(patterns: [&str; N]) -> Self {
        ParamFilter { patterns: patterns.iter().map(|pattern| WildMatch::new(pattern)).collect(), negated: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_that_lists_what_there_is() {
        let mut params = Params::<f32>::new(0);
        params.scope("fc").parameter("weight", [2], |_, _| {});
        params.scope("fc").parameter("bias", [2], |_, _| {});
        let refused = |filter: ParamFilter| filter.check("decay", &params).unwrap_err().to_string();
        assert_eq!(
            refused("typo.*".into()),
            "parameter typo.*: no name matches this pattern of decay; there are fc.weight, fc.bias"
        );
        // Also as one of several patterns, and under `except`.
        assert!(refused(["*.weight", "*.bais"].into()).starts_with("parameter *.bais: no name matches"));
        assert!(refused(ParamFilter::except(["*.bais"])).starts_with("parameter *.bais: no name matches"));
        assert!(refused(ParamFilter::except("*")).starts_with("parameter all except [*]: no parameter is left"));
        assert!(refused(ParamFilter::except(ParamFilter::all())).starts_with("parameter []: no parameter is left"));
        for filter in [
            ParamFilter::all(),
            "fc.*".into(),
            ParamFilter::except("*bias"),
            ParamFilter::except(ParamFilter::except("*bias")),
        ] {
            filter.check("decay", &params).unwrap();
        }
        assert!(ParamFilter::except(ParamFilter::except("*bias")).matches("fc.bias"));
        ParamFilter::all().check("clip_norm", &Params::<f32>::new(0)).unwrap();
    }
}
