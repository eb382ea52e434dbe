#if REFUSED
  final class Page { var text = "" }

  func send(_ pages: AsyncStream<Page>.Continuation) {
    // #region sent
    let page = Page()
    // expected-error@+2 {{risks causing data races}}
    // expected-note@+1 {{used after being passed as a 'sending' parameter}}
    pages.yield(page)
    page.text = "late"  // expected-note {{access can happen concurrently}}
    // #endregion
  }
#endif
