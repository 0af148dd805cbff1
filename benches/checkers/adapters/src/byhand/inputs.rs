//! The inputs of a finding, from its setting.

use autodiff::Tensor;
use autodiff::check::{Finding, Storage};

/// "extent 3 set to 1".
pub fn extents(setting: &str) -> Option<(usize, usize)> {
    let (from, to) = setting.strip_prefix("extent ")?.split_once(" set to ")?;
    Some((from.parse().ok()?, to.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?))
}

/// "all values 1e3".
pub fn point(finding: &Finding) -> Option<f64> {
    finding.setting.split("all values ").nth(1)?.split([' ', ',']).next()?.parse().ok()
}

/// The tensor with extents `from` set to `to`, its values repeated.
pub fn resized(x: &Tensor<f64>, from: usize, to: usize) -> Tensor<f64> {
    let shape: Vec<usize> = x.shape().iter().map(|&extent| if extent == from { to } else { extent }).collect();
    Tensor::from_fn(shape.as_slice(), |k| x.data()[k % x.data().len().max(1)])
}

/// The first row repeated, for a broadcast.
pub fn first_row(x: &Tensor<f64>, storage: Storage) -> Tensor<f64> {
    let row: usize = x.shape().iter().skip(1).product();
    let repeat = storage == Storage::Broadcast && x.shape().rank() > 0;
    Tensor::from_fn(x.shape().clone(), |k| x.data()[if repeat { k % row.max(1) } else { k }])
}

/// The leaf of which a view is the input.
pub fn store(x: &Tensor<f64>, storage: Storage) -> Tensor<f64> {
    let shape = x.shape().to_vec();
    let stored: Vec<usize> = match storage {
        Storage::Dense => return x.clone(),
        Storage::Transposed => shape.iter().rev().copied().collect(),
        Storage::Narrowed => shape.iter().map(|extent| 2 * extent + 1).collect(),
        Storage::Broadcast => shape.iter().enumerate().map(|(axis, &n)| if axis == 0 { n.min(1) } else { n }).collect(),
    };
    let mut leaf = Tensor::full(stored.as_slice(), f64::NAN);
    for (k, &value) in x.data().iter().enumerate() {
        let mut index = x.shape().unravel_index(k).to_vec();
        match storage {
            Storage::Transposed => index.reverse(),
            Storage::Narrowed => index.iter_mut().for_each(|i| *i = 2 * *i + 1),
            Storage::Broadcast if index.first().is_some_and(|&i| i > 0) => continue,
            Storage::Dense | Storage::Broadcast => {}
        }
        let flat = index.iter().zip(&stored).fold(0, |flat, (i, extent)| flat * extent + i);
        leaf.data_mut()[flat] = value;
    }
    leaf
}
