extension Example {
  /// Says a value in a lane, as JSON.
  package typealias Print = @Sendable (any Encodable) -> Void

  /// Something that is done to a subject, for instance to a channel.
  package typealias Operation<Subject> =
    @Sendable (Subject, @escaping Print) async throws -> Void

  /// An example for each cell of a table, `OPERATION-STATE` by name.
  ///
  /// A page shows them by its `cells`. The `outcomes` are what each operation
  /// comes to, in the order of the states; a state is what a subject is like
  /// before.
  package static func cells<Subject: Sendable>(
    _ outcomes: KeyValuePairs<String, [Evidence]>,
    of operations: [String: Operation<Subject>],
    in states: KeyValuePairs<String, @Sendable () -> Subject>
  ) -> [Example] {
    outcomes.flatMap { name, row in
      guard let operation = operations[name], row.count == states.count else {
        preconditionFailure("\(name) is no row for \(states.count) states")
      }
      return zip(states, row).map { state, evidence in
        Example("\(name)-\(state.key)", evidence) { stage in
          try await operation(state.value()) { stage.print($0) }
        }
      }
    }
  }
}
