use autodiff::Dual;

use super::*;

#[test]
fn numbers_of_each_kind_and_order_are_read() {
    let two = |number, bytes: &[u8]| -> Vec<f64> {
        let read = |order, bytes: &[u8]| {
            Element { number, order }
                .read(bytes, Shape::new(&[2]), IndexOrder::RowMajor, MemoryLimit::UNLIMITED)
                .unwrap()
                .into_vec()
        };
        let swapped: Vec<u8> = bytes.chunks(bytes.len() / 2).flat_map(|number| number.iter().rev()).copied().collect();
        assert_eq!(read(ByteOrder::Big, &swapped), read(ByteOrder::Little, bytes));
        read(ByteOrder::Little, bytes)
    };
    assert_eq!(two(NumberType::U8, &[1, 255]), [1.0, 255.0]);
    assert_eq!(two(NumberType::I8, &[1, 255]), [1.0, -1.0]);
    assert_eq!(two(NumberType::U16, &[1, 2, 255, 255]), [513.0, 65535.0]);
    assert_eq!(two(NumberType::I16, &[1, 2, 255, 255]), [513.0, -1.0]);
    assert_eq!(two(NumberType::U32, &[1, 0, 0, 0, 255, 255, 255, 255]), [1.0, 4_294_967_295.0]);
    assert_eq!(two(NumberType::I32, &[1, 0, 0, 0, 255, 255, 255, 255]), [1.0, -1.0]);
    let long = [5_i64.to_le_bytes(), (-5_i64).to_le_bytes()].concat();
    assert_eq!(two(NumberType::I64, &long), [5.0, -5.0]);
    let long = [5_u64.to_le_bytes(), (u64::MAX << 11).to_le_bytes()].concat();
    assert_eq!(two(NumberType::U64, &long), [5.0, 18_446_744_073_709_549_568.0]);
    assert_eq!(two(NumberType::F32, &[1.5_f32.to_le_bytes(), (-2.25_f32).to_le_bytes()].concat()), [1.5, -2.25]);
    assert_eq!(two(NumberType::F64, &[0.1_f64.to_le_bytes(), (-1e300_f64).to_le_bytes()].concat()), [0.1, -1e300]);
}

#[test]
fn a_shape_that_claims_more_or_fewer_values_than_follow_is_rejected() {
    let bytes = vec![0; 8 * (CHUNK + 2)];
    let error_of = |shape: &[usize]| {
        let element = Element { number: NumberType::F64, order: ByteOrder::Little };
        element
            .read::<f64>(&bytes[..], Shape::new(shape), IndexOrder::RowMajor, MemoryLimit::UNLIMITED)
            .unwrap_err()
            .at("x".as_ref())
            .to_string()
    };
    assert_eq!(error_of(&[8193]), "x: goes on after the 8193 values that shape [8193] holds");
    assert_eq!(error_of(&[8195]), "x: ends after 8194 of the 8195 values that shape [8195] holds");
    // To reserve space for that many would be a panic.
    let due = "x: ends after 8194 of the 1152921504606846976 values that shape [1152921504606846976] holds";
    assert_eq!(error_of(&[1 << 60]), due);
    let due = "x: shape [1099511627776, 1099511627776] has too many values";
    assert_eq!(error_of(&[1 << 40, 1 << 40]), due);
}
#[test]
fn a_number_that_the_scalar_does_not_hold_is_rejected_with_its_index() {
    fn read<T: Real>(number: NumberType, bytes: &[u8]) -> Result<Vec<T>, String> {
        let element = Element { number, order: ByteOrder::Little };
        let shape = Shape::new(&[2, bytes.len() / element.width() / 2]);
        let read = element.read(bytes, shape, IndexOrder::RowMajor, MemoryLimit::UNLIMITED);
        read.map(Tensor::into_vec).map_err(|fault| fault.at("x".as_ref()).to_string())
    }
    let floats = |numbers: [f64; 4]| numbers.map(f64::to_le_bytes).concat();
    let due = "x: element [1, 0] is 1e300: f32 does not hold it";
    assert_eq!(read::<f32>(NumberType::F64, &floats([0.0, 1.0, 1e300, 2.0])).unwrap_err(), due);
    assert_eq!(read::<f64>(NumberType::F64, &floats([0.0, 1.0, 1e300, 2.0])).unwrap()[2], 1e300);
    let special = read::<f32>(NumberType::F64, &floats([0.1, f64::NAN, f64::INFINITY, 1e-300])).unwrap();
    assert!(special[0] == 0.1 && special[1].is_nan() && special[2] == f32::INFINITY && special[3] == 0.0);
    assert!(
        read::<Dual<f32>>(NumberType::F64, &floats([0.0, -1e39, 0.0, 0.0])).unwrap_err().contains("[0, 1] is -1e39")
    );
    let longs = |numbers: [i64; 2]| numbers.map(i64::to_le_bytes).concat();
    assert_eq!(
        read::<f32>(NumberType::I64, &longs([1 << 24, -(1 << 40)])).unwrap(),
        [16_777_216.0, -1_099_511_627_776.0]
    );
    let due = "x: element [1, 0] is 16777217: f32 does not hold it";
    assert_eq!(read::<f32>(NumberType::I64, &longs([1, (1 << 24) + 1])).unwrap_err(), due);
    for large in [(1 << 53) + 1, i64::MAX, i64::MIN + 1] {
        let due = format!("x: element [0, 0] is {large}: f64 does not hold it");
        assert_eq!(read::<f64>(NumberType::I64, &longs([large, 0])).unwrap_err(), due);
    }
    let largest = u64::MAX.to_le_bytes().repeat(2);
    assert!(read::<f64>(NumberType::U64, &largest).unwrap_err().contains("element [0, 0] is 18446744073709551615"));
}

#[test]
fn what_does_not_fit_the_limit_is_rejected_before_it_is_read() {
    struct Unread;
    impl Read for Unread {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("it is read")
        }
    }
    let element = Element { number: NumberType::U8, order: ByteOrder::Little };
    let room = MemoryLimit::new(9 << 20).holding(1);
    let shape = Shape::new(&[1 << 20, 1]);
    let fault = element.read::<f64>(Unread, shape.clone(), IndexOrder::RowMajor, room).unwrap_err();
    let due = "x: 10 MiB are needed to read it: the limit is 9 MiB (`Source::limit`)";
    assert_eq!(fault.at("x".as_ref()).to_string(), due);
    let zeros = vec![0; 1 << 20];
    assert!(element.read::<f64>(&zeros[..], shape, IndexOrder::RowMajor, MemoryLimit::new(9 << 20)).is_ok());
}
