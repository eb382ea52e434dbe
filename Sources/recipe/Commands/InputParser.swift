import Cookbook
import Foundation

extension ExampleInput {
  /// An input made of the defaults, `--input`, the flags and the operands.
  ///
  /// - Parameters:
  ///   - defaults: What is not given.
  ///   - json: The whole input as JSON; `@FILE` reads it from a file.
  ///   - flags: Flag names without the dashes, and their values; `nil` where
  ///     none was given. Later ones win.
  ///   - operands: What stands on the command line without a flag.
  ///   - known: What else could have been meant by an unknown flag.
  /// - Returns: An input that its demo has accepted.
  /// - Throws: ``UsageError`` that names the flag and the value.
  static func parse(
    defaults: Self = Self(),
    json: String?,
    flags: [(name: String, value: String?)],
    operands: [String],
    known: [String]
  ) throws(UsageError) -> Self {
    let fields = InputField.all(of: defaults)
    var values: [String: Any] = [:]
    for field in fields { values[field.name] = field.defaultValue }
    if let json { try merge(json, into: &values, fields: fields) }
    for (name, value) in flags {
      guard let field = fields.first(where: { $0.flag == name }) else {
        throw UsageError(
          "unknown flag '--\(name)'",
          hint: nearest(to: name, in: fields.map(\.flag) + known)
            .map { "did you mean '--\($0)'?" }
        )
      }
      values[field.name] = try field.parse(value)
    }
    if let first = operands.first {
      guard fields.contains(where: { $0.name == "paths" }) else {
        throw UsageError("unexpected argument '\(first)'")
      }
      values["paths"] = operands
    }
    let input = try decode(values)
    do {
      try input.validate()
    } catch {
      let flag = InputField.flag(for: error.field)
      let isDefault = json == nil && !flags.contains { $0.name == flag }
      throw UsageError(
        "--\(flag) \(error.problem)",
        hint: isDefault ? "that is its default: give --\(flag) too" : nil
      )
    }
    return input
  }

  private static func merge(
    _ json: String,
    into values: inout [String: Any],
    fields: [InputField]
  ) throws(UsageError) {
    var text = Data(json.utf8)
    var origin = "--input"
    if json.hasPrefix("@") {
      let path = String(json.dropFirst())
      origin = path
      do {
        text = try Data(contentsOf: URL(filePath: path))
      } catch {
        throw UsageError("cannot read --input '\(path)': \(error.reason)")
      }
    }
    guard let parsed = try? JSONSerialization.jsonObject(with: text) else {
      throw UsageError(
        "malformed JSON in \(origin)",
        hint: "an example: --input '\(Self().json)'"
      )
    }
    guard let object = parsed as? [String: Any] else {
      throw UsageError("the JSON in \(origin) must be an object: {…}")
    }
    for (name, value) in object {
      guard fields.contains(where: { $0.name == name }) else {
        throw UsageError(
          "unknown field '\(name)' in \(origin)",
          hint: nearest(to: name, in: fields.map(\.name))
            .map { "did you mean '\($0)'?" }
        )
      }
      values[name] = value
    }
    for field in fields where field.kind == .integer {
      // JSONDecoder calls a number that does not fit malformed JSON.
      guard let number = values[field.name] as? NSNumber,
        Int(exactly: number) == nil
      else { continue }
      throw UsageError(
        "'\(field.name)' in \(origin) must be a whole number, not \(number)"
      )
    }
  }

  private static func decode(
    _ values: [String: Any]
  ) throws(UsageError) -> Self {
    do {
      let data = try JSONSerialization.data(withJSONObject: values)
      return try JSONDecoder().decode(Self.self, from: data)
    } catch let error as DecodingError {
      throw UsageError(error.problem)
    } catch {
      throw UsageError("cannot use this input: \(error)")
    }
  }

  /// The input as one line of JSON with sorted keys.
  var json: String { jsonLine(self) }
}

/// One line of JSON with sorted keys.
func jsonLine(_ value: some Encodable) -> String { Cookbook.json(value) }

/// A field of a demo's input as the command line sees it.
struct InputField {
  enum Kind {
    case flag, integer, text, integers, texts, json
  }

