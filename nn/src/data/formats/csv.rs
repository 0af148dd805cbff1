//! Reader of CSV files (RFC 4180): tables of numbers, one sample a row, with the label in one column.

use std::cell::Cell;
use std::io::Read;

use autodiff::{Error, Real, Tensor};
use csv::{ReaderBuilder, StringRecord};

use crate::data::dataset::Dataset;
use crate::io::{Fault, MemoryLimit, Metered, NAME, Source, listed, shortened};
use crate::memory::reserve;

/// A column of a table with a header, by name or by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The name in the header.
    Named(String),
    /// The index, from 0.
    Index(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Named(name.into())
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Column::Index(index)
    }
}

/// Reads a table whose first row names the columns: features `[rows, columns − 1]`, in the order of the columns, and the
/// labels of the column `label`. Each cell is rounded to the nearest number of `T`.
///
/// # Errors
/// A file that cannot be read; a column that does not exist, or a name that several columns have; no rows, or rows of
/// different lengths; a cell that is not a number, or not finite in `T`; a label that is not an integer from 0, or that may
/// not be exact in `T` (from 2²⁴ in `f32`); numbers that exceed half the limit of the [`Source`], a row longer than a 64th of
/// it. Messages count lines and columns from 1.
pub fn with_header<T: Real>(source: impl Into<Source>, label: impl Into<Column>) -> Result<Dataset<T>, Error> {
    source.into().read(|file, limit| parse(file, true, &label.into(), limit))
}

/// Reads a table without a header: features `[rows, columns − 1]`, in the order of the columns, and the labels of the column
/// with the index `label`, from 0.
///
/// # Errors
/// Those of [`with_header`].
pub fn without_header<T: Real>(source: impl Into<Source>, label: usize) -> Result<Dataset<T>, Error> {
    source.into().read(|file, limit| parse(file, false, &Column::Index(label), limit))
}

/// The part of the limit that the text of a row may take. In memory a row of empty cells takes about twenty times as much.
const ROW: usize = 64;
/// The bytes of a row that are allowed under any limit; the CSV reader reads as many at a time.
const SHORT: usize = 1 << 13;

fn parse<T: Real>(
    reader: impl Read,
    has_header: bool,
    label: &Column,
    limit: MemoryLimit,
) -> Result<Dataset<T>, Fault> {
    let longest = limit.left() / ROW + SHORT;
    let left = Cell::new(longest);
    let reader = Metered { inner: reader, left: &left, what: "a row" };
    let mut table = ReaderBuilder::new().has_headers(has_header).buffer_capacity(SHORT).from_reader(reader);
    // Without a header these are the cells of the first row, whose number every row must have.
    let names = table.headers()?.clone();
    let label = index(label, &names)?;
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    // The labels are held twice: here, and in their tensor.
    let label_width = size_of::<usize>() + size_of::<T>();
    let mut row = StringRecord::new();
    left.set(longest);
    while table.read_record(&mut row)? {
        left.set(longest);
        grow(&mut features, row.len(), size_of::<T>(), limit.holding(labels.capacity() * label_width))?;
        grow(&mut labels, 1, label_width, limit.holding(features.capacity() * size_of::<T>()))?;
        for (column, cell) in row.iter().enumerate() {
            let name = names.get(column).filter(|_| has_header);
            let invalid = |due| {
                let cell = shortened(cell, NAME);
                Fault::new(format!("{}: {cell:?} is not {due}", location(&row, column, name)))
            };
            let number = cell.trim().parse::<f64>().unwrap_or(f64::NAN);
            if column == label {
                // The largest exact integer itself may be a rounded one.
                let whole = (0.0..T::LARGEST_EXACT_INTEGER).contains(&number) && number.fract() == 0.0;
                labels.push(if whole {
                    number as usize
                } else {
                    return Err(invalid("a label, an integer from 0"));
                });
            } else {
                let number = T::from_f64(number);
                features.push(if number.is_finite() { number } else { return Err(invalid("a finite number")) });
            }
        }
    }
    if labels.is_empty() {
        return Err(Fault::new("there are no rows"));
    }
    Ok(Dataset::new(Tensor::new([labels.len(), names.len() - 1], features)?, &labels)?)
}

/// Reserves capacity for the values of a row, `width` bytes each: up to twice as many as there are, within the limit.
fn grow<V>(values: &mut Vec<V>, more: usize, width: usize, limit: MemoryLimit) -> Result<(), Fault> {
    let (capacity, wanted) = (values.capacity(), values.len() + more);
    if wanted > capacity {
        // Both allocations exist while the values are moved.
        limit.check(capacity + wanted, width)?;
        let most = (limit.left() / width).saturating_sub(capacity).max(wanted);
        reserve(values, capacity.saturating_mul(2).clamp(wanted, most) - values.len())?;
    }
    Ok(())
}

/// The index of the column of labels.
fn index(label: &Column, names: &StringRecord) -> Result<usize, Fault> {
    match label {
        Column::Index(index) if *index < names.len() => Ok(*index),
        Column::Index(index) => {
            Err(Fault::new(format!("there is no column {index} (counted from 0): there are {}", names.len())))
        }
        Column::Named(label) => {
            let mut found = names.iter().enumerate().filter(|(_, name)| name.trim() == label).map(|(index, _)| index);
            match (found.next(), found.next()) {
                (Some(index), None) => Ok(index),
                (Some(_), Some(_)) => Err(Fault::new(format!("several columns are named {label:?}"))),
                (None, _) => {
                    let names: Vec<&str> = names.iter().collect();
                    let names = listed(names.into_iter());
                    Err(Fault::new(format!("no column is named {label:?} among {names}")))
                }
            }
        }
    }
}

