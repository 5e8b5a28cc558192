import Foundation

/// Where the suite writes: results to standard output, talk to standard error.
enum Say {
    static func result(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    static func talk(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
