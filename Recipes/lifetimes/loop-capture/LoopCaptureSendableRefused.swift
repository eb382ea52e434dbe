// Refused when the compiler checks types, which comes before the rest: an
// error here would hide those of the other files.

#if REFUSED
  func capturedBySendableClosures() {
    // #region sendable
    var closures: [@Sendable () -> Void] = []
    var i = 0
    while i < 3 {
      // expected-error@+1 {{reference to captured var 'i'}}
      closures.append { print(i) }
      i += 1
    }
    // #endregion
    for closure in closures { closure() }
  }
#endif
