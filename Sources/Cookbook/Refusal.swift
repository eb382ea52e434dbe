/// Code that a compiler or a tool refuses, in a file of the room.
package struct Refusal: Sendable {
  /// Relative to the folder of the recipe.
  ///
  /// Expectations stand in it, in comments: a file without one is an error.
  package let file: String

  package init(_ file: String) { self.file = file }
}

extension Example {
  /// An example of code that is refused, a file a phase of the compiler.
  package static func refused(_ name: String, _ files: String...) -> Example {
    Example(name, .refused(files.map(Refusal.init))) { _ in }
  }
}
