#if REFUSED
  func share() async {
    // #region shared
    var i = 0
    await withTaskGroup { group in
      while i < 3 {
        // expected-error@+2 {{risks causing data races}}
        // expected-note@+1 {{captures reference to mutable var 'i'}}
        group.addTask { print(i) }
        i += 1
      }
    }
    var count = 0
    await withTaskGroup { group in
      for _ in 0..<3 {
        // expected-error@+2 {{risks causing data races}}
        // expected-note@+1 {{captures reference to mutable var 'count'}}
        group.addTask { count += 1 }
      }
    }
    print(count)
    // #endregion
  }
#endif
