#[cfg(test)]
mod tests {
    #[test] fn good() { assert_eq!(1, 1); }
    #[test] fn bad() { println!("some output"); assert_eq!(3, 4, "sizes"); }
    #[test] #[should_panic] fn panics() { panic!("x"); }
    #[test] #[ignore = "slow"] fn ignored() {}
    #[test] fn returns() -> Result<(), String> { Err("no such map".into()) }
}
