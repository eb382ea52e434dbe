/// A piece of work that both languages do, to be timed.
package struct Workload: Sendable {
  /// Kebab-case, the same in both languages.
  package var name: String
  /// What both sides promise while they do it, in one line.
  package var promise: String
  /// The operations of one run at full size.
  package var operations: Int
  /// Does so many operations, and returns a number that depends on each of
  /// them: both languages must return the same.
  package var run: @Sendable (Int) async throws -> Int

  /// Creates a workload.
  package init(
    _ name: String,
    promise: String,
    operations: Int,
    run: @escaping @Sendable (Int) async throws -> Int
  ) {
    self.name = name
    self.promise = promise
    self.operations = operations
    self.run = run
  }
}
