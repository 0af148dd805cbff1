//! Convolutions, pooling, interpolation: sweeps over kernel, stride, padding, dilation and groups, unequal on both axes.

use burn_tensor::Tensor;
use burn_tensor::module as m;
use burn_tensor::ops::{
    AvgPoolOptions, ConvOptions, ConvTransposeOptions, DeformConvOptions, InterpolateMode, InterpolateOptions,
    MaxPoolOptions, UnfoldOptions,
};

use super::{pair, row, triple};
use crate::ranks::{Row, one, three, two};

type T3 = Tensor<3>;
type T4 = Tensor<4>;

pub fn rows() -> Vec<Row> {
    let mut rows = vec![conv1d(), conv2d(), conv3d(), transposed1(), transposed2(), transposed3(), deformed()];
    rows.extend(pools1());
    rows.extend(pools2());
    rows.extend(adaptive());
    rows.extend(interpolations());
    rows.push(one(row("module::unfold4d"), "", [1, 2, 5, 6], |x: T4| {
        m::unfold4d(x, [2, 3], UnfoldOptions::new([1, 2], [1, 0], [2, 1]))
    }));
    rows.push(one(row("module::fold4d"), "", [1, 12, 6], |x: T3| {
        m::fold4d(x, [4, 5], [2, 3], UnfoldOptions::new([1, 1], [0, 0], [2, 1]))
    }));
    rows
}

fn conv1d() -> Row {
    let mut all = row("module::conv1d");
    for stride in 1..=3 {
        for padding in 0..=2 {
            for dilation in 1..=3 {
                for groups in [1, 2] {
                    let label = format!("stride {stride}, padding {padding}, dilation {dilation}, groups {groups}");
                    let inputs = triple(&[2, 2, 9], &[4, 2 / groups, 3], &[4]);
                    all = three(all, &label, inputs, move |x: T3, w: T3, b: Tensor<1>| {
                        m::conv1d(x, w, Some(b), ConvOptions::new([stride], [padding], [dilation], groups))
                    });
                }
            }
        }
    }
    two(all, "asymmetric padding", pair(&[2, 2, 7], &[3, 2, 3]), |x: T3, w: T3| {
        m::conv1d(x, w, None, ConvOptions::new_with_padding([2], [(2, 0)], [1], 1))
    })
}

fn conv2d() -> Row {
    let mut all = row("module::conv2d");
    for stride in [[1, 1], [1, 2], [2, 1], [2, 3]] {
        for padding in [[0, 0], [0, 1], [2, 1]] {
            for dilation in [[1, 1], [1, 2], [2, 1]] {
                for groups in [1, 2] {
                    let label =
                        format!("stride {stride:?}, padding {padding:?}, dilation {dilation:?}, groups {groups}");
                    let inputs = triple(&[2, 2, 4, 5], &[4, 2 / groups, 2, 3], &[4]);
                    all = three(all, &label, inputs, move |x: T4, w: T4, b: Tensor<1>| {
                        m::conv2d(x, w, Some(b), ConvOptions::new(stride, padding, dilation, groups))
                    });
                }
            }
        }
    }
    two(all, "asymmetric padding", pair(&[1, 2, 4, 5], &[3, 2, 2, 3]), |x: T4, w: T4| {
        m::conv2d(x, w, None, ConvOptions::new_with_padding([2, 1], [(2, 0), (0, 1)], [1, 1], 1))
    })
}

fn conv3d() -> Row {
    let mut all = row("module::conv3d");
    for (stride, padding, dilation, groups) in [
        ([1, 1, 1], [0, 0, 0], [1, 1, 1], 1),
        ([2, 1, 2], [1, 0, 1], [1, 2, 1], 1),
        ([1, 2, 1], [1, 1, 0], [2, 1, 1], 2),
    ] {
        let label = format!("stride {stride:?}, padding {padding:?}, dilation {dilation:?}, groups {groups}");
        let inputs = pair(&[1, 2, 3, 4, 3], &[2, 2 / groups, 2, 2, 2]);
        all = two(all, &label, inputs, move |x: Tensor<5>, w: Tensor<5>| {
            m::conv3d(x, w, None, ConvOptions::new(stride, padding, dilation, groups))
        });
    }
    all
}

fn transposed1() -> Row {
    let mut all = row("module::conv_transpose1d");
    for (stride, padding, out, dilation, groups) in
        [(1, 0, 0, 1, 1), (2, 1, 1, 1, 1), (1, 2, 0, 2, 1), (3, 1, 2, 1, 2), (2, 0, 1, 2, 2)]
    {
        let label = format!("stride {stride}, padding {padding}, output {out}, dilation {dilation}, groups {groups}");
        all = three(all, &label, triple(&[2, 4, 5], &[4, 3, 3], &[3 * groups]), move |x: T3, w: T3, b: Tensor<1>| {
            m::conv_transpose1d(
                x,
                w,
                Some(b),
                ConvTransposeOptions::new([stride], [padding], [out], [dilation], groups),
            )
        });
    }
    all
}

fn transposed2() -> Row {
    let mut all = row("module::conv_transpose2d");
    for (stride, out) in [([1, 1], [0, 0]), ([1, 2], [0, 1]), ([3, 2], [2, 0])] {
        for padding in [[0, 0], [1, 2]] {
            for dilation in [[1, 1], [2, 1], [1, 2]] {
                for groups in [1, 2] {
                    let label = format!(
                        "stride {stride:?}, padding {padding:?}, output {out:?}, dilation {dilation:?}, groups {groups}"
                    );
                    let inputs = triple(&[2, 2, 3, 4], &[2, 3, 3, 2], &[3 * groups]);
                    all = three(all, &label, inputs, move |x: T4, w: T4, b: Tensor<1>| {
                        m::conv_transpose2d(
                            x,
                            w,
                            Some(b),
                            ConvTransposeOptions::new(stride, padding, out, dilation, groups),
                        )
                    });
                }
            }
        }
    }
    all
}

