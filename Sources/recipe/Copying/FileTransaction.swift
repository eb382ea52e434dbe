import Foundation

/// Files that are written all or none.
struct FileTransaction {
  struct Change {
    var file: URL
    var text: String
    /// What the file held when it was looked at; `nil` if there was none.
    var expected: Data?
  }

  /// A file could not be written; none has been.
  struct Failure: Error {
    var path: String
    var reason: String
  }

  var changes: [Change] = []

  /// Writes every file.
  ///
  /// Each is written beside its place first, so that a full disk is met
  /// before anything has changed, and moved there at the end. The name of a
  /// new file is claimed first: one that has come in the meantime is never
  /// replaced. A process that is killed between two moves can leave one
  /// undone, and temporary files whose names end in `.tmp`.
  ///
  /// - Throws: ``Failure``; everything is as it was then.
  func commit() throws(Failure) {
    // Ctrl-C waits for the few milliseconds.
    let signals = [SIGINT, SIGTERM, SIGHUP]
    let handlers = signals.map { signal($0, SIG_IGN) }
    defer {
      for (number, handler) in zip(signals, handlers) {
        signal(number, handler)
      }
    }
    var temporary: [URL] = []
    var undo: [() -> Void] = []
    defer { for file in temporary { unsafe unlink(file.path) } }
    func neighbour(of file: URL) -> URL {
      let mark = String(UInt64.random(in: .min ... .max), radix: 36)
      let name = ".\(file.lastPathComponent).\(mark).tmp"
      temporary.append(file.deletingLastPathComponent().appending(path: name))
      return temporary[temporary.count - 1]
    }
    do throws(Failure) {
      var copies: [URL] = []
      for change in changes {
        copies.append(neighbour(of: change.file))
        try write(change, to: copies[copies.count - 1])
      }
      for (change, copy) in zip(changes, copies) {
        let file = change.file
        if change.expected == nil {
          let claim = unsafe open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o666)
          try check(claim, file)
          close(claim)
          undo.append { unsafe unlink(file.path) }
        } else {
          guard (try? Data(contentsOf: file)) == change.expected else {
            throw Failure(
              path: file.path,
              reason: "it has just been changed by another program"
            )
          }
          let backup = neighbour(of: file)
          do {
            try FileManager.default.copyItem(at: file, to: backup)
          } catch {
            throw Failure(path: file.path, reason: error.reason)
          }
          undo.append { unsafe rename(backup.path, file.path) }
        }
        try check(unsafe rename(copy.path, file.path), file)
      }
    } catch {
      for step in undo.reversed() { step() }
      throw error
    }
  }

  private func write(_ change: Change, to copy: URL) throws(Failure) {
    let descriptor = unsafe open(copy.path, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    try check(descriptor, change.file)
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      if change.expected != nil {
        let attributes = try FileManager.default
          .attributesOfItem(atPath: change.file.path)
        if let mode = attributes[.posixPermissions] as? NSNumber {
          fchmod(descriptor, mode_t(mode.uint32Value))
        }
      }
      try handle.write(contentsOf: Data(change.text.utf8))
      try handle.synchronize()
      // Some file systems say only now that they are full.
      try handle.close()
    } catch {
      throw Failure(path: change.file.path, reason: error.reason)
    }
  }

  private func check(_ result: Int32, _ file: URL) throws(Failure) {
    guard result < 0 else { return }
    let reason = unsafe String(cString: strerror(errno)).lowercased()
    throw Failure(path: file.path, reason: reason)
  }
}
