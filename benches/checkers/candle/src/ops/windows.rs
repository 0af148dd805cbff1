//! Convolutions, pooling, upsampling: sweeps over stride, padding, dilation and groups.

use adapters::Input;
use candle_core::{Result, Tensor};

use super::{Row, case, op};

/// Rejects a kernel that is empty or does not fit: in release, candle's output size wraps around, and the loop over it does not
/// end.
fn fits(x: &Tensor, kernel: &Tensor, padding: usize, dilation: usize) -> Result<()> {
    for (extent, size) in x.dims().iter().zip(kernel.dims()).skip(2) {
        if *size == 0 || dilation * (size - 1) + 1 > extent + 2 * padding {
            candle_core::bail!("a kernel of {size} does not fit {extent}");
        }
    }
    Ok(())
}

/// Rejects a transposed convolution without output: in release, candle's output size wraps around, and it writes out of bounds.
fn spreads(x: &Tensor, kernel: &Tensor, [padding, output_padding, stride, dilation]: [usize; 4]) -> Result<()> {
    for (extent, size) in x.dims().iter().zip(kernel.dims()).skip(2) {
        let empty = *size == 0 || *extent == 0;
        if empty || (extent - 1) * stride + dilation * (size - 1) + output_padding < 2 * padding {
            candle_core::bail!("a kernel of {size} on {extent} gives no output");
        }
    }
    Ok(())
}

/// As [`fits`].
fn pool_fits(x: &Tensor, kernel: (usize, usize)) -> Result<&Tensor> {
    let (_, _, height, width) = x.dims4()?;
    if kernel.0 > height || kernel.1 > width {
        candle_core::bail!("a kernel of {kernel:?} does not fit {height} × {width}");
    }
    Ok(x)
}

pub fn rows() -> Vec<Row> {
    let mut rows = convolutions();
    rows.extend(transposed());
    rows.extend(pools());
    rows.extend(upsampling());
    rows
}

fn convolutions() -> Vec<Row> {
    let mut one: Option<Row> = None;
    let mut two: Option<Row> = None;
    for (stride, padding) in [(1, 0), (1, 1), (2, 0), (2, 1), (3, 1)] {
        for (dilation, groups) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
            let label = format!("stride {stride}, padding {padding}, dilation {dilation}, groups {groups}");
            let inputs = [Input::new(&[2, 2, 8]), Input::new(&[4, 2 / groups, 3])];
            let f = move |x: &[Tensor]| {
                fits(&x[0], &x[1], padding, dilation)?;
                x[0].conv1d(&x[1], padding, stride, dilation, groups)
            };
            one = Some(match one {
                Some(row) => case(row, &label, inputs, f),
                None => case(op("conv1d", [[1, 1, 3], [1, 1, 2]], f), &label, inputs, f),
            });
            let inputs = [Input::new(&[2, 2, 6, 7]), Input::new(&[2, 2 / groups, 2, 3])];
            let f = move |x: &[Tensor]| {
                fits(&x[0], &x[1], padding, dilation)?;
                x[0].conv2d(&x[1], padding, stride, dilation, groups)
            };
            two = Some(match two {
                Some(row) => case(row, &label, inputs, f),
                None => case(op("conv2d", [[1, 1, 3, 4], [1, 1, 2, 3]], f), &label, inputs, f),
            });
        }
    }
    let one = one.map(|row| {
        case(row, "batch of 1", [[1, 2, 8], [4, 2, 3]], |x| {
            fits(&x[0], &x[1], 0, 1)?;
            x[0].conv1d(&x[1], 0, 1, 1, 1)
        })
    });
    [one, two].into_iter().flatten().collect()
}

