import Foundation
import Synchronization

/// Where the program writes.
enum Terminal {
  /// Whether standard output is a terminal.
  static let isInteractive = isatty(STDOUT_FILENO) == 1

  /// Whether standard error is a terminal: only then progress is shown.
  static let showsProgress = isatty(STDERR_FILENO) == 1

  /// Whether colours are welcome, by the convention of no-color.org.
  static let isStyled: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    return isInteractive && !isRefused && environment["TERM"] != "dumb"
  }()

  /// The columns that `COLUMNS` asks for, or those of the terminal; 80 where
  /// there is none, so that what goes into a file does not depend on the
  /// window it was made in.
  static let width: Int = {
    let columns = ProcessInfo.processInfo.environment["COLUMNS"]
    if let columns = columns.flatMap({ Int($0) }), columns > 0 {
      return columns
    }
    guard isInteractive else { return 80 }
    var size = winsize()
    if unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0
    {
      return Int(size.ws_col)
    }
    return 80
  }()

  /// Writes a line to standard output.
  ///
  /// - Throws: ``ExitCode/output`` after having said what is wrong. Where
  ///   the reader has gone away the process ends as by `SIGPIPE`.
  static func print(_ text: String) throws(ExitCode) {
    clearProgress()
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      complain("cannot write to standard output: \(error.reason)")
      throw .output
    }
  }

  /// Writes a file; a link is followed and stays, and so does what is no
  /// regular file, such as a pipe.
  ///
  /// - Throws: ``ExitCode/output`` after having said what is wrong.
  static func write(_ text: String, to file: URL) throws(ExitCode) {
    let place = file.resolvingSymlinksInPath()
    do {
      if [nil, .typeRegular].contains(place.fileType) {
        try Data(text.utf8).write(to: place, options: .atomic)
      } else {
        try FileHandle(forWritingTo: place).write(contentsOf: Data(text.utf8))
      }
    } catch {
      complain("cannot write \(file.relativePath): \(error.reason)")
      throw .output
    }
  }

  /// Writes a line to standard error, after the name of the program.
  static func complain(_ text: String) {
    clearProgress()
    writeError("recipe: \(text)\n")
  }

  private static let progressIsShown = Mutex(false)

  /// Shows one line on the terminal, which the next output replaces.
  static func showProgress(_ text: String) {
    guard showsProgress else { return }
    progressIsShown.withLock { $0 = true }
    writeError("\r\u{1B}[K" + String(text.prefix(width - 1)))
  }

  private static func clearProgress() {
    let wasShown = progressIsShown.withLock { isShown in
      defer { isShown = false }
      return isShown
    }
    if wasShown { writeError("\r\u{1B}[K") }
  }

  private static func writeError(_ text: String) {
    // There is nowhere to report this failure to.
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}

extension URL {
  /// What stands there, be it a link that leads nowhere; `nil` for nothing.
  var fileType: FileAttributeType? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType
  }
}

extension String {
  /// With spaces behind it.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  /// With spaces before it.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}

/// Rows of cells as lines: the first column begins on the left, the others end
/// on the right.
func inColumns(_ rows: [[String]]) -> [String] {
  let widths = (rows.first ?? []).indices.map { column in
    rows.map { $0[column].count }.max() ?? 0
  }
  return rows.map { row in
    row.indices.map { column in
      column == 0
        ? row[column].padded(to: widths[column])
        : row[column].leftPadded(to: widths[column])
    }.joined(separator: "  ")
  }
}
