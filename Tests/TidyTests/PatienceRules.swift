/// Tests wait for what must happen: a limit is one that no slow machine meets, and it stands in one place.
enum PatienceRules {
    private static let bans = [
        "ContinuousClock.now + .seconds(": "a limit of its own: wait with `eventually`, or for TestPatience.limit",
        "ContinuousClock.now + .milliseconds(": "a limit of its own: wait with `eventually`, or for TestPatience.limit",
        "< .seconds(": "a slow machine takes longer: expect an order of events or a count",
        "< .milliseconds(": "a slow machine takes longer: expect an order of events or a count",
    ]
    /// A guard against a test that hangs, never against a slow one.
    private static let leastMinutes = 20

    static func limits(_ file: SourceFile) -> [Offence] {
        // The fault suite measures by itself how long recovery takes.
        guard file.isSwift, file.isTest, !file.path.contains("FaultSuite/") else { return [] }
        return file.code.indices.flatMap { index in
            let line = file.code[index]
            var offences = bans.filter { line.contains($0.key) }.map { file.offence(index, "\($0.key): \($0.value)") }
            if let minutes = timeLimit(line), minutes < leastMinutes {
                offences.append(file.offence(index, ".timeLimit: at least \(leastMinutes) minutes"))
            }
            return offences
        }
    }

    private static func timeLimit(_ line: String) -> Int? {
        line.firstMatch(of: /\.timeLimit\(\.minutes\((\d+)\)/).flatMap { Int($0.1) }
    }
}
