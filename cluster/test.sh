#!/usr/bin/env bash
# Checks and tests this crate. Installs MPI and what its bindings are made with, where they are missing.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v mpiexec mpicc || ! ls /usr/lib/llvm-*/lib/libclang*.so* > /dev/null 2>&1; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mpich libmpich-dev libclang-dev
fi

cargo fmt --check
cargo clippy --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked
cargo test --locked
