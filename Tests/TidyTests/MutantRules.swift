/// The list of guarantees that `make mutants` breaks on purpose: `scripts/mutants.txt`.
struct MutantList {
    static let path = "scripts/mutants.txt"

    struct Mutant {
        var name: String
        /// Line of its name in the list, from 1.
        var line: Int
        var breaks = ""
        var file = ""
        var tests: [String] = []
        var old: [String] = []
        var new: [String] = []
    }

    var mutants: [Mutant] = []

    init(_ list: SourceFile) {
        for (index, line) in list.lines.enumerated() {
            if line.hasPrefix("== ") {
                mutants.append(Mutant(name: String(line.dropFirst(3)), line: index + 1))
                continue
            }
            guard var mutant = mutants.popLast() else { continue }
            if line.hasPrefix("-") { mutant.old.append(String(line.dropFirst())) }
            if line.hasPrefix("+") { mutant.new.append(String(line.dropFirst())) }
            if line.hasPrefix("breaks: ") { mutant.breaks = String(line.dropFirst(8)) }
            if line.hasPrefix("file: ") { mutant.file = String(line.dropFirst(6)) }
            if line.hasPrefix("test: ") { mutant.tests.append(String(line.dropFirst(6))) }
            mutants.append(mutant)
        }
    }

    /// What keeps a mutant from being what it says: its lines have moved on, or its tests have.
    func offences(_ files: [SourceFile]) -> [Offence] {
        mutants.flatMap { mutant in
            func offence(_ rule: String) -> Offence {
                Offence(path: MutantList.path, line: mutant.line, rule: "mutant '\(mutant.name)' \(rule)")
            }
            var offences = mutant.tests.filter { !MutantList.exists($0, files) }.map { offence("names no test: \($0)") }
            if mutant.breaks.isEmpty || mutant.tests.isEmpty { offences.append(offence("lacks a guarantee or a test")) }
            let count = files.first { $0.path == mutant.file }.map { MutantList.count(mutant.old, in: $0.lines) } ?? 0
            if count != 1 { offences.append(offence("applies \(count) times to \(mutant.file)")) }
            if mutant.old == mutant.new { offences.append(offence("changes nothing")) }
            return offences
        }
    }

    /// How often these lines stand in the file, one after the other.
    static func count(_ wanted: [String], in lines: [String]) -> Int {
        guard !wanted.isEmpty, lines.count >= wanted.count else { return 0 }
        return (0...(lines.count - wanted.count)).count { Array(lines[$0..<($0 + wanted.count)]) == wanted }
    }

    /// `Suite/function`; a name with spaces stands in backticks in the code.
    static func exists(_ test: String, _ files: [SourceFile]) -> Bool {
        let parts = test.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return false }
        return files.contains { file in
            file.isTest && file.lines.contains { BannedRules.contains("struct \(parts[0])", in: $0) }
                && file.lines.contains { $0.contains("func \(parts[1])(") || $0.contains("func `\(parts[1])`(") }
        }
    }
}
