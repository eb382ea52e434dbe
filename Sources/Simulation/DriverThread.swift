#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Threads that only simulations use: a simulation blocks its thread, which
/// neither the main thread nor one of the cooperative pool may do.
enum DriverThread {
  struct ID: Equatable, @unchecked Sendable {
    private let thread = pthread_self()

    static func == (left: ID, right: ID) -> Bool {
      pthread_equal(left.thread, right.thread) != 0
    }
  }

  static var processors: Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Runs `work` on a new thread and suspends the caller until it has returned.
  static func run<Output: Sendable>(
    _ work: @escaping @Sendable () -> Output
  ) async -> Output {
    await withCheckedContinuation { continuation in
      start { continuation.resume(returning: work()) }
    }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) {
    let work = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = unsafe pthread_create(
      &thread,
      nil,
      { argument in
        // Optional on some systems only.
        let argument: UnsafeMutableRawPointer? = unsafe argument
        pthread_detach(pthread_self())
        if let work = unsafe argument {
          unsafe Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
        }
        return nil
      },
      work
    )
    precondition(code == 0, "The system refuses to start a thread.")
  }
}
