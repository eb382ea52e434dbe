import Foundation

/// Shows long texts a screen at a time.
enum Pager {
  /// Prints through `$PAGER`, or `less`, on a terminal; straight away
  /// elsewhere, or where there is no pager.
  ///
  /// - Throws: ``ExitCode/output`` where standard output cannot be written.
  static func print(_ text: String) throws(ExitCode) {
    guard Terminal.isInteractive, let command else {
      return try Terminal.print(text)
    }
    // What git tells less too: colours, and no paging of what fits.
    unsafe setenv("LESS", "FRX", 0)
    // Whoever leaves the pager early has seen enough: that is no failure.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGINT, SIG_IGN)
    defer {
      signal(SIGPIPE, SIG_DFL)
      signal(SIGINT, SIG_DFL)
    }
    // Not Foundation's Process: on Linux that puts a child into a process
    // group of its own, which may not read from the terminal.
    guard let pipe = unsafe popen(command, "w") else {
      return try Terminal.print(text)
    }
    unsafe fputs(text + "\n", pipe)
    let status = unsafe pclose(pipe)
    // The shell's word for a command that is not there.
    if status >> 8 == 127 { try Terminal.print(text) }
  }

  private static var command: String? {
    let environment = ProcessInfo.processInfo.environment
    if let pager = environment["PAGER"] {
      return pager.isBlank || pager == "cat" ? nil : pager
    }
    return environment["TERM"] == "dumb" ? nil : "less"
  }
}
