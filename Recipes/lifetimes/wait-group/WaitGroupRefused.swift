#if REFUSED
  func addToGroup() async {
    // #region nested
    // expected-note@+1 {{parameter 'group' is declared 'inout'}}
    await withTaskGroup { group in
      // expected-error@+4 {{risks causing data races}}
      // expected-error@+3 {{captures 'inout' parameter 'group'}}
      // expected-note@+3 {{captured here}}
      // expected-note@+2 {{closure captures 'group'}}
      group.addTask {
        group.addTask { print("a job of the job") }
      }
    }
    // #endregion
  }
#endif
