/// The sizes that keep a file readable in one go.
enum LengthRules {
    static let longestFile = 400
    static let medianFile = 150
    static let longestFunction = 70
    static let longestLine = 120
    static let testsPerSource = 0.75

    /// Languages whose files and lines are limited.
    static let extensions: Set<String> = ["swift", "lua", "sql", "sh", "py", "h"]

    static func isMeasured(_ file: SourceFile) -> Bool {
        guard let end = file.name.split(separator: ".").last else { return false }
        return extensions.contains(String(end)) && !file.path.contains("/Snapshots/")
    }

    static func longFiles(_ files: [SourceFile]) -> [Offence] {
        files.filter { isMeasured($0) && $0.lines.count > longestFile }
            .map { $0.offence(longestFile, "\($0.lines.count) lines; at most \(longestFile)") }
    }

    /// Nil when the median is fine.
    static func median(_ files: [SourceFile]) -> Int {
        let lengths = files.filter(isMeasured).map(\.lines.count).sorted()
        return lengths.isEmpty ? 0 : lengths[lengths.count / 2]
    }

    static func longLines(_ file: SourceFile) -> [Offence] {
        guard isMeasured(file) else { return [] }
        return file.lines.indices.filter { file.lines[$0].count > longestLine }
            .map { file.offence($0, "\(file.lines[$0].count) columns; at most \(longestLine)") }
    }

    static func longFunctions(_ file: SourceFile) -> [Offence] {
        guard file.isSwift else { return [] }
        return FunctionScanner.functions(in: file).filter { $0.lineCount > longestFunction }.map {
            file.offence($0.firstLine, "\($0.name) has \($0.lineCount) lines; at most \(longestFunction)")
        }
    }

    /// Lines of tests for each line of source, blank ones not counted.
    static func testRatio(_ files: [SourceFile]) -> Double {
        let swift = files.filter(\.isSwift)
        let sources = swift.filter(\.isSource).reduce(0) { $0 + $1.weight }
        let tests = swift.filter(\.isTest).reduce(0) { $0 + $1.weight }
        return sources == 0 ? 0 : Double(tests) / Double(sources)
    }
}
