import Cookbook
import Foundation

extension ExampleInput {
  /// The input with what `--input` and the rest of a command line say.
  ///
  /// `--input` is the whole input as JSON; `@FILE` reads it from a file.
  func overridden(by arguments: Arguments) throws(UsageError) -> Self {
    var arguments = arguments
    let fields = InputField.all(of: self)
    let json = try arguments.take("input")
    var values: [String: Any] = [:]
    if let json { try Self.merge(json, into: &values, fields) }
    var given: Set<String> = []
    for field in fields {
      guard let text = try arguments.take(field.flag) else { continue }
      given.insert(field.flag)
      values[field.name] = try field.parse(text)
    }
    let files = arguments.operands
    if let first = files.first, fields.contains(where: \.isPaths) {
      if given.contains("paths") {
        throw UsageError("--paths and '\(first)' exclude each other")
      }
      if files.contains("") { throw UsageError("'' is no name of a file") }
      values["paths"] = files
      given.insert("paths")
      arguments.operands = []
    }
    // Files take the place of the texts that an example has without them.
    let other = values["paths"] == nil ? self : Self()
    for field in InputField.all(of: other) where values[field.name] == nil {
      values[field.name] = field.defaultValue
    }
    try arguments.requireEmpty()
    let input = try Self.decode(values)
    do {
      try input.validate()
    } catch {
      let flag = InputField.flag(for: error.field)
      let isDefault = json == nil && !given.contains(flag)
      throw UsageError(
        "--\(flag) \(error.problem)",
        hint: isDefault ? "its default does not fit: give --\(flag) too" : nil
      )
    }
    return input
  }

  private static func merge(
    _ json: String,
    into values: inout [String: Any],
    _ fields: [InputField]
  ) throws(UsageError) {
    var (text, origin) = (Data(json.utf8), "--input")
    if json.hasPrefix("@") {
      origin = String(json.dropFirst())
      do {
        text = try Data(contentsOf: URL(filePath: origin))
      } catch {
        throw UsageError("cannot read --input '\(origin)': \(error.reason)")
      }
    }
    guard let parsed = try? JSONSerialization.jsonObject(with: text) else {
      throw UsageError(
        "malformed JSON in \(origin)",
        hint: "an example: --input '\(Cookbook.json(Self()))'"
      )
    }
    guard let object = parsed as? [String: Any] else {
      throw UsageError("the JSON in \(origin) must be an object: {…}")
    }
    for (name, value) in object {
      guard let field = fields.first(where: { $0.name == name }) else {
        throw UsageError(
          "unknown field '\(name)' in \(origin)",
          hint: nearest(to: name, in: fields.map(\.name))
            .map { "did you mean '\($0)'?" }
        )
      }
      // JSONDecoder calls a number that does not fit malformed JSON.
      if field.kind == .integer, let number = value as? NSNumber,
        Int(exactly: number) == nil
      {
        throw UsageError(
          "'\(name)' in \(origin) must be a whole number, not \(number)"
        )
      }
      values[name] = value
    }
  }

  private static func decode(
    _ values: [String: Any]
  ) throws(UsageError) -> Self {
    do {
      let data = try JSONSerialization.data(withJSONObject: values)
      return try JSONDecoder().decode(Self.self, from: data)
    } catch DecodingError.typeMismatch(let type, let context),
      DecodingError.valueNotFound(let type, let context)
    {
      let path = context.codingPath.map { key in
        key.intValue.map { "[\($0)]" } ?? key.stringValue
      }
      let wanted =
        type is Int.Type
        ? "a whole number" : type is String.Type ? "a string" : "an array"
      throw UsageError("'\(path.joined())' must be \(wanted)")
    } catch DecodingError.dataCorrupted(let context) {
      throw UsageError("cannot use this input: \(context.debugDescription)")
    } catch {
      throw UsageError("cannot use this input: \(error)")
    }
  }
}

/// A field of an example's input as the command line sees it.
struct InputField {
  /// What it holds; the value is what stands for one in help.
  enum Kind: String {
    case integer = "NUMBER"
    case text = "TEXT"
    case integers = "NUMBER,…"
    case texts = "TEXT,…"
    case json = "JSON"
  }

  var name: String
  var kind: Kind
  /// As JSONSerialization has it; an absent one is `nil`.
  var defaultValue: Any?

  var flag: String { Self.flag(for: name) }

  /// Whether what stands on the command line without a flag goes here.
  var isPaths: Bool { name == "paths" }

  /// `cancelAfter` becomes `cancel-after`.
  static func flag(for name: String) -> String {
    name.reduce(into: "") { flag, character in
      if character.isUppercase { flag += "-" }
      flag += character.lowercased()
    }
  }

  /// The fields that an input stores, in order.
  static func all(of input: some ExampleInput) -> [InputField] {
    let defaults =
      try? JSONSerialization.jsonObject(with: Data(json(input).utf8))
      as? [String: Any]
    return Mirror(reflecting: input).children.map { name, value in
      let kind: Kind =
        switch type(of: value) {
        case is Int.Type, is Int?.Type: .integer
        case is String.Type: .text
        case is [Int].Type: .integers
        case is [String].Type: .texts
        default: .json
        }
      let name = name ?? ""
      return InputField(name: name, kind: kind, defaultValue: defaults?[name])
    }
  }

  /// The value of this field that a flag's text stands for.
  func parse(_ text: String) throws(UsageError) -> Any {
    let value = try? JSONSerialization.jsonObject(
      with: Data(text.utf8),
      options: .fragmentsAllowed
    )
    switch kind {
    case .integer: return try integer(text, expected: "a whole number")
    case .text: return text
    case .json:
      guard let value else { throw UsageError("malformed JSON in --\(flag)") }
      return value
    case .integers, .texts:
      if let list = value as? [Any] { return list }
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      .map(String.init)
    if kind == .texts { return parts.filter { !$0.isEmpty } }
    var numbers: [Int] = []
    for part in parts where !text.isEmpty {
      numbers.append(try integer(part, expected: "whole numbers with commas"))
    }
    return numbers
  }

  private func integer(
    _ text: String,
    expected: String
  ) throws(UsageError) -> Int {
    if let value = Int(text) { return value }
    guard text.wholeMatch(of: /-?\d+/) == nil else {
      throw UsageError("--\(flag): \(text) is out of range")
    }
    throw UsageError("--\(flag) must be \(expected), not '\(text)'")
  }
}

extension Error {
  /// The reason that the operating system gives, without Foundation's frame.
  var reason: String {
    let error = self as NSError
    // On Linux it is no NSError before it is taken for an error.
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? any Error
    let cause = underlying.map { $0 as NSError } ?? error
    let code: Int32? =
      switch self {
      case CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile: ENOENT
      case CocoaError.fileReadNoPermission: EACCES
      // What Foundation on Linux says of a directory.
      case CocoaError.fileReadUnknown where cause === error: EISDIR
      case _ where cause.domain == NSPOSIXErrorDomain: Int32(cause.code)
      default: nil
      }
    guard let code else { return error.localizedDescription }
    return unsafe String(cString: strerror(code)).lowercased()
  }
}
