//! The axes are the files of a folder: a file that comes or goes compiles the crate anew.

fn main() {
    println!("cargo::rerun-if-changed=src/axes");
}