  var name: String
  var kind: Kind
  var defaultValue: Any?

  var flag: String { Self.flag(for: name) }

  /// `cancelAfter` becomes `cancel-after`.
  static func flag(for name: String) -> String {
    name.reduce(into: "") { flag, character in
      if character.isUppercase { flag += "-" }
      flag += character.lowercased()
    }
  }

  /// The fields that an input stores, in order.
  static func all(of input: some ExampleInput) -> [InputField] {
    Mirror(reflecting: input).children.map { name, value in
      let kind: Kind =
        switch type(of: value) {
        case is Bool.Type, is Bool?.Type: .flag
        case is Int.Type, is Int?.Type: .integer
        case is String.Type, is String?.Type: .text
        case is [Int].Type, is [Int]?.Type: .integers
        case is [String].Type, is [String]?.Type: .texts
        default: .json
        }
      return InputField(
        name: name ?? "",
        kind: kind,
        defaultValue: unwrap(value)
      )
    }
  }

  /// A field's default as JSONSerialization has it; an absent one is `nil`.
  private static func unwrap(_ value: Any) -> Any? {
    guard let value = value as? any Encodable else { return nil }
    let object = try? JSONSerialization.jsonObject(
      with: Data(jsonLine(value).utf8),
      options: .fragmentsAllowed
    )
    return object is NSNull ? nil : object
  }

  /// The value of this field that a flag's text stands for.
  func parse(_ text: String?) throws(UsageError) -> Any {
    if kind == .flag, text == nil { return true }
    guard let text else { throw UsageError("--\(flag) needs a value") }
    switch kind {
    case .flag:
      guard let value = Bool(text) else { throw refusal(text, "true or false") }
      return value
    case .integer:
      return try integer(text, expected: "a whole number")
    case .text:
      return text
    case .integers:
      if let list = jsonArray(text) { return list }
      var values: [Int] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        if text.isEmpty { break }
        values.append(
          try integer(String(part), expected: "whole numbers with commas")
        )
      }
      return values
    case .texts:
      return jsonArray(text)
        ?? (text.isEmpty ? [] : text.split(separator: ",").map(String.init))
    case .json:
      guard
        let value = try? JSONSerialization.jsonObject(
          with: Data(text.utf8),
          options: .fragmentsAllowed
        )
      else { throw UsageError("malformed JSON in --\(flag)") }
      return value
    }
  }

  private func jsonArray(_ text: String) -> Any? {
    guard text.hasPrefix("[") else { return nil }
    return try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
  }

  private func integer(
    _ text: String,
    expected: String
  ) throws(UsageError) -> Int {
    if let value = Int(text) { return value }
    guard text.wholeMatch(of: /-?\d+/) == nil else {
      throw UsageError("--\(flag): \(text) is out of range")
    }
    throw refusal(text, expected)
  }

  private func refusal(_ text: String, _ expected: String) -> UsageError {
    UsageError("--\(flag) must be \(expected), not '\(text)'")
  }
}

extension DecodingError {
  /// The field and what is wrong with it, for a person.
  fileprivate var problem: String {
    func field(_ path: [any CodingKey]) -> String {
      let names = path.map { key in
        key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)"
      }
      return "'" + String(names.joined().dropFirst()) + "'"
    }
    func kind(_ type: Any.Type) -> String {
      switch type {
      case is Int.Type: "a whole number"
      case is String.Type: "a string"
      case is Bool.Type: "true or false"
      default: "\(type)".hasPrefix("Array") ? "an array" : "an object"
      }
    }
    switch self {
    case .typeMismatch(let type, let context),
      .valueNotFound(let type, let context):
      return "\(field(context.codingPath)) must be \(kind(type))"
    case .keyNotFound(let key, let context):
      return "\(field(context.codingPath + [key])) is missing"
    case .dataCorrupted(let context):
      guard !context.codingPath.isEmpty else {
        return "a number in the input is out of range"
      }
      return "\(field(context.codingPath)) is out of range"
    @unknown default:
      return "cannot use this input: \(self)"
    }
  }
}

extension Error {
  /// The reason that the operating system gives, without Foundation's frame.
  var reason: String {
    let error = self as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
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
