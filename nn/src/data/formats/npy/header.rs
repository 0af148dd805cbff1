//! The header of an NPY file: a magic number, a version, a length, and a Python literal,
//! `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, padded with spaces.

use std::io::{Read, Write};

use autodiff::Shape;

use crate::io::{self, ByteOrder, Element, Fault, IndexOrder, NAME, NumberType, shortened};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The longest header that numpy reads.
const LONGEST: usize = 10_000;
/// The most axes that numpy allows.
const AXES: usize = 64;

#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub(super) element: Element,
    pub(super) major: IndexOrder,
    pub(super) shape: Shape,
}

impl Header {
    pub(super) fn read(reader: &mut impl Read) -> Result<Self, Fault> {
        if &io::header(reader)? != MAGIC {
            return Err(Fault::new("not an NPY file: it does not begin with \\x93NUMPY"));
        }
        let length = match io::header(reader)? {
            [1, 0] => u16::from_le_bytes(io::header(reader)?).into(),
            [2 | 3, 0] => u32::from_le_bytes(io::header(reader)?) as usize,
            [major, minor] => return Err(Fault::new(format!("version {major}.{minor} of NPY is not read"))),
        };
        if length > LONGEST {
            return Err(Fault::new(format!("the header claims {length} bytes: at most {LONGEST} are read")));
        }
        let mut text = Vec::new();
        if reader.take(length as u64).read_to_end(&mut text)? < length {
            return Err(Fault::new("the file ends within its header"));
        }
        let text = String::from_utf8_lossy(&text);
        Literal { rest: &text }.header().map_err(|fault| fault.within(&format!("header {}", quoted(text.trim_end()))))
    }

    /// Writes the header to the byte as numpy does: with space for the first extent to grow to 21 digits, and padded to a
    /// multiple of 64 bytes.
    pub(super) fn write(element: Element, shape: &Shape, writer: &mut impl Write) -> Result<(), Fault> {
        let descr = if element.number == NumberType::F32 { "<f4" } else { "<f8" };
        let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
        let comma = if extents.len() == 1 { "," } else { "" };
        let shape = format!("({}{comma})", extents.join(", "));
        let room = extents.first().map_or(0, |extent| 21 - extent.len());
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}{:room$}", "");
        let before = MAGIC.len() + 4;
        let length = (before + text.len() + 2).next_multiple_of(64) - before;
        let length = u16::try_from(length).map_err(|_| Fault::new(format!("rank {} is too large", extents.len())))?;
        writer.write_all(MAGIC)?;
        writer.write_all(&[1, 0])?;
        writer.write_all(&length.to_le_bytes())?;
        let width = usize::from(length) - 1;
        Ok(writeln!(writer, "{text:width$}")?)
    }
}

/// The rest of the text of a header.
struct Literal<'a> {
    rest: &'a str,
}

impl<'a> Literal<'a> {
    fn header(mut self) -> Result<Header, Fault> {
        let (mut descr, mut major, mut shape) = (None, None, None);
        self.expect("{")?;
        while !self.skip("}") {
            let key = self.string()?;
            self.expect(":")?;
            match key {
                "descr" => descr = Some(element(self.string()?)?),
                "fortran_order" => {
                    major = Some(if self.boolean()? { IndexOrder::ColumnMajor } else { IndexOrder::RowMajor })
                }
                "shape" => shape = Some(self.tuple()?),
                _ => return Err(Fault::new(format!("there is no key {}", quoted(key)))),
            }
            if !self.skip(",") {
                self.expect("}")?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(Fault::new(format!("{} is left over", quoted(self.rest.trim()))));
        }
        match (descr, major, shape) {
            (Some(element), Some(major), Some(shape)) => Ok(Header { element, major, shape }),
            _ => Err(Fault::new("descr, fortran_order or shape is missing")),
        }
    }

    /// Skips `token` if it is next.
    fn skip(&mut self, token: &str) -> bool {
        let next = self.rest.trim_start().strip_prefix(token);
        self.rest = next.unwrap_or(self.rest);
        next.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), Fault> {
        if self.skip(token) {
            Ok(())
        } else {
            Err(Fault::new(format!("{token:?} is expected at {}", quoted(self.rest.trim()))))
        }
    }

    fn string(&mut self) -> Result<&'a str, Fault> {
        self.expect("'")?;
        let (string, rest) = self.rest.split_once('\'').ok_or_else(|| Fault::new("a quote is not closed"))?;
        self.rest = rest;
        Ok(string)
    }

    fn boolean(&mut self) -> Result<bool, Fault> {
        if self.skip("True") {
            return Ok(true);
        }
        self.expect("False").map(|()| false)
    }

