#!/usr/bin/env bash
# A batch file of Slurm: runs a program of this crate with its arguments, on as many processes as there are tasks. A job that is stopped
# before its end goes on from its last checkpoint when it is submitted again.
#
#     sbatch --ntasks 16 --cpus-per-task 1 slurm.sh target/release/examples/digits cluster-digits
#SBATCH --job-name=cluster
#SBATCH --requeue
set -euo pipefail

export RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"
mpiexec -n "$SLURM_NTASKS" "$@"
