//! Which parameters something is for, by their names.

use std::fmt;

use autodiff::{Error, Params, Real};
use wildmatch::WildMatch;

/// Patterns of parameter names, in which `*` stands for any characters and `?` for one: `"*.weight"`, `["fc1.*", "fc2.*"]`.
///
/// Each pattern must match a parameter, so that one with a typing error is not passed over: an optimizer's first step refuses
/// it otherwise.
#[derive(Clone)]
pub struct Names {
    patterns: Vec<WildMatch>,
    except: bool,
}

impl Names {
    /// Every parameter.
    pub fn all() -> Self {
        Names { patterns: Vec::new(), except: true }
    }

    /// Every parameter that these are not for: `Names::except(["*bias", "*bn*"])`.
    pub fn except(names: impl Into<Names>) -> Self {
        let names = names.into();
        Names { except: !names.except, ..names }
    }

    /// Whether these are for a parameter of this name.
    pub fn fits(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name)) != self.except
    }

    /// An error unless each pattern matches a parameter, and these are for at least one; `what` asks.
    pub(crate) fn check<T: Real>(&self, what: &str, params: &Params<T>) -> Result<(), Error> {
        let names = || params.iter().map(|(name, ..)| name);
        let refuse = |name: String, reason: &str| {
            let some: Vec<&str> = names().take(LISTED).collect();
            let more = names().count().saturating_sub(LISTED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(Error::Parameter { name, reason: format!("{reason} of {what}; there are {}{more}", some.join(", ")) })
        };
        for pattern in &self.patterns {
            if !names().any(|name| pattern.matches(name)) {
                return refuse(pattern.to_string(), "no name matches this pattern");
            }
        }
        let for_all = self.patterns.is_empty() && self.except;
        if for_all || names().any(|name| self.fits(name)) {
            return Ok(());
        }
        refuse(self.to_string(), "no parameter is left by these names")
    }
}

/// How many names a message lists.
const LISTED: usize = 8;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.patterns.iter().map(WildMatch::to_string).collect();
        match (self.except, patterns.is_empty()) {
            (true, true) => f.write_str("all"),
            (true, false) => write!(f, "all except [{}]", patterns.join(", ")),
            (false, _) => write!(f, "[{}]", patterns.join(", ")),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&str> for Names {
    fn from(pattern: &str) -> Self {
        Names::from([pattern])
    }
}

impl<const N: usize> From<[&str; N]> for Names {
    fn from(patterns: [&str; N]) -> Self {
        Names { patterns: patterns.iter().map(|pattern| WildMatch::new(pattern)).collect(), except: false }
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
        let refused = |names: Names| names.check("decay", &params).unwrap_err().to_string();
        assert_eq!(
            refused("typo.*".into()),
            "parameter typo.*: no name matches this pattern of decay; there are fc.weight, fc.bias"
        );
        // One of several, also of those left out.
        assert!(refused(["*.weight", "*.bais"].into()).starts_with("parameter *.bais: no name matches"));
        assert!(refused(Names::except(["*.bais"])).starts_with("parameter *.bais: no name matches"));
        assert!(refused(Names::except("*")).starts_with("parameter all except [*]: no parameter is left"));
        assert!(refused(Names::except(Names::all())).starts_with("parameter []: no parameter is left"));
        for names in [Names::all(), "fc.*".into(), Names::except("*bias"), Names::except(Names::except("*bias"))] {
            names.check("decay", &params).unwrap();
        }
        assert!(Names::except(Names::except("*bias")).fits("fc.bias"));
        Names::all().check("clip_norm", &Params::<f32>::new(0)).unwrap();
    }
}
