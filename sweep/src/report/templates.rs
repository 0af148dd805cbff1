//! The templates, and why one could fail.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template asks for what it is not given.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// The results have no JSON.
    #[error("results as JSON: {0}")]
    Data(#[from] serde_json::Error),
}

const TEMPLATES: [(&str, &str); 6] = [
    ("report.html", include_str!("assets/report.html")),
    ("page.html", include_str!("assets/page.html")),
    ("explorer.html", include_str!("assets/explorer.html")),
    ("figure.html", include_str!("assets/figure.html")),
    ("figure.svg", include_str!("assets/figure.svg")),
    ("chart.svg", include_str!("assets/chart.svg")),
];

/// What a template makes of its context; all text of the context is escaped.
pub(super) fn render(name: &str, context: impl Serialize) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment.get_template(name)?.render(Serde(context))?)
}
