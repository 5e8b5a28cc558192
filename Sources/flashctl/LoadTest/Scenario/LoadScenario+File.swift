import Foundation

/// Scenarios that people write: docs/LOADTEST.md describes the file.
extension LoadScenario {
    /// Larger files are no scenario.
    private static let maximumBytes = 256 * 1024
    private static let members = [
        "name", "model", "rate", "stages", "duration", "arrivals", "start", "connections", "requests", "items", "flows",
    ]
    private static let flowMembers = [
        "name", "weight", "action", "users", "tag", "winners", "repeat", "starts_after",
    ]
    private static let winnerMembers = ["pay", "late", "give_back", "think", "late_think"]

    /// Reads a file.
    init(file path: String) throws(CommandFailure) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandFailure(
                .badInput,
                "cannot read the scenario \(path): \(error.localizedDescription)",
                nextStep: "check the path and its permissions"
            )
        }
        guard data.count <= LoadScenario.maximumBytes, let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(
                .badInput,
                "\(path) is no scenario: more than \(LoadScenario.maximumBytes) bytes, or not UTF-8",
                nextStep: "give a YAML file"
            )
        }
        try self.init(path: path, text: text)
    }

    /// Reads the text of a file.
    init(path: String, text: String) throws(CommandFailure) {
        let root = try ScenarioNode(path: path, text: text)
        try root.check(LoadScenario.members)
        let fileName = URL(filePath: path).deletingPathExtension().lastPathComponent
        self.init(name: try root["name"]?.text() ?? fileName, flows: [])
        if let node = root["model"] { isClosed = try node.word([("open", false), ("closed", true)]) }
        if let node = root["connections"] { connections = try node.number(1...60_000) }
        if let node = root["requests"] { requests = try node.number(1...LoadPlan.mostRequests) }
        if let node = root["items"] { items = try node.number(1...Int.max) }
        if let node = root["arrivals"] { arrivals = try node.word(LoadArrivals.allCases.map { ($0.rawValue, $0) }) }
        if let node = root["start"] { startsOnTheHour = try node.word([("now", false), ("next-hour", true)]) }
        try readStages(root)
        guard let list = root["flows"] else {
            throw root.failure("has no `flows`", "write `flows:` and below it a `- name: …` for each kind of visitor")
        }
        for node in try list.elements() { flows.append(try LoadScenario.flow(node, number: flows.count + 1)) }
    }

    private mutating func readStages(_ root: ScenarioNode) throws(CommandFailure) {
        if let node = root["stages"] {
            let text = try node.text()
            guard let read = LoadRateText.stages(text) else {
                throw node.failure("is `\(DisplayWidth.harmless(text))`", "write it as 0:10s,5000:30s,20000:5s")
            }
            stages = read
        }
        if let node = root["rate"] {
            let text = try node.text()
            guard let rate = LoadRateText.rate(text) else {
                throw node.failure("is `\(DisplayWidth.harmless(text))`", "write it as 2000/s")
            }
            stages.insert(LoadStage(rate: rate, seconds: 0), at: 0)
            if let node = root["duration"] {
                stages.append(LoadStage(rate: rate, seconds: Double(try node.milliseconds()) / 1000))
            }
        }
        if !isClosed, seconds <= 0 {
            throw root.failure("says no rate", "write `rate: 2000/s` and `duration: 60s`, or `stages:`")
        }
        if isClosed, requests == LoadPlan.mostRequests {
            throw root.failure("has no end", "write `requests:`")
        }
    }

    private static func flow(_ node: ScenarioNode, number: Int) throws(CommandFailure) -> LoadFlow {
        try node.check(flowMembers)
        var flow = LoadFlow(name: try node["name"]?.text() ?? "flow \(number)")
        if let node = node["weight"] { flow.weight = try node.number(1...1_000_000) }
        if let node = node["action"] { flow.action = try node.word(LoadFlow.Action.allCases.map { ($0.rawValue, $0) }) }
        if let node = node["repeat"] { flow.repeatPercent = try node.number(0...100) }
        if let node = node["starts_after"] { flow.startsAfter = Double(try node.milliseconds()) / 1000 }
        if let node = node["users"] { flow.users = try users(node) }
        if let node = node["winners"] { flow.winners = try winners(node) }
        // Users of two flows are different people, unless somebody says otherwise.
        flow.tag = number == 1 ? "" : String(UnicodeScalar(UInt8(ascii: "a") + UInt8((number - 2) % 26)))
        if let node = node["tag"] {
            let tag = try node.text()
            guard tag.count <= 1, tag.allSatisfy({ $0.isASCII && $0.isLetter }) else {
                throw node.failure("is `\(DisplayWidth.harmless(tag))`", "give one letter")
            }
            flow.tag = tag
        }
        return flow
    }

    private static func users(_ node: ScenarioNode) throws(CommandFailure) -> LoadFlow.Users {
        let text = try node.text()
        let words = text.split(separator: " ")
        if text == "unique" { return .unique }
        let size = words.first == "zipf" ? words.dropFirst().first.flatMap { Int($0) } : Int(text)
        let exponent = words.first == "zipf" && words.count == 3 ? Double(words[2]) : 1
        guard let size, (1...1_000_000_000).contains(size), let exponent, (0...10).contains(exponent), words.count <= 3
        else {
            throw node.failure(
                "is `\(DisplayWidth.harmless(text))`",
                "write `unique`, a number of users, or `zipf 50000` with an exponent behind it if you like"
            )
        }
        return words.first == "zipf" ? .zipf(size, exponent: exponent) : .pool(size)
    }

    private static func winners(_ node: ScenarioNode) throws(CommandFailure) -> LoadFlow.Winners {
        guard node.isMapping else {
            if try node.text() == "hand-over" { return .handOver }
            return .pay(percent: try node.number(0...100))
        }
        try node.check(winnerMembers)
        var habits = LoadFlow.Habits(pay: 0)
        if let node = node["pay"] { habits.pay = try node.number(0...100) }
        if let node = node["late"] { habits.payLate = try node.number(0...100) }
        if let node = node["give_back"] { habits.giveBack = try node.number(0...100) }
        if let node = node["think"] { habits.think = try node.range() }
        habits.late = habits.think
        if let node = node["late_think"] { habits.late = try node.range() }
        guard habits.pay + habits.payLate + habits.giveBack <= 100 else {
            throw node.failure("are more than 100 %", "let `pay`, `late` and `give_back` be 100 at most")
        }
        return .habits(habits)
    }
}
