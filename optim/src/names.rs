//! Which parameters something is for, by their names.

use wildmatch::WildMatch;

/// Patterns of parameter names, in which `*` stands for any characters and `?` for one: `"*.weight"`, `["fc1.*", "fc2.*"]`.
#[derive(Clone, Debug)]
pub struct Names {
    patterns: Vec<WildMatch>,
    except: bool,
}

impl Names {
    /// Every parameter.
    pub fn all() -> Self {
        Names { patterns: Vec::new(), except: true }
    }

    /// Every parameter that none of the patterns fits: `Names::except(["*bias", "*bn*"])`.
    pub fn except(patterns: impl Into<Names>) -> Self {
        Names { except: true, ..patterns.into() }
    }

    /// Whether these are for a parameter of this name.
    pub fn fits(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(name)) != self.except
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
