//! Types that speak of a person.

/// Writes a `Debug` that says what a type is and nothing of what it holds, so that no log, panic or
/// assertion shows it.
#[macro_export]
macro_rules! unprinted {
    ($($name:ident)+) => {$(
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    struct Number(&'static str);

    unprinted!(Number);

    #[test]
    fn nothing_of_it_is_printed() {
        let number = Number("999940004");
        assert_eq!(format!("{number:?} {:?}", Some(&number)), "Number(…) Some(Number(…))");
        assert!(!number.0.is_empty());
    }
}