fn location(row: &StringRecord, column: usize, name: Option<&str>) -> String {
    let line = row.position().map_or(0, csv::Position::line);
    let name = name.map(|name| format!(" ({})", shortened(name, NAME))).unwrap_or_default();
    format!("line {line}, column {}{name}", column + 1)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::formats::damage;

    const IRIS: &str = "length,width,species\n5.1,3.5,0\n 7.0 ,3.2,1\n\n6.3,3.3,2.0\n";

    fn error_of(table: &str, header: bool, label: impl Into<Column>) -> String {
        parse::<f32>(table.as_bytes(), header, &label.into(), MemoryLimit::UNLIMITED)
            .unwrap_err()
            .at("x".as_ref())
            .to_string()
    }

    #[test]
    fn the_label_is_a_column_by_name_or_index() {
        let features = Tensor::from([[5.1, 3.5], [7.0, 3.2], [6.3, 3.3]]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("iris.csv");
        fs::write(&path, IRIS).unwrap();
        for data in [with_header::<f64>(&path, "species").unwrap(), with_header(&path, 2).unwrap()] {
            assert_eq!((data.features(), data.labels().data()), (&features, &[0.0, 1.0, 2.0][..]));
        }
        let by_width = with_header::<f64>(&path, "width").unwrap_err().to_string();
        let due = format!("{}: line 2, column 2 (width): \"3.5\" is not a label, an integer from 0", path.display());
        assert_eq!(by_width, due);
        fs::write(&path, "4,0.5,-1e3\r\n\"1\",2,3").unwrap();
        let data = without_header::<f64>(&path, 0).unwrap();
        assert_eq!(data.features(), &[[0.5, -1000.0], [2.0, 3.0]].into());
        assert_eq!(data.labels().data(), [4.0, 1.0]);
    }

    #[test]
    fn a_bad_cell_is_found_by_line_and_column() {
        let due = "x: line 3, column 1 (a): \"?\" is not a finite number";
        assert_eq!(error_of("a,y\n1,0\n?,1\n", true, "y"), due);
        assert_eq!(
            error_of("1,0\n1,2,3\n", false, 1),
            "x: CSV error: record 1 (line: 2, byte: 4): found record with 3 fields, but the previous record has 2 fields"
        );
        for cell in ["", "nan", "inf", "1e39", "1 2"] {
            let due = format!("x: line 1, column 2: {cell:?} is not a finite number");
            assert_eq!(error_of(&format!("0,{cell}\n"), false, 0), due);
        }
        for cell in ["-1", "0.5", "setosa", "16777217"] {
            let due = format!("x: line 1, column 1: {cell:?} is not a label, an integer from 0");
            assert_eq!(error_of(&format!("{cell},1\n"), false, 0), due);
        }
    }

    #[test]
    fn a_table_without_the_column_or_without_rows_is_rejected() {
        assert_eq!(error_of(IRIS, true, "class"), "x: no column is named \"class\" among length, width, species");
        assert_eq!(error_of("y,y\n1,1\n", true, "y"), "x: several columns are named \"y\"");
        assert_eq!(error_of(IRIS, true, 3), "x: there is no column 3 (counted from 0): there are 3");
        assert_eq!(error_of("a,y\n", true, "y"), "x: there are no rows");
        assert_eq!(error_of("", false, 0), "x: there is no column 0 (counted from 0): there are 0");
    }

    #[test]
    fn damaged_tables_are_rejected_or_read_and_never_panic() {
        damage::altered(IRIS.as_bytes(), |table| parse::<f32>(table, true, &"species".into(), MemoryLimit::UNLIMITED));
    }

    #[test]
    fn long_cells_and_names_are_shortened_in_messages() {
        let long = "ä".repeat(5 << 20);
        let start = "ä".repeat(60);
        let due = format!("x: line 1, column 2: \"{start}… (10485760 bytes)\" is not a finite number");
        assert_eq!(error_of(&format!("0,{long}\n"), false, 0), due);
        let due = format!("x: line 1, column 1: \"{start}… (10485760 bytes)\" is not a label, an integer from 0");
        assert_eq!(error_of(&format!("{long},0\n"), false, 0), due);
        let due = format!("x: line 2, column 1 ({start}… (10485760 bytes)): \"?\" is not a finite number");
        assert_eq!(error_of(&format!("{long},y\n?,0\n"), true, "y"), due);
        let due = format!("x: no column is named \"y\" among {start}… (10485760 bytes), b");
        assert_eq!(error_of(&format!("{long},b\n"), true, "y"), due);
        let many: Vec<String> = (0..1000).map(|k| k.to_string()).collect();
        let message = error_of(&many.join(","), true, "y");
        assert!(
            message
                .ends_with("among 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 980 more")
        );
    }

    #[test]
    fn a_label_that_may_have_been_rounded_is_rejected() {
        for label in ["16777216", "16777217", "1e300", "18446744073709551616"] {
            assert!(error_of(&format!("{label},1\n"), false, 0).ends_with("is not a label, an integer from 0"));
        }
        let read =
            |label: &str| parse::<f64>(format!("{label},1\n").as_bytes(), false, &0.into(), MemoryLimit::UNLIMITED);
        assert_eq!(read("9007199254740991").unwrap().labels().data(), [9_007_199_254_740_991.0]);
        assert!(read("9007199254740993").is_err());
    }
}