fn transposed() -> Vec<Row> {
    let mut row = op("conv_transpose2d", [[1, 2, 3, 4], [2, 3, 2, 3]], |x| {
        spreads(&x[0], &x[1], [0, 0, 1, 1])?;
        x[0].conv_transpose2d(&x[1], 0, 0, 1, 1)
    });
    for (stride, padding, output_padding, dilation) in
        [(1, 1, 0, 1), (2, 0, 0, 1), (2, 1, 1, 1), (1, 0, 0, 2), (2, 1, 1, 2), (3, 1, 2, 1)]
    {
        let label = format!("stride {stride}, padding {padding}, output padding {output_padding}, dilation {dilation}");
        row = case(row, &label, [[2, 2, 3, 4], [2, 3, 2, 3]], move |x| {
            spreads(&x[0], &x[1], [padding, output_padding, stride, dilation])?;
            x[0].conv_transpose2d(&x[1], padding, output_padding, stride, dilation)
        });
    }
    vec![
        op("conv_transpose1d", [[1, 2, 4], [2, 3, 3]], |x| {
            spreads(&x[0], &x[1], [1, 1, 2, 1])?;
            x[0].conv_transpose1d(&x[1], 1, 1, 2, 1, 1)
        }),
        row,
    ]
}

fn pools() -> Vec<Row> {
    let max = op("max_pool2d", [[1, 1, 2, 2]], |x| pool_fits(&x[0], (2, 2))?.max_pool2d(2));
    let mut max = case(max, "kernel 2, two images", [[2, 3, 4, 6]], |x| pool_fits(&x[0], (2, 2))?.max_pool2d(2));
    let mut average = op("avg_pool2d", [[1, 1, 2, 2]], |x| pool_fits(&x[0], (2, 2))?.avg_pool2d(2));
    let mut strided_max =
        op("max_pool2d_with_stride", [[1, 2, 5, 6]], |x| pool_fits(&x[0], (2, 2))?.max_pool2d_with_stride(2, 2));
    let mut strided_average =
        op("avg_pool2d_with_stride", [[1, 2, 5, 6]], |x| pool_fits(&x[0], (2, 2))?.avg_pool2d_with_stride(2, 2));
    for height in 2..=6 {
        for width in [2, 3, 5, 6, 7] {
            for kernel in [(1, 2), (2, 1), (2, 2), (2, 3), (3, 2)] {
                if kernel.0 > height || kernel.1 > width {
                    continue;
                }
                let label = format!("kernel {kernel:?}");
                max = case(max, &label, [[1, 2, height, width]], move |x| pool_fits(&x[0], kernel)?.max_pool2d(kernel));
                average = case(average, &label, [[1, 2, height, width]], move |x| {
                    pool_fits(&x[0], kernel)?.avg_pool2d(kernel)
                });
            }
        }
    }
    for (kernel, stride) in [((3, 3), (2, 2)), ((2, 3), (1, 2)), ((2, 2), (3, 3))] {
        let label = format!("kernel {kernel:?}, stride {stride:?}");
        strided_max = case(strided_max, &label, [[1, 2, 5, 6]], move |x| {
            pool_fits(&x[0], kernel)?.max_pool2d_with_stride(kernel, stride)
        });
        strided_average = case(strided_average, &label, [[1, 2, 5, 6]], move |x| {
            pool_fits(&x[0], kernel)?.avg_pool2d_with_stride(kernel, stride)
        });
    }
    vec![max, average, strided_max, strided_average]
}

fn upsampling() -> Vec<Row> {
    let mut one = op("upsample_nearest1d", [[1, 2, 3]], |x| x[0].upsample_nearest1d(6));
    let mut two = op("upsample_nearest2d", [[1, 2, 3, 2]], |x| x[0].upsample_nearest2d(6, 4));
    for size in [3, 4, 5, 9, 2] {
        one = case(one, &format!("to {size}"), [[1, 2, 3]], move |x| x[0].upsample_nearest1d(size));
    }
    for size in [(9, 6), (3, 4), (6, 2), (6, 6), (4, 5), (2, 1)] {
        two = case(two, &format!("to {size:?}"), [[1, 2, 3, 2]], move |x| x[0].upsample_nearest2d(size.0, size.1));
    }
    let linear = op("upsample_bilinear2d", [[1, 2, 3, 2]], |x| x[0].upsample_bilinear2d(5, 4, false));
    vec![
        one,
        two,
        case(linear, "corners aligned", [[1, 2, 3, 2]], |x| x[0].upsample_bilinear2d(5, 4, true)),
        op("interpolate2d", [[1, 2, 2, 3]], |x| x[0].interpolate2d(4, 6)),
    ]
}
