//! The checker is checked: operations with the mistakes that shipped elsewhere, and systematic ones, must all be found,
//! and for the right reason.

mod diagnosed;
mod hidden;
mod shipped;
mod systematic;
mod table;
