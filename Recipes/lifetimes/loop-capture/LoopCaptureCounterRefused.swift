// Refused when the compiler looks at what passes from task to task.

#if REFUSED
  func sharedCounter() async {
    // #region shared-counter
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