    fn tuple(&mut self) -> Result<Shape, Fault> {
        let mut extents = Vec::new();
        self.expect("(")?;
        while !self.skip(")") {
            if extents.len() == AXES {
                return Err(Fault::new(format!("there are more than {AXES} axes")));
            }
            extents.push(self.number()?);
            if !self.skip(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Shape::new(&extents))
    }

    fn number(&mut self) -> Result<usize, Fault> {
        let text = self.rest.trim_start();
        let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        self.rest = rest;
        digits.parse().map_err(|_| Fault::new(format!("an extent is expected at {}", quoted(text.trim()))))
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, NAME))
}

/// The element of numpy's description: a byte order, a kind and a width.
fn element(descr: &str) -> Result<Element, Fault> {
    let number = match descr.get(1..).unwrap_or_default() {
        "u1" => NumberType::U8,
        "i1" => NumberType::I8,
        "u2" => NumberType::U16,
        "i2" => NumberType::I16,
        "u4" => NumberType::U32,
        "i4" => NumberType::I32,
        "u8" => NumberType::U64,
        "i8" => NumberType::I64,
        "f4" => NumberType::F32,
        "f8" => NumberType::F64,
        _ => {
            return Err(Fault::new(format!(
                "type {} is not read: must be integers or float32 or float64",
                quoted(descr)
            )));
        }
    };
    let order = match descr.get(..1) {
        Some("<") => ByteOrder::Little,
        Some(">") => ByteOrder::Big,
        Some("|") if matches!(number, NumberType::U8 | NumberType::I8) => ByteOrder::Little,
        _ => return Err(Fault::new(format!("type {descr:?} has no byte order"))),
    };
    Ok(Element { number, order })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let length = if version == 1 { vec![text.len() as u8, 0] } else { vec![text.len() as u8, 0, 0, 0] };
        [MAGIC, &[version, 0][..], &length, text.as_bytes()].concat()
    }

    #[test]
    fn headers_of_every_version_and_spacing_are_read() {
        let element = Element { number: NumberType::I16, order: ByteOrder::Big };
        let due = Header { element, major: IndexOrder::ColumnMajor, shape: Shape::new(&[2, 30]) };
        let spaced = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 30), }   \n";
        let tight = "{'shape':(2,30,),'fortran_order':True,'descr':'>i2'}";
        for version in [1, 2, 3] {
            assert_eq!(Header::read(&mut &file(version, spaced)[..]).unwrap(), due);
            assert_eq!(Header::read(&mut &file(version, tight)[..]).unwrap(), due);
        }
    }

    #[test]
    fn headers_that_say_something_else_are_rejected() {
        let error_of = |text: &str| {
            let message = Header::read(&mut &file(1, text)[..]).unwrap_err().at("x".as_ref()).to_string();
            message.rsplit_once(&format!("header {text:?}: ")).unwrap().1.to_owned()
        };
        assert_eq!(error_of("(2, 3)"), "\"{\" is expected at \"(2, 3)\"");
        assert_eq!(error_of("{'descr"), "a quote is not closed");
        assert_eq!(error_of("{'descr': [('a', '<f4')]}"), "\"'\" is expected at \"[('a', '<f4')]}\"");
        assert_eq!(error_of("{'descr': '<c8'"), "type \"<c8\" is not read: must be integers or float32 or float64");
        assert_eq!(error_of("{'descr': '|f8'"), "type \"|f8\" has no byte order");
        assert_eq!(error_of("{'descr': 'é4'"), "type \"é4\" is not read: must be integers or float32 or float64");
        assert_eq!(error_of("{'shape': (2, -3)"), "an extent is expected at \"-3)\"");
        assert_eq!(error_of("{'shape': (99999999999999999999)"), "an extent is expected at \"99999999999999999999)\"");
        assert_eq!(error_of("{'fortran_order': 1"), "\"False\" is expected at \"1\"");
        assert_eq!(error_of("{'size': 1"), "there is no key \"size\"");
        assert_eq!(error_of("{'shape': ()} 5"), "\"5\" is left over");
        assert_eq!(error_of("{'shape': ()}"), "descr, fortran_order or shape is missing");
    }

    #[test]
    fn other_files_are_rejected_for_what_they_are() {
        let error_of = |file: &[u8]| Header::read(&mut &file[..]).unwrap_err().at("x".as_ref()).to_string();
        assert_eq!(error_of(b"\x93NUM"), "x: the file ends within its header");
        assert_eq!(error_of(b"\x89PNG\r\n\x1a\n"), "x: not an NPY file: it does not begin with \\x93NUMPY");
        assert_eq!(error_of(&file(4, "{}")), "x: version 4.0 of NPY is not read");
        assert_eq!(
            error_of(b"\x93NUMPY\x02\0\xff\xff\xff\xff{"),
            "x: the header claims 4294967295 bytes: at most 10000 are read"
        );
    }
}
