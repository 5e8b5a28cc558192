import Histogram
import NIOCore
import Testing

@testable import flashctl

@Suite struct LoadPartsTests {
    private func plan(requests: Int = 1000, runID: String = "run") throws -> LoadPlan {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "example.org", port: 81), runID: runID)
        plan.requests = requests
        return plan
    }

    @Test func megaloadIsWhatTheOriginalSends() throws {
        let plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        #expect(plan.requests == 1_000_000)
        #expect(plan.connections == 2000)
        #expect(plan.items == 100_000)
        #expect(plan.threads == 1)
        try plan.validate()
    }

    @Test(arguments: [
        (0, "run-0&id=1"), (9, "run-9&id=10"), (99_999, "run-99999&id=100000"), (100_000, "run-100000&id=1"),
        (999_999_999, "run-999999999&id=100000"),
    ])
    func requestsCarryTheirNumbers(number: Int, wanted: String) throws {
        let template = CheckoutTemplate(plan: try plan())
        var buffer = ByteBuffer()
        template.write(number: 123, into: &buffer)
        template.write(number: number, into: &buffer)
        #expect(
            String(buffer: buffer)
                == "POST /checkout?user_id=\(wanted) HTTP/1.1\r\nHost: example.org:81\r\nContent-Length: 0\r\n\r\n"
        )
        #expect(buffer.readableBytes <= template.maximumLength)
    }

    @Test(arguments: [
        ("http://localhost:8080", "localhost", 8080), ("http://10.0.0.1", "10.0.0.1", 80),
        ("HTTP://a-b.example:1/", "a-b.example", 1), ("http://[::1]:8080", "::1", 8080), ("http://[::1]", "::1", 80),
    ])
    func targetsAreRead(text: String, host: String, port: Int) throws {
        #expect(try LoadTarget(parsing: text) == LoadTarget(host: host, port: port))
    }

    @Test(arguments: [
        "", "localhost:8080", "https://localhost", "http://", "http://:80", "http://a:0", "http://a:99999",
        "http://a:b", "http://a/path", "http://user@a", "http://a b", "http://a\r\nX: y", "http://::1:80", "ftp://a",
    ])
    func otherTargetsAreRefused(text: String) throws {
        let error = try #require(throws: CommandFailure.self) { try LoadTarget(parsing: text) }
        #expect(error.status == .usage)
        #expect(error.nextStep == "write it as http://host:port")
    }

    @Test func targetsOfIPv6AreWrittenInBrackets() {
        #expect(LoadTarget(host: "::1", port: 80).description == "http://[::1]:80")
    }

    @Test func runIDsFitIntoUserIDs() throws {
        let longest = String(repeating: "a", count: LoadPlan.longestRunID)
        try plan(runID: longest).validate()
        #expect(longest.utf8.count + 1 + String(Int.max).utf8.count <= 64)
        for runID in ["", longest + "a", "a b", "a&id=1", "ü", "a\r\n"] {
            let error = try #require(throws: CommandFailure.self) { try plan(runID: runID).validate() }
            #expect(error.status == .usage)
        }
        try plan(runID: LoadPlan.randomRunID()).validate()
        #expect(Set((0..<100).map { _ in LoadPlan.randomRunID() }).count == 100)
    }

    @Test func numbersOutOfRangeAreUsageErrors() throws {
        for (path, values) in [
            (\LoadPlan.requests, [0, -1, 1_000_000_001]), (\.connections, [0, 60_001]), (\.threads, [0, 65]),
            (\.timeoutSeconds, [0, 121]), (\.purchasePercent, [-1, 101]),
        ] {
            for value in values {
                var plan = try plan()
                plan[keyPath: path] = value
                #expect(try #require(throws: CommandFailure.self) { try plan.validate() }.status == .usage)
            }
        }
    }

    @Test(arguments: [
        ("{\"error\":\"sold_out\",\"message\":\"x\"}", "sold_out"), ("{ \"error\" : \"user_limit\" }", "user_limit"),
        ("{\"message\":\"error\",\"error\":\"banned\"}", "banned"), ("{\"error\":{}}", ""), ("{\"error\":\"open", ""),
        ("", ""), ("not json", ""), ("{\"errors\":\"a\"}", ""), ("\"error\"", ""),
    ])
    func errorCodesAreFound(body: String, code: String) {
        let bytes = Array(body.utf8)
        #expect(String(decoding: bytes[ErrorCodeText.find(in: bytes)], as: UTF8.self) == code)
    }

    @Test func talliesAddUp() throws {
        var first = LoadTally()
        first.firstSentAt = 50
        first.sent = 4
        first.record(status: 201, nanoseconds: 1_000_000)
        first.record(status: 409, nanoseconds: 2_000_000)
        first.recordRefusal(status: 409, body: Array("{\"error\":\"sold_out\"}".utf8))
        first.recordFailure(.reset)
        var second = LoadTally()
        second.firstSentAt = 20
        second.lastAnsweredAt = 99
        second.sent = 1
        second.record(status: 409, nanoseconds: 4_000_000)
        second.recordRefusal(status: 409, body: Array("{\"error\":\"sold_out\"}".utf8))
        second.recordRefusal(status: 429, body: Array("{\"error\":\"user_limit\"}".utf8))
        second.recordConnectFailure(.connectRefused)
        first.add(second)
        #expect(first.sent == 5)
        #expect(first.answered == 3)
        #expect(first.count([409]) == 2)
        #expect(first.networkErrors == 2)
        #expect(first.firstSentAt == 20)
        #expect(first.lastAnsweredAt == 99)
        #expect(first.refusals.map(\.count) == [2, 1])
        let refused = try #require(first.times.latency(.soldOut))
        #expect(refused.totalCount == 2)
        #expect(refused.valuesAreEquivalent(refused.valueAtPercentile(100), 4_000_000))
    }

    @Test func differentRefusalsAreBounded() {
        var tally = LoadTally()
        for number in 0..<1000 { tally.recordRefusal(status: 409, body: Array("{\"error\":\"e\(number)\"}".utf8)) }
        #expect(tally.refusals.count == LoadTally.maximumRefusals)
    }

    @Test func absurdStatusesAndLatenciesAreCounted() {
        var tally = LoadTally()
        tally.record(status: 999, nanoseconds: .max)
        #expect(tally.count([599]) == 1)
        #expect(tally.answered == 1)
    }

    @Test func tooManyFilesAreRefusedWithAWayOut() throws {
        try OpenFileLimit.raise(toHold: 100)
        let error = try #require(throws: CommandFailure.self) { try OpenFileLimit.raise(toHold: 2_100_000_000) }
        #expect(error.message.contains("open files"))
        #expect(error.nextStep?.contains("ulimit -n 2100000064") == true)
    }
}
