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
  /// before anything has changed, and moved there at the end. A new file is
  /// put in place by a link, which never replaces one that has come in the
  /// meantime. A process that is killed between two moves can leave one
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
    do throws(Failure) {
      for change in changes {
        let copy = Self.neighbour(of: change.file)
        temporary.append(copy)
        try write(change, to: copy)
      }
      for (change, copy) in zip(changes, Array(temporary)) {
        guard change.expected != nil else {
          try place(copy, at: change.file)
          undo.append { unsafe unlink(change.file.path) }
          continue
        }
        guard (try? Data(contentsOf: change.file)) == change.expected else {
          throw Failure(
            path: change.file.path,
            reason: "it has just been changed by another program"
          )
        }
        let backup = Self.neighbour(of: change.file)
        temporary.append(backup)
        try back(up: change.file, to: backup)
        try check(unsafe rename(copy.path, change.file.path), change.file)
        undo.append { unsafe rename(backup.path, change.file.path) }
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

  private func place(_ copy: URL, at file: URL) throws(Failure) {
    if unsafe link(copy.path, file.path) == 0 { return }
    guard errno == EPERM || errno == ENOTSUP || errno == ENOSYS else {
      throw failure(file)
    }
    // A file system without links: claim the name, then replace the claim.
    let claim = unsafe open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    try check(claim, file)
    close(claim)
    guard unsafe rename(copy.path, file.path) == 0 else {
      let failure = failure(file)
      unsafe unlink(file.path)
      throw failure
    }
  }

  private func back(up file: URL, to backup: URL) throws(Failure) {
    if unsafe link(file.path, backup.path) == 0 { return }
    do {
      try FileManager.default.copyItem(at: file, to: backup)
    } catch {
      throw Failure(path: file.path, reason: error.reason)
    }
  }

  private func check(_ result: Int32, _ file: URL) throws(Failure) {
    if result < 0 { throw failure(file) }
  }

  private func failure(_ file: URL) -> Failure {
    // Before anything else sets it.
    let code = errno
    return Failure(
      path: file.path,
      reason: unsafe String(cString: strerror(code)).lowercased()
    )
  }

  private static func neighbour(of file: URL) -> URL {
    let mark = String(UInt64.random(in: .min ... .max), radix: 36)
    return file.deletingLastPathComponent()
      .appending(path: ".\(file.lastPathComponent).\(mark).tmp")
  }
}
