import Foundation

/// A text file of the repository, as the rules see it.
struct SourceFile: Sendable {
    /// Path below the root of the repository.
    let path: String
    let lines: [String]
    /// The lines with comments and the inside of string literals blanked out; for Swift files only.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = SourceFile.split(text)
        code = path.hasSuffix(".swift") ? SourceFile.split(CodeScanner.code(of: text)) : lines
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isTest: Bool { path.hasPrefix("Tests/") }
    var isSource: Bool { path.hasPrefix("Sources/") }
    var name: String { String(path.split(separator: "/").last ?? "") }
    /// Lines that are not blank.
    var weight: Int { lines.count { line in line.contains { $0 != " " } } }

    /// An offence of this file; `index` counts lines from 0.
    func offence(_ index: Int, _ rule: String) -> Offence { Offence(path: path, line: index + 1, rule: rule) }

    /// Lines without the empty one after the last line feed.
    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

/// One place that breaks a rule. Editors jump to `path:line`.
struct Offence: Equatable, Comparable, CustomStringConvertible {
    let path: String
    let line: Int
    let rule: String

    var description: String { "\(path):\(line): \(rule)" }

    static func < (left: Offence, right: Offence) -> Bool {
        (left.path, left.line, left.rule) < (right.path, right.line, right.rule)
    }
}

/// The files of the repository this test belongs to.
struct Repository: Sendable {
    let root: String
    let files: [SourceFile]

    static let here = Result { try Repository() }

    init(filePath: String = #filePath) throws {
        // <root>/Tests/TidyTests/SourceFile.swift
        let root = URL(fileURLWithPath: filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        self.root = root.path
        files = try Repository.paths(below: root.path).sorted().compactMap { path in
            // Pictures and the like are no UTF-8 text.
            guard let text = String(bytes: try Data(contentsOf: root.appendingPathComponent(path)), encoding: .utf8)
            else { return nil }
            return SourceFile(path: path, text: text)
        }
    }

    var swift: [SourceFile] { files.filter(\.isSwift) }

    /// Everything but what is built, what belongs to git or an editor, and local state.
    private static func paths(below root: String) throws -> [String] {
        let ignored: Set<String> = ["state", "Package.resolved", "__pycache__"]
        let kept: Set<String> = [".ci", ".swift-format", ".gitignore"]
        var result: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: root) {
            if ignored.contains(name) || name.hasPrefix(".") && !kept.contains(name) { continue }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                result += try paths(below: "\(root)/\(name)").map { "\(name)/\($0)" }
            } else {
                result.append(name)
            }
        }
        return result
    }
}
