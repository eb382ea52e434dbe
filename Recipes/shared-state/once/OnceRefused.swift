#if REFUSED
  // #region lazy
  final class Settings {
    lazy var config = [1, 2, 3]
  }

  func read(_ settings: Settings) async {
    // expected-error@+2 {{risks causing data races}}
    // expected-note@+1 {{between nonisolated and task-isolated uses}}
    async let first = settings.config
    print(settings.config, await first)
  }
// #endregion
#endif
