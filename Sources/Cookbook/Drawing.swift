/// What all pictures of pages have in common: SVG that is readable on a light
/// and on a dark ground.
enum Drawing {
  // In pixels.
  static let width = 760
  static let rowHeight = 20

  /// The text of a file.
  ///
  /// - Parameters:
  ///   - title: What somebody hears who does not see it.
  ///   - height: In pixels.
  ///   - style: What it needs beside the common style.
  ///   - body: What is drawn on the ground.
  /// - Returns: The text.
  static func svg(
    _ title: String,
    height: Int,
    style: [String] = [],
    _ body: [String]
  ) -> String {
    let lines =
      [
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" "
          + "role=\"img\" aria-label=\"\(escaped(title))\">",
        "<style>", Self.style,
      ] + style + [
        "</style>", "<title>\(escaped(title))</title>",
        "<rect class=\"ground\" width=\"\(width)\" height=\"\(height)\" rx=\"8\"/>",
      ] + body + ["</svg>", ""]
    return lines.joined(separator: "\n")
  }

  private static let style = """
    svg { --ground: #f6f8fa; --ink: #24292f; --faint: #d0d7de; --bar: #0969da; --bad: #b31d28 }
    @media (prefers-color-scheme: dark) {
      svg { --ground: #161b22; --ink: #e6edf3; --faint: #30363d; --bar: #58a6ff; --bad: #ff7b72 }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--ink) }
    .name { font-weight: 600 } .lane, .end { text-anchor: end } .middle { text-anchor: middle }
    .ground { fill: var(--ground) } .axis { stroke: var(--faint) }
    .bar { fill: var(--bar) } .mark { stroke: var(--ink); stroke-width: 1.8; fill: none }
    .solid { fill: var(--ink) } .bad { stroke: var(--bad) }
    .halo { stroke: var(--ground); stroke-width: 6; stroke-linejoin: round }
    """

  static func text(_ x: Int, _ y: Int, _ text: String, _ kind: String)
    -> String
  {
    "<text class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\">\(escaped(text))</text>"
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing("\"", with: "&quot;")
  }
}
