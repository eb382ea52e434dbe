import Foundation
import Testing

/// The main job, as a user does it: on files.
@Suite("recipe word-count", .inScratchFolder)
struct WordCountCommandTests {
  @Test("A run without files counts the shipped texts")
  func shippedTexts() async throws {
    let result = try await Program.run("word-count --top 3")
    result.expect(0, "\n     14  the\n")
    #expect(result.output.hasSuffix("\n\nwords: 271, different: 208\n"))
    // Nor does an example count its own texts beside a file.
    try write("a b", to: "text")
    try await Program.run("word-count plain text")
      .expect(0, "\nwords: 2, different: 2\n")
  }

  @Test("The words of ASCII files are those that wc counts")
  func agreesWithWc() async throws {
    let result = try await Program.shell(
      "head -c 2000000 /dev/urandom | LC_ALL=C tr -dc 'a-j .\\n\\t\\r' | "
        + "split -b 20000 && wc -w * | tail -n 1 && "
        + "\"$recipe\" word-count ."
    )
    let words = try #require(
      result.lines.first?.split(separator: " ").first.flatMap { Int($0) }
    )
    #expect(words > 1_000)
    #expect(result.lines.last?.hasPrefix("words: \(words), ") == true)
  }

  @Test("Thousands of small files are counted, however few may be open")
  func manyFiles() async throws {
    let result = try await Program.shell(
      "seq 3000 | sed 's/$/ word/' | split -a 3 -l 1 && ulimit -n 32 && "
        + "\"$recipe\" word-count --workers 16 --top 1 ."
    )
    result.expect(0, "\n   3000  word\n")
    #expect(result.lines.last == "words: 6000, different: 3001")
  }

  @Test("A file that cannot be read is named, and the others are counted")
  func unreadableFiles() async throws {
    let result = try await Program.shell(
      "printf 'one \\033[31m \\351' > good; ln -s loop loop; "
        + "\"$recipe\" word-count missing good loop"
    )
    #expect(result.status == 1)
    #expect(
      result.errors == """
        recipe: cannot read loop: too many levels of symbolic links
        recipe: cannot read missing: no such file or directory

        """
    )
    // What a file holds is no command to the terminal.
    #expect(result.output.contains("      1  \u{FFFD}[31m\n      1  one\n"))
    #expect(result.output.contains("      1  \\xe9\n\nwords: 3, different: 3"))
  }

  #if os(Linux)
    @Test("An error in the middle of a file is named")
    func inputError() async throws {
      let result = try await Program.run("word-count /proc/self/mem")
      #expect(result.errors.hasSuffix("/proc/self/mem: input/output error\n"))
    }

    @Test("64 MiB are counted in less than 48 MiB of memory")
    func memoryIsFlat() async throws {
      // The last look at a process that runs is at the most it had.
      let result = try await Program.shell(
        "yes \"$(seq -s ' ' 1000000 1005000)\" | head -c 64M > large; "
          + "\"$recipe\" word-count large > counts & "
          + "while grep VmHWM /proc/$!/status; do sleep 0.02; done | tail -n 1;"
          + " wait && cat counts"
      )
      #expect(result.status == 0, "\(result.errors)")
      let peak = try #require(
        result.lines.first?.split(separator: " ").compactMap { Int($0) }.first
      )
      #expect(peak > 0 && peak < 48 << 10, "\(peak >> 10) MiB")
      #expect(result.lines.last?.hasPrefix("words: 8") == true)
    }
  #endif
}
