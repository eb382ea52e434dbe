/// The hash of FIPS 180-4 by which git names what it stores.
enum SHA1 {
  /// The name that git gives to a file of this content.
  ///
  /// Made here, because a checkout may have been downloaded without git.
  static func blobName(of content: String) -> String {
    let bytes = Array(content.utf8)
    return hexadecimal(of: Array("blob \(bytes.count)\0".utf8) + bytes)
  }

  /// The hash in 40 hexadecimal digits.
  ///
  /// - Complexity: O(*n*).
  static func hexadecimal(of message: [UInt8]) -> String {
    var state: [UInt32] = [
      0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0,
    ]
    let padding = (119 - message.count % 64) % 64 + 1
    let length = UInt64(message.count) * 8
    let padded =
      message + [0x80] + Array(repeating: 0, count: padding - 1)
      + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
    for start in stride(from: 0, to: padded.count, by: 64) {
      mix(padded[start..<start + 64], into: &state)
    }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func mix(
    _ block: ArraySlice<UInt8>,
    into state: inout [UInt32]
  ) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map {
      block[$0..<$0 + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<80 {
      words.append(
        (words[index - 3] ^ words[index - 8] ^ words[index - 14]
          ^ words[index - 16]).rotated(by: 1)
      )
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for (index, word) in words.enumerated() {
      let (choice, constant): (UInt32, UInt32) =
        switch index {
        case ..<20: ((b & c) | (~b & d), 0x5A82_7999)
        case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case ..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
      let next = a.rotated(by: 5) &+ choice &+ e &+ constant &+ word
      (a, b, c, d, e) = (next, a, b.rotated(by: 30), c, d)
    }
    for (index, value) in [a, b, c, d, e].enumerated() {
      state[index] &+= value
    }
  }
}

extension UInt32 {
  fileprivate func rotated(by count: UInt32) -> UInt32 {
    self << count | self >> (32 - count)
  }
}