fn transposed3() -> Row {
    let mut all = row("module::conv_transpose3d");
    for (stride, padding, dilation) in [([1, 1, 1], [0, 0, 0], [1, 1, 1]), ([2, 1, 2], [1, 0, 1], [1, 2, 1])] {
        let label = format!("stride {stride:?}, padding {padding:?}, dilation {dilation:?}");
        all = two(all, &label, pair(&[1, 2, 3, 2, 3], &[2, 2, 2, 2, 2]), move |x: Tensor<5>, w: Tensor<5>| {
            m::conv_transpose3d(x, w, None, ConvTransposeOptions::new(stride, padding, [0; 3], dilation, 1))
        });
    }
    all
}

fn deformed() -> Row {
    let inputs = triple(&[1, 2, 4, 5], &[1, 12, 3, 3], &[3, 2, 2, 3]);
    three(row("module::deform_conv2d"), "", inputs, |x: T4, offset: T4, w: T4| {
        m::deform_conv2d(x, offset * 0.3 + 0.11, w, None, None, DeformConvOptions::new([1, 1], [0, 0], [1, 1], 1, 1))
    })
}

fn pools1() -> Vec<Row> {
    let (mut max, mut average) = (row("module::max_pool1d"), row("module::avg_pool1d"));
    for channels in 1..=4 {
        for (kernel, stride, padding) in [(3, 3, 0), (3, 1, 1), (3, 2, 1), (2, 3, 0)] {
            for flag in [false, true] {
                let label = format!("kernel {kernel}, stride {stride}, padding {padding}, {flag}");
                average = one(average, &label, [2, channels, 7], move |x: T3| {
                    let options = AvgPoolOptions::new([kernel]).with_stride([stride]).with_padding([padding]);
                    m::avg_pool1d(x, options.with_count_include_pad(flag))
                });
                let dilation = if flag { 2 } else { 1 };
                max = one(max, &label, [2, channels, 7], move |x: T3| {
                    let options = MaxPoolOptions::new([kernel]).with_stride([stride]).with_padding([padding]);
                    m::max_pool1d(x, options.with_dilation([dilation]))
                });
            }
        }
    }
    vec![max, average]
}

fn pools2() -> Vec<Row> {
    let (mut max, mut average) = (row("module::max_pool2d"), row("module::avg_pool2d"));
    for kernel in [[2, 2], [2, 3], [3, 1]] {
        for stride in [[1, 1], [2, 1], [1, 3], [3, 2]] {
            for padding in [[0, 0], [1, 0]] {
                for (flag, ceil) in [(false, false), (true, false), (false, true), (true, true)] {
                    let label =
                        format!("kernel {kernel:?}, stride {stride:?}, padding {padding:?}, {flag}, ceil {ceil}");
                    average = one(average, &label, [1, 2, 5, 6], move |x: T4| {
                        let options = AvgPoolOptions::new(kernel).with_stride(stride).with_padding(padding);
                        m::avg_pool2d(x, options.with_count_include_pad(flag).with_ceil_mode(ceil))
                    });
                    let dilation = if flag { [1, 2] } else { [2, 1] };
                    max = one(max, &label, [1, 2, 5, 6], move |x: T4| {
                        let options = MaxPoolOptions::new(kernel).with_stride(stride).with_padding(padding);
                        m::max_pool2d(x, options.with_dilation(dilation).with_ceil_mode(ceil))
                    });
                }
            }
        }
    }
    let indices = one(row("module::max_pool2d_with_indices"), "", [1, 2, 5, 6], |x: T4| {
        m::max_pool2d_with_indices(x, MaxPoolOptions::new([2, 3]).with_stride([1, 2])).0
    });
    vec![max, average, indices]
}

fn adaptive() -> Vec<Row> {
    let (mut first, mut second) = (row("module::adaptive_avg_pool1d"), row("module::adaptive_avg_pool2d"));
    for size in [1, 2, 3, 5, 7] {
        first = one(first, &format!("to {size}"), [2, 3, 7], move |x: T3| m::adaptive_avg_pool1d(x, size));
    }
    for size in [[1, 1], [2, 3], [3, 2], [5, 4], [7, 8]] {
        second = one(second, &format!("to {size:?}"), [1, 2, 5, 6], move |x: T4| m::adaptive_avg_pool2d(x, size));
    }
    let third = one(row("module::adaptive_avg_pool3d"), "", [1, 2, 3, 4, 5], |x: Tensor<5>| {
        m::adaptive_avg_pool3d(x, [2, 3, 2])
    });
    vec![first, second, third]
}

fn interpolations() -> Vec<Row> {
    let modes = [
        ("nearest", InterpolateMode::Nearest),
        ("nearest exact", InterpolateMode::NearestExact),
        ("bilinear", InterpolateMode::Bilinear),
        ("bicubic", InterpolateMode::Bicubic),
        ("lanczos3", InterpolateMode::Lanczos3),
    ];
    let each = |(name, mode): (&str, InterpolateMode)| {
        let mut all = row(&format!("module::interpolate, {name}"));
        for size in [[5, 7], [2, 3], [3, 4], [6, 8], [1, 1]] {
            for corners in [true, false] {
                let label = format!("to {size:?}, corners aligned {corners}");
                let mode = mode.clone();
                all = one(all, &label, [1, 2, 3, 4], move |x: T4| {
                    let options = InterpolateOptions::new(mode.clone()).with_align_corners(corners);
                    m::interpolate(x, options.with_output_size(size))
                });
            }
        }
        all
    };
    modes.into_iter().map(each).collect()
}
