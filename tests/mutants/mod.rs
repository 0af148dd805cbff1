//! The checker is checked: operations with the mistakes that shipped elsewhere, and systematic ones, must all be found,
//! and for the right reason.

pub(crate) mod array_op;
mod arrays;
mod diagnosed;
pub(crate) mod hidden;
mod league;
#[cfg(test)]
mod linalg;
mod shipped;
mod systematic;
pub(crate) mod table;
mod windows;

/// All mutants.
pub(crate) fn all() -> Vec<table::Mutant> {
    let files = [
        systematic::mutants,
        shipped::mutants,
        hidden::mutants,
        league::mutants,
        arrays::mutants,
        windows::mutants,
        diagnosed::mutants,
    ];
    files.into_iter().flat_map(|mutants| mutants()).collect()
}

#[test]
fn a_mistake_has_one_name() {
    let names: std::collections::BTreeSet<&str> = all().iter().map(|mutant| mutant.mistake).collect();
    assert!(names.len() >= 90, "{}", names.len());
    assert!(names.iter().all(|name| !name.contains(['"', ';'])), "{names:?}");
}
