/// A command line that cannot be carried out; the program exits with 64.
struct UsageError: Error, Equatable, CustomStringConvertible {
  var message: String
  var hint: String?

  var description: String { message }

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// Something that was run or checked does not hold.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// How the program ends; `recipe help` lists these.
enum ExitCode: Int32, Error {
  case success = 0
  /// The thing that was run or checked does not hold.
  case failure = 1
  case usage = 64
  case output = 74
  case interrupted = 130
}

/// The candidate with the fewest edits to `word`, where these are few enough to
/// be a slip of the finger.
///
/// The distance is Levenshtein's; upper and lower case are the same.
///
/// - Complexity: O(*n* · *m*) for each candidate.
func nearest(to word: String, in candidates: [String]) -> String? {
  let ranked =
    candidates
    .map { (candidate: $0, distance: editDistance(word, $0)) }
    .filter { $0.candidate != word && $0.distance < $0.candidate.count }
    .min { $0.distance < $1.distance }
  guard let ranked, ranked.distance <= max(2, ranked.candidate.count / 3)
  else { return nil }
  return ranked.candidate
}

func editDistance(_ from: String, _ to: String) -> Int {
  let (from, to) = (Array(from.lowercased()), Array(to.lowercased()))
  var row = Array(0...to.count)
  for (index, character) in from.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for (column, other) in to.enumerated() {
      let replaced = diagonal + (character == other ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
    }
  }
  return row[to.count]
}
