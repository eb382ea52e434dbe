#if REFUSED
  // #region stream
  func produce(_ out: AsyncStream<Int>.Continuation) async {
    out.yield(1)
    out.finish()  // the sending end may end it
    // expected-error@+1 {{to conform to 'AsyncSequence'}}
    for await job in out { print(job) }
  }
  func consume(_ jobs: AsyncStream<Int>) {
    jobs.yield(1)  // expected-error {{has no member 'yield'}}
    jobs.finish()  // expected-error {{has no member 'finish'}}
  }
  func numbers() -> some AsyncSequence<Int, Never> {
    AsyncStream<Int> { $0.finish() }
  }
  // expected-error@+1 {{cannot convert value of type 'some AsyncSequence}}
  let stream: AsyncStream<Int> = numbers()
// #endregion
#endif
