import Foundation

extension ExampleInput {
  /// The files that ``paths`` names: a folder stands for the regular files in
  /// it and below, in the order of their names.
  ///
  /// Links in a folder are not followed, so that a loop of them has an end.
  /// What cannot be listed is taken for a file: opening it says best why it
  /// cannot be read.
  package var namedFiles: [String] { paths.flatMap(files(at:)) }

  private func files(at path: String) -> [String] {
    let manager = FileManager.default
    guard let names = try? manager.contentsOfDirectory(atPath: path) else {
      return [path]
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .flatMap { name in
        let attributes = try? manager.attributesOfItem(atPath: folder + name)
        return switch attributes?[.type] as? FileAttributeType {
        case .typeDirectory: files(at: folder + name)
        // Opening says what is wrong with one that cannot be looked at.
        case .typeRegular, nil: [folder + name]
        default: [String]()
        }
      }
  }
}
