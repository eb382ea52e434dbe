/// The differences of two texts, in the unified format of `diff -u`.
enum UnifiedDiff {
  private enum Edit {
    case keep(String)
    case remove(String)
    case insert(String)

    var isChange: Bool {
      if case .keep = self { false } else { true }
    }

    var line: String {
      switch self {
      case .keep(let line): " " + line
      case .remove(let line): "-" + line
      case .insert(let line): "+" + line
      }
    }
  }

  /// The differences with three lines around each; none for equal texts.
  ///
  /// - Complexity: O((*n* + *m*) · *d*) for *d* differences; the algorithm
  ///   is that of Myers, from the standard library.
  static func lines(
    from old: [String],
    named oldName: String,
    to new: [String],
    named newName: String,
    styled: Bool = false
  ) -> [String] {
    let edits = edits(from: old, to: new)
    var lines: [String] = []
    for hunk in hunks(of: edits) {
      let before = edits[..<hunk.lowerBound]
      let inside = edits[hunk]
      func count(_ edits: ArraySlice<Edit>, inOld: Bool) -> Int {
        edits.count {
          switch $0 {
          case .keep: true
          case .remove: inOld
          case .insert: !inOld
          }
        }
      }
      func range(inOld: Bool) -> String {
        let length = count(inside, inOld: inOld)
        // An empty range names the line before it.
        let start = count(before, inOld: inOld) + (length == 0 ? 0 : 1)
        return "\(start),\(length)"
      }
      lines.append("@@ -\(range(inOld: true)) +\(range(inOld: false)) @@")
      lines += inside.map(\.line)
    }
    guard !lines.isEmpty else { return [] }
    lines = ["--- \(oldName)", "+++ \(newName)"] + lines
    return styled ? lines.map(coloured) : lines
  }

  private static func coloured(_ line: String) -> String {
    switch line.first {
    case "+": "\u{1B}[32m\(line)\u{1B}[0m"
    case "-": "\u{1B}[31m\(line)\u{1B}[0m"
    case "@": "\u{1B}[36m\(line)\u{1B}[0m"
    default: line
    }
  }

  private static func edits(from old: [String], to new: [String]) -> [Edit] {
    let difference = new.difference(from: old)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var edits: [Edit] = []
    var (oldIndex, newIndex) = (0, 0)
    while oldIndex < old.count || newIndex < new.count {
      if removed.contains(oldIndex) {
        edits.append(.remove(old[oldIndex]))
        oldIndex += 1
      } else if inserted.contains(newIndex) {
        edits.append(.insert(new[newIndex]))
        newIndex += 1
      } else {
        edits.append(.keep(new[newIndex]))
        oldIndex += 1
        newIndex += 1
      }
    }
    return edits
  }

  private static func hunks(of edits: [Edit]) -> [Range<Int>] {
    let context = 3
    var hunks: [Range<Int>] = []
    for index in edits.indices where edits[index].isChange {
      let start = max(0, index - context)
      let end = min(edits.count, index + context + 1)
      if let last = hunks.last, last.upperBound >= start {
        hunks[hunks.count - 1] = last.lowerBound..<end
      } else {
        hunks.append(start..<end)
      }
    }
    return hunks
  }
}
