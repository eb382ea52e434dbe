#if REFUSED
  // #region lazy
  final class Settings {
    lazy var config = [1, 2, 3]
  }

  func read(_ settings: Settings) async {
    await withTaskGroup { group in
      for _ in 1...2 {
        // expected-error@+2 {{risks causing data races}}
        // expected-note@+1 {{closure captures 'settings'}}
        group.addTask { print(settings.config) }
      }
    }
  }
// #endregion
#endif
