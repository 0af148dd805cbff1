//! What a finding is judged to be.

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A wrong gradient or value.
    Mistake,
    /// Forward accepts what backward rejects or panics at: loud, but no gradient.
    Fails,
    /// Right to the precision of `f32` only, in `f64`.
    Single,
    /// What the framework documents, or one of several conventions.
    Policy,
    /// The checker is wrong.
    FalseAlarm,
    /// Nobody has judged it.
    Unjudged,
}

impl Kind {
    /// In a table.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Mistake => "mistake",
            Kind::Fails => "backward fails",
            Kind::Single => "f32 inside f64",
            Kind::Policy => "policy",
            Kind::FalseAlarm => "false alarm",
            Kind::Unjudged => "not judged",
        }
    }
}

/// A judgement of the findings of an operation whose headline or setting contains a text.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// The operation; a trailing `*` matches any ending.
    pub operation: &'static str,
    /// Part of the headline or setting; empty matches all.
    pub says: &'static str,
    pub kind: Kind,
    /// Why, with a link or quotation.
    pub why: &'static str,
}

impl Verdict {
    /// Whether it judges this finding.
    pub fn judges(&self, operation: &str, headline: &str, setting: &str) -> bool {
        let same = match self.operation.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == self.operation,
        };
        same && (headline.contains(self.says) || setting.contains(self.says))
    }
}
