// Refused when the compiler looks at what passes from task to task.

#if REFUSED
  func capturedByTask() async {
    // #region captured-by-task
    var i = 0
    await withTaskGroup { group in
      while i < 3 {
        // expected-error@+2 {{risks causing data races}}
        // expected-note@+1 {{captures reference to mutable var 'i'}}
        group.addTask { print(i) }
        i += 1
      }
    }
    // #endregion
  }
#endif
