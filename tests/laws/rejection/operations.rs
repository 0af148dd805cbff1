//! Operations along axes, products, convolutions: axes that are not there, settings out of range, shapes that do not go
//! together, indices past the end.

use autodiff::ops::{ConvGeometry, EigenvalueFunction, Triangle};
use autodiff::{Axes, Tensor, keepdim};

use super::given::*;
use super::harness::cases;

/// Axes in the wrong order, one of them past the end.
fn axes(list: &[usize]) -> Axes {
    list.into()
}

const ONES: ConvGeometry = ConvGeometry { stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2], groups: 1 };

cases! {
    Var::sum {
        refuses "axis 2 is out of range": of([2, 3], |x| x.sum(2));
        refuses "axis 18446744073709551615": of([2, 3], |x| x.sum(axes(&[0, MAX])));
        refuses "axis 1 is named twice": of([2, 3], |x| x.sum(keepdim([1, 0, 1])));
        refuses "does not fit": of([HUGE, 2], |x| x.sum(1));
        accepts: of([0, HUGE], |x| x.sum(..));
        refuses "does not fit": of([0, HUGE], |x| x.sum(0));
        accepts: extreme(|x| x.sum(..));
    }
    Var::mean {
        refuses "axis 2 is out of range": of([2, 3], |x| x.mean(2));
        refuses "does not fit": of([HUGE, 2], |x| x.mean(1));
        accepts: of([0], |x| x.mean(..));
        accepts: extreme(|x| x.mean(0));
    }
    Var::variance {
        refuses "axis 9 is out of range": of([2, 3], |x| x.variance(9, 1));
        accepts: of([3], |x| x.variance(.., MAX));
        accepts: of([0, 3], |x| x.variance(0, 1));
        refuses "does not fit": of([HUGE, 2], |x| x.variance(1, 0));
        accepts: extreme(|x| x.variance(.., 1));
    }
    Var::prod {
        refuses "axis 2 is out of range": of([2, 3], |x| x.prod(2));
        refuses "does not fit": of([HUGE], |x| x.prod(..));
        refuses "does not fit": of([MAX], |x| x.prod(..));
        accepts: of([HUGE, 0], |x| x.prod(..));
        accepts: extreme(|x| x.prod(..));
    }
    Var::norm {
        refuses "axis 2 is out of range": of([2, 3], |x| x.norm(2, 2.0));
        refuses "NaN": of([2], |x| x.norm(.., NAN));
        refuses "-1": of([2], |x| x.norm(.., -1.0));
        refuses "0.5": of([2], |x| x.norm(.., 0.5));
        refuses "does not fit": of([HUGE, 2], |x| x.norm(1, 2.0));
        accepts: extreme(|x| x.norm(.., 2.0));
        accepts: extreme(|x| x.norm(.., 1.0));
    }
    Var::cross_entropy {
        refuses "axis 2 is out of range": of([2, 3], |x| x.cross_entropy(2, x.index(1, 0)));
        refuses "the labels must have the shape": of([2, 3], |x| x.cross_entropy(1, x));
        refuses "is not one of 0..3": of([2, 3], |x| x.cross_entropy(1, x.index(1, 0) * 0.0 + 3.0));
        refuses "is not one of 0..0": of([2, 0], |x| x.cross_entropy(1, x.sum(1)));
        accepts: of([0, HUGE], |x| x.cross_entropy(1, x.index(1, 0)));
        accepts: extreme(|x| x.cross_entropy(0, x.index(0, 0).equal(x.index(0, 0)) * 0.0));
    }
    Var::log_sum_exp {
        refuses "axis 2 is out of range": of([2, 3], |x| x.log_sum_exp(2));
        refuses "does not fit": of([HUGE, 2], |x| x.log_sum_exp(1));
        accepts: of([0], |x| x.log_sum_exp(..));
        accepts: extreme(|x| x.log_sum_exp(..));
    }
    Var::max {
        refuses "axis 2 is out of range": of([2, 3], |x| x.max(2));
        refuses "extent 0": of([2, 0], |x| x.max(1));
        refuses "extent 0": of([HUGE, 0], |x| x.max(..));
        accepts: of([0, HUGE], |x| x.max(1));
        refuses "does not fit": of([HUGE, 2], |x| x.max(1));
        accepts: extreme(|x| x.max(..));
    }
    Var::min {
        refuses "axis 2 is out of range": of([2, 3], |x| x.min(2));
        refuses "extent 0": of([0], |x| x.min(..));
        accepts: extreme(|x| x.min(..));
    }
    Var::argmax {
        refuses "axis 18446744073709551615": of([2, 3], |x| x.argmax(MAX));
        refuses "extent 0": of([2, 0], |x| x.argmax(1));
        accepts: extreme(|x| x.argmax(0));
        refuses "does not fit": of([HUGE, 2], |x| x.argmax(1));
    }
    Var::argmin {
        refuses "a scalar has no axes": of([], |x| x.argmin(0));
        refuses "extent 0": of([2, 0], |x| x.argmin(1));
        accepts: extreme(|x| x.argmin(0));
    }
    Var::softmax {
        refuses "axis 2 is out of range": of([2, 3], |x| x.softmax(2));
        accepts: of([0, HUGE], |x| x.softmax(0));
        accepts: of([HUGE, 0], |x| x.softmax(0));
        accepts: of([HUGE, 0], |x| x.softmax(1));
        refuses "does not fit": of([HUGE, 2], |x| x.softmax(1));
        accepts: extreme(|x| x.softmax(0));
    }
    Var::log_softmax {
        refuses "a scalar has no axes": of([], |x| x.log_softmax(0));
        accepts: of([0, HUGE], |x| x.log_softmax(0));
        accepts: of([HUGE, 0], |x| x.log_softmax(1));
        accepts: extreme(|x| x.log_softmax(0));
    }
    Var::cumsum {
        refuses "axis 18446744073709551615": of([2], |x| x.cumsum(MAX));
        accepts: of([0, HUGE], |x| x.cumsum(0));
        accepts: of([0, HUGE], |x| x.cumsum(1));
        refuses "does not fit": of([HUGE], |x| x.cumsum(0));
        accepts: extreme(|x| x.cumsum(0));
    }
    Var::cumprod {
        refuses "axis 18446744073709551615": of([2], |x| x.cumprod(MAX));
        refuses "axis -2 is out of range (axes are -1..1)": of([2], |x| x.cumprod(-2));
        accepts: of([0, HUGE], |x| x.cumprod(0));
        accepts: of([0, HUGE], |x| x.cumprod(-1));
        refuses "does not fit": of([HUGE], |x| x.cumprod(0));
        accepts: extreme(|x| x.cumprod(0));
    }
    Var::argsort {
        refuses "axis 18446744073709551615": of([2], |x| x.argsort(MAX, true));
        accepts: of([0, HUGE], |x| x.argsort(0, false));
        accepts: of([HUGE, 0], |x| x.argsort(1, false));
        refuses "does not fit": of([HUGE], |x| x.argsort(0, true));
        accepts: extreme(|x| x.argsort(0, true));
    }
    Var::sort {
        refuses "axis -2 is out of range": of([2], |x| x.sort(-2, true));
        accepts: of([HUGE, 0], |x| x.sort(-1, false));
        refuses "does not fit": of([HUGE], |x| x.sort(0, true));
        accepts: extreme(|x| x.sort(0, false));
    }
    Var::top_k {
        refuses "axis -2 is out of range": of([2], |x| x.top_k(-2, 1).0);
        refuses "range 0..18446744073709551615 step 1 does not fit axis 0": of([2], |x| x.top_k(0, MAX).0);
        refuses "does not fit": of([HUGE], |x| x.top_k(0, 1).1);
        accepts: of([2, 3], |x| x.top_k(1, 0).0);
        accepts: extreme(|x| x.top_k(0, 10).0);
    }
    Var::tril {
        refuses "a matrix has two axes": of([2], |x| x.tril(0));
        accepts: of([2, 3], |x| x.tril(isize::MAX));
        accepts: of([2, 3], |x| x.tril(isize::MIN));
        accepts: of([0, HUGE], |x| x.tril(1));
        refuses "does not fit": of([HUGE, 1], |x| x.tril(0));
    }
    Var::triu {
        refuses "a matrix has two axes": of([], |x| x.triu(0));
        accepts: of([2, 3], |x| x.triu(isize::MAX));
        accepts: of([2, 3], |x| x.triu(isize::MIN));
        accepts: of([HUGE, 0], |x| x.triu(-1));
        refuses "does not fit": of([1, HUGE], |x| x.triu(0));
    }
    Var::normalize_by_norm {
        refuses "axis -3 is out of range": of([2, 3], |x| x.normalize_by_norm(-3, 2.0, 1e-12));
        refuses "0.5": of([2], |x| x.normalize_by_norm(0, 0.5, 1e-12));
        refuses "does not fit": of([HUGE, 2], |x| x.normalize_by_norm(1, 2.0, 1e-12));
        accepts: of([0], |x| x.normalize_by_norm(0, 2.0, NAN));
        accepts: extreme(|x| x.normalize_by_norm(.., 1.0, 0.0));
    }
    Var::flip {
        refuses "axis 18446744073709551615": of([2], |x| x.flip(MAX));
        accepts: of([0, HUGE], |x| x.flip(0));
        accepts: of([HUGE, 0], |x| x.flip(0));
        refuses "does not fit": of([HUGE], |x| x.flip(0));
    }
    Var::contiguous {
        accepts: of([2, 3], |x| x.t().contiguous());
        accepts: of([0, HUGE], |x| x.t().contiguous());
        refuses "memory": of([HUGE, 2], |x| x.t().contiguous());
    }
    Var::pad {
        refuses "axis 1 is out of range": of([2], |x| x.pad(1, 0, 0, 0.0));
        refuses "do not add up": of([2], |x| x.pad(0, MAX, 0, 0.0));
        refuses "do not add up": of([2], |x| x.pad(0, MAX / 2, MAX / 2 + 1, 0.0));
        refuses "does not fit": of([2], |x| x.pad(0, HUGE, HUGE, NAN));
        accepts: of([2, 0], |x| x.pad(0, HUGE, HUGE, NAN));
        accepts: of([2], |x| x.pad(0, 1, 1, INF));
    }
    Var::repeat {
        refuses "axis 1 is out of range": of([2], |x| x.repeat(1, 1));
        refuses "extent is too large": of([2], |x| x.repeat(0, MAX));
        refuses "does not fit": of([2], |x| x.repeat(0, HUGE));
        accepts: of([2, 0], |x| x.repeat(0, HUGE));
        accepts: of([0], |x| x.repeat(0, MAX));
        accepts: of([2], |x| x.repeat(0, 0));
    }
    Var::one_hot {
        refuses "index 3 ": at([[0.0, 3.0].into(), ramp([])], |x, _| x.one_hot(3));
        refuses "NaN": at([[0.0, NAN].into(), ramp([])], |x, _| x.one_hot(3));
        refuses "-1 ": at([[-1.0].into(), ramp([])], |x, _| x.one_hot(3));
        refuses "0.5 ": at([[0.5].into(), ramp([])], |x, _| x.one_hot(3));
        refuses "0 ": at([[0.0].into(), ramp([])], |x, _| x.one_hot(0));
        refuses "does not fit": at([[0.0].into(), ramp([])], |x, _| x.one_hot(MAX));
        accepts: of([0], |x| x.one_hot(HUGE));
    }
    Var::index_select {
        refuses "axis 2 is out of range": at([ramp([2, 3]), [0.0].into()], |x, i| x.index_select(2, i));
        refuses "index 3 ": at([ramp([2, 3]), [0.0, 3.0].into()], |x, i| x.index_select(1, i));
        refuses "NaN": at([ramp([2, 3]), [NAN].into()], |x, i| x.index_select(0, i));
        refuses "inf": at([ramp([2, 3]), [INF].into()], |x, i| x.index_select(0, i));
        refuses "-1 ": at([ramp([2, 3]), [-1.0].into()], |x, i| x.index_select(0, i));
        refuses "0.5 ": at([ramp([2, 3]), [0.5].into()], |x, i| x.index_select(0, i));
        refuses "[1, 1]": at([ramp([2, 3]), ramp([1, 1])], |x, i| x.index_select(0, i));
        refuses "100000000000000000000 ": at([ramp([0, 3]), [1e20].into()], |x, i| x.index_select(0, i));
        accepts: at([ramp([0, HUGE]), ramp([0])], |x, i| x.index_select(0, i));
        refuses "on two tapes": across(|x, y| x.index_select(0, y));
    }
    Var::index_add {
        refuses "axis 2 is out of range": at([ramp([2, 3]), [0.0].into()], |x, i| x.index_add(2, i, x));
        refuses "index 3 ": at([ramp([2]), [0.0, 3.0].into()], |x, i| x.index_add(0, i, x));
        refuses "NaN": at([ramp([1]), [NAN].into()], |x, i| x.index_add(0, i, x));
        refuses "must have shape [1]": at([ramp([2]), [0.0].into()], |x, i| x.index_add(0, i, x));
        refuses "the indices must be a vector": at([ramp([2, 3]), ramp([1, 1])], |x, i| x.index_add(0, i, x));
        accepts: at([ramp([0, 3]), ramp([0])], |x, i| x.index_add(0, i, x));
        refuses "on two tapes": across(|x, y| x.index_add(0, y, x));
    }
    Var::scatter_add {
        refuses "axis -3 is out of range": at([ramp([2, 3]), ramp([2, 3])], |x, i| x.scatter_add(-3, i, x));
        refuses "index 3 ": at([ramp([1, 1]), [[3.0]].into()], |x, i| x.scatter_add(1, i, x));
        refuses "as many axes": at([ramp([2, 3]), ramp([2])], |x, i| x.scatter_add(1, i, x));
        refuses "must have shape [1, 1]": at([ramp([1, 3]), [[0.0]].into()], |x, i| x.scatter_add(1, i, x));
        accepts: at([ramp([0, 3]), ramp([0, 3])], |x, i| x.scatter_add(1, i, x));
        refuses "on two tapes": across(|x, y| x.scatter_add(0, y, x));
    }
    Var::gather {
        refuses "axis 2 is out of range": at([ramp([2, 3]), ramp([2, 3])], |x, i| x.gather(2, i));
        refuses "index 3 ": at([ramp([1, 3]), [[3.0]].into()], |x, i| x.gather(1, i));
        refuses "NaN": at([ramp([1, 3]), [[NAN]].into()], |x, i| x.gather(1, i));
        refuses "as many axes": at([ramp([2, 3]), ramp([2])], |x, i| x.gather(1, i));
        refuses "exceeds the values along axis 0": at([ramp([1, 3]), ramp([2, 1])], |x, i| x.gather(1, i));
        accepts: at([ramp([0, 3]), ramp([0, 0])], |x, i| x.gather(1, i));
        refuses "on two tapes": across(|x, y| x.gather(0, y));
    }
    Var::select {
        refuses "broadcast: [2] × [3] × [2]": of_two([&[2], &[3]], |x, y| x.select(y, x));
        accepts: at([EXTREMES.into(), EXTREMES.into()], |x, y| x.select(y, x));
        refuses "does not fit": of_two([&[HUGE, 1], &[HUGE]], |x, y| x.select(y, x));
        refuses "on two tapes": across(|x, y| x.select(x, y));
    }
    Var::matmul_add {
        refuses "inner dimensions differ: [2, 3] × [2, 3] × [2, 3]": of_two([&[2, 3], &[2, 3]], |x, y| x.matmul_add(y, x));
        refuses "the addend does not broadcast to the product's shape [2, 2]: [2, 2] × [2, 2] × [3]": of_two([&[2, 2], &[3]], |x, y| x.matmul_add(x, y));
        refuses "the addend does not broadcast": of_two([&[2, 2], &[1, 2, 2]], |x, y| x.matmul_add(x, y));
        accepts: of_two([&[2, 0], &[2]], |x, y| x.matmul_add(x.t(), y));
    }
    Var::matmul {
        refuses "inner dimensions differ: [2, 3] × [2, 3]": of_two([&[2, 3], &[2, 3]], |x, y| x.matmul(y));
        refuses "a scalar has no matrix product": of_two([&[], &[2]], |x, y| x.matmul(y));
        refuses "batch dimensions do not broadcast: [2, 1, 1] × [3, 1, 1]": of_two([&[2, 1, 1], &[3, 1, 1]], |x, y| x.matmul(y));
        refuses "than can be counted": of_two([&[HUGE, 1], &[1, HUGE]], |x, y| x.matmul(y));
        refuses "than can be counted": of_two([&[MAX, 0], &[0, MAX]], |x, y| x.matmul(y));
        accepts: of_two([&[2, 0], &[0, 3]], |x, y| x.matmul(y));
        accepts: of_two([&[0, HUGE], &[HUGE, 0]], |x, y| x.matmul(y));
        refuses "on two tapes": across(|x, y| x.matmul(y));
    }
    Var::outer {
        refuses "does not fit": of_two([&[HUGE], &[HUGE]], |x, y| x.outer(y));
        refuses "on two tapes": across(|x, y| x.outer(y));
        returns: of_two([&[], &[]], |x, y| x.outer(y));
    }
    Var::normalize {
        refuses "axis 3 is out of range": of([2, 3], |x| x.normalize(None, 3, 1e-5).value);
        refuses "[4]": of_two([&[2, 3], &[4]], |x, y| x.normalize(Some([y, y]), 0, 1e-5).value);
        refuses "out of memory": of([HUGE], |x| x.normalize(None, .., 1e-5).value);
        accepts: of([0, 3], |x| x.normalize(None, 0, 0.0).variance);
        refuses "epsilon is NaN": extreme(|x| x.normalize(None, .., NAN).mean);
        accepts: extreme(|x| x.normalize(None, .., 0.0).mean);
        refuses "on two tapes": across(|x, y| x.normalize(Some([y, y]), 0, 1e-5).value);
    }
    Var::normalize_shards {
        refuses "axis 3 is out of range": of([2, 3], |x| x.normalize_shards(None, 3, 1e-5).value);
        refuses "epsilon is -1": of([2, 3], |x| x.normalize_shards(None, 0, -1.0).value);
        accepts: of([0, 3], |x| x.normalize_shards(None, 0, 0.0).variance);
    }
    Var::stack_shards { accepts: of([2, 0], |x| x.stack_shards()); }
    Var::mul_add {
        refuses "shapes do not broadcast: [2, 3] × [4] × [4]": of_two([&[2, 3], &[4]], |x, y| x.mul_add(y, y));
        refuses "on two tapes": across(|x, y| x.mul_add(y, y));
    }
    Var::symmetric_function {
        refuses "only a square matrix has eigenvalues: [2, 3]": of([2, 3], |x| x.symmetric_function(EigenvalueFunction::Exp));
        refuses "a matrix has two axes": of([2], |x| x.symmetric_function(EigenvalueFunction::Ln));
        accepts: of([HUGE, 0, 0], |x| x.symmetric_function(EigenvalueFunction::Power(NAN)));
        accepts: at([EXTREMES.into(), ramp([])], |x, _| x.diag().symmetric_function(EigenvalueFunction::Exp));
        accepts: at([EXTREMES[..7].into(), ramp([])], |x, _| x.diag().symmetric_function(EigenvalueFunction::Power(-INF)));
        accepts: at([EXTREMES[..7].into(), ramp([])], |x, _| x.diag().symmetric_function(EigenvalueFunction::Ln));
        refuses "memory": of([1 << 22, 1 << 22], |x| x.symmetric_function(EigenvalueFunction::Exp));
    }
    Var::inverse_sqrt {
        refuses "[2, 3]": of([2, 3], |x| x.inverse_sqrt(0.0));
        refuses "a matrix has two axes": of([2], |x| x.inverse_sqrt(0.0));
        refuses "a matrix has two axes": of([], |x| x.inverse_sqrt(0.0));
        accepts: of([HUGE, 0, 0], |x| x.inverse_sqrt(NAN));
        accepts: of([2, 2], |x| x.inverse_sqrt(INF));
        accepts: of([2, 2], |x| x.inverse_sqrt(-INF));
        refuses "memory": of([1 << 22, 1 << 22], |x| x.inverse_sqrt(1.0));
    }
    Var::diag {
        refuses "a vector has an axis": of([], |x| x.diag());
        accepts: of([HUGE, 0], |x| x.diag());
        refuses "memory": of([HUGE], |x| x.diag());
    }
    Var::diagonal {
        refuses "a matrix has two axes": of([2], |x| x.diagonal());
        accepts: of([HUGE, 0, 3], |x| x.diagonal());
        accepts: of([HUGE, 1], |x| x.diagonal());
    }
    Var::trace {
        refuses "a matrix has two axes": of([2], |x| x.trace());
        accepts: of([3, 0], |x| x.trace());
        accepts: of([1, HUGE], |x| x.trace());
    }
    Var::cholesky {
        refuses "only a square matrix has a Cholesky factor: [2, 3]": of([2, 3], |x| x.cholesky());
        refuses "a matrix has two axes": of([2], |x| x.cholesky());
        refuses "its leading minor of order 1 is not positive: [2, 2]": of([2, 2], |x| x.cholesky());
        refuses "matrix [0, 1] of the batch": at([Tensor::from_fn([1, 2, 1, 1], |k| 1.0 - k as f64), ramp([])], |x, _| x.cholesky());
        accepts: of([HUGE, 0, 0], |x| x.cholesky());
        accepts: at([EXTREMES[5..].into(), ramp([])], |x, _| (x * x).diag().cholesky());
        refuses "memory": of([1 << 22, 1 << 22], |x| x.cholesky());
    }
    Var::solve_triangular {
        refuses "only a square matrix": of_two([&[2, 3], &[2, 3]], |x, y| x.solve_triangular(y, Triangle::Lower));
        refuses "must have 2 rows": of_two([&[2, 2], &[3]], |x, y| x.solve_triangular(y, Triangle::Upper));
        refuses "must have 0 rows": of_two([&[0, 0], &[3]], |x, y| x.solve_triangular(y, Triangle::Upper));
        refuses "do not broadcast": of_two([&[2, 1, 1], &[3, 1, 1]], |x, y| x.solve_triangular(y, Triangle::Lower));
        refuses "than can be counted": of_two([&[HUGE, 1, 1, 1], &[HUGE, 1, 1]], |x, y| x.solve_triangular(y, Triangle::Lower));
        refuses "element 1 of its diagonal is 0": at([[[1.0, 0.0], [0.0, 0.0]].into(), ramp([2])], |x, y| x.solve_triangular(y, Triangle::Lower));
        accepts: at([[[1.0, 0.0], [NAN, INF]].into(), ramp([2])], |x, y| x.solve_triangular(y, Triangle::Lower));
        accepts: of_two([&[0, 0], &[0, 0]], |x, y| x.solve_triangular(y, Triangle::UnitUpper));
        refuses "on two tapes": across(|x, y| x.solve_triangular(y, Triangle::Lower));
    }
    Var::solve {
        refuses "only a square matrix": of_two([&[2, 3], &[2, 3]], |x, y| x.solve(y));
        refuses "a matrix has two axes": of_two([&[2], &[2]], |x, y| x.solve(y));
        refuses "must have 2 rows": of_two([&[2, 2], &[3, 2]], |x, y| x.solve(y));
        refuses "do not broadcast": of_two([&[2, 1, 1], &[3, 1, 1]], |x, y| x.solve(y));
        refuses "column 1 depends on those before": at([[[1.0, 2.0], [2.0, 4.0]].into(), ramp([2])], |x, y| x.solve(y));
        accepts: at([[[1.0, 2.0], [NAN, 4.0]].into(), ramp([2])], |x, y| x.solve(y));
        accepts: at([[[f64::MAX, 2.0], [5e-324, f64::MAX]].into(), [INF, NAN].into()], |x, y| x.solve(y));
        accepts: of_two([&[HUGE, 0, 0], &[0, 3]], |x, y| x.solve(y));
        accepts: of_two([&[0, 2, 2], &[2, 0]], |x, y| x.solve(y));
        refuses "on two tapes": across(|x, y| x.solve(y));
    }
    Var::inverse {
        refuses "only a square matrix has an inverse": of([2, 3], |x| x.inverse());
        refuses "a matrix has two axes": of([], |x| x.inverse());
        refuses "matrix 0 of the batch is singular": at([Tensor::full([3, 2, 2], 1.0), ramp([])], |x, _| x.inverse());
        accepts: of([HUGE, 0, 0], |x| x.inverse());
        accepts: at([EXTREMES[2..].into(), ramp([])], |x, _| x.diag().inverse());
        refuses "memory": of([1 << 22, 1 << 22], |x| x.inverse());
    }
    Var::slogdet {
        refuses "only a square matrix has a determinant": of([2, 3], |x| x.slogdet().1);
        accepts: at([[[1.0, 2.0], [2.0, 4.0]].into(), ramp([])], |x, _| x.slogdet().0);
        accepts: at([EXTREMES.into(), ramp([])], |x, _| x.diag().slogdet().1);
        accepts: of([3, 0, 0], |x| x.slogdet().1);
        returns: of([HUGE, 0, 0], |x| x.slogdet().1);
        refuses "memory": of([1 << 22, 1 << 22], |x| x.slogdet().1);
    }
    Var::qr {
        refuses "at least as many rows as columns": of([2, 3], |x| x.qr().0);
        refuses "a matrix has two axes": of([2], |x| x.qr().1);
        accepts: of([HUGE, 0], |x| x.qr().0);
        accepts: at([EXTREMES.into(), ramp([])], |x, _| x.diag().qr().1);
        accepts: at([Tensor::full([3, 2], 0.0), ramp([])], |x, _| x.qr().0);
        refuses "memory": of([1 << 22, 1 << 22], |x| x.qr().0);
    }
    Var::eigh {
        refuses "only a square matrix has eigenvalues": of([2, 3], |x| x.eigh().0);
        refuses "a matrix has two axes": of([2], |x| x.eigh().1);
        accepts: of([HUGE, 0, 0], |x| x.eigh().1);
        accepts: at([EXTREMES.into(), ramp([])], |x, _| x.diag().eigh().0);
        accepts: at([EXTREMES[..7].into(), ramp([])], |x, _| x.diag().eigh().1);
        refuses "memory": of([1 << 22, 1 << 22], |x| x.eigh().0);
    }
    Var::singular_values {
        refuses "a matrix has two axes": of([2], |x| x.singular_values());
        accepts: of([HUGE, 0], |x| x.singular_values());
        accepts: at([EXTREMES.into(), ramp([])], |x, _| x.diag().singular_values());
        accepts: at([EXTREMES[..7].into(), ramp([])], |x, _| x.diag().singular_values());
        refuses "memory": of([1 << 22, 1 << 22], |x| x.singular_values());
    }
    Var::conv2d {
        refuses "four axes": of_two([&[2, 3], &[1, 3, 2, 2]], |x, w| x.conv2d(w, ONES));
        refuses "at least 1": conv2d(ConvGeometry { stride: [0, 1], ..ONES });
        refuses "at least 1": conv2d(ConvGeometry { dilation: [1, 0], ..ONES });
        refuses "at least 1": conv2d(ConvGeometry { groups: 0, ..ONES });
        refuses "18446744073709551615 groups": conv2d(ConvGeometry { groups: MAX, ..ONES });
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv2d(ConvGeometry { dilation: [MAX, 1], ..ONES });
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv2d(ConvGeometry { padding: [[MAX, MAX], [0, 0]], ..ONES });
        refuses "memory": conv2d(ConvGeometry { padding: [[HUGE, 0], [0, 0]], ..ONES });
        accepts: conv2d(ConvGeometry { stride: [MAX, MAX], ..ONES });
        refuses "extent 0": of_two([&[1, 2, 4, 4], &[1, 2, 0, 2]], |x, w| x.conv2d(w, ONES));
        refuses "[1, 2, 1, 4] × [1, 2, 2, 2]": of_two([&[1, 2, 1, 4], &[1, 2, 2, 2]], |x, w| x.conv2d(w, ONES));
        refuses "memory": of_two([&[HUGE, 1, 2, 2], &[1, 1, 1, 1]], |x, w| x.conv2d(w, ONES));
        accepts: of_two([&[0, 2, 4, 4], &[1, 2, 2, 2]], |x, w| x.conv2d(w, ONES));
        returns: of_two([&[1, 0, 4, 4], &[1, 0, 2, 2]], |x, w| x.conv2d(w, ONES));
        refuses "on two tapes": across(|x, y| x.conv2d(y, ONES));
    }
    Var::conv_transpose2d {
        refuses "four axes": of_two([&[2, 3], &[1, 3, 2, 2]], |x, w| x.conv_transpose2d(w, ONES, [0, 0]));
        refuses "at least 1": conv_transpose2d(ConvGeometry { stride: [0, 1], ..ONES }, [0, 0]);
        refuses "at least 1": conv_transpose2d(ConvGeometry { groups: 0, ..ONES }, [0, 0]);
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv_transpose2d(ONES, [MAX, 0]);
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv_transpose2d(ConvGeometry { stride: [MAX, 1], ..ONES }, [0, 0]);
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv_transpose2d(ConvGeometry { dilation: [MAX, 1], ..ONES }, [0, 0]);
        refuses "[1, 2, 4, 4] × [2, 2, 2, 2]": conv_transpose2d(ConvGeometry { padding: [[MAX, MAX], [0, 0]], ..ONES }, [0, 0]);
        refuses "memory": conv_transpose2d(ConvGeometry { stride: [HUGE, 1], ..ONES }, [0, 0]);
        returns: of_two([&[1, 2, 0, 4], &[2, 1, 2, 2]], |x, w| x.conv_transpose2d(w, ONES, [0, 0]));
        returns: of_two([&[1, 0, 4, 4], &[0, 1, 2, 2]], |x, w| x.conv_transpose2d(w, ONES, [0, 0]));
        refuses "on two tapes": across(|x, y| x.conv_transpose2d(y, ONES, [0, 0]));
    }
}

fn conv2d(geometry: ConvGeometry) -> Result<Tensor<f64>, autodiff::Error> {
    of_two([&[1, 2, 4, 4], &[2, 2, 2, 2]], |x, w| x.conv2d(w, geometry))
}

fn conv_transpose2d(geometry: ConvGeometry, output_padding: [usize; 2]) -> Result<Tensor<f64>, autodiff::Error> {
    of_two([&[1, 2, 4, 4], &[2, 2, 2, 2]], |x, w| x.conv_transpose2d(w, geometry, output_padding))
}
