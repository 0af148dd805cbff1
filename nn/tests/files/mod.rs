//! Files through the public readers and writers: the memory that they take, damage of every kind, and processes that are
//! killed while they write.

mod allocator;
mod fuzz;
mod limits;
mod replace;
mod special;
mod weights;
