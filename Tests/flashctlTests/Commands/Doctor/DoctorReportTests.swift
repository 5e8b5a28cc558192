import FlashSaleKit
import Testing

@testable import flashctl

/// The list of `doctor`, at several widths.
struct DoctorReportTests {
    private let report = DoctorReport(
        guards: GuardReport(),
        deep: [
            .ok(.redisLatency, "PING takes 151 µs in the median, 228 µs at most (21 times)."),
            .warning(
                .headroom,
                "There is room for 80 MB more before checkouts are refused for memory, but the journal may take 512 MB"
                    + " while Postgres is away.",
                fix: "Raise maxmemory, or lower --backlog-limit, so that a stop of Postgres does not end a sale."
            ),
            .critical(
                .nextHour,
                "There is no sale of the next hour; it should open in 4 min.",
                fix: "Run `flashctl rotate-hour`."
            ),
        ]
    )

    @Test(arguments: [60, 80, 120])
    func theListFitsAndIsAsRecorded(width: Int) throws {
        let text = report.sections.map { $0.text(width: width, color: false) }.joined(separator: "\n")
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= width })
        try Snapshot.expect(text, in: "Tests/Snapshots/tables/doctor-\(width).txt")
    }

    @Test func theWorstCounts() {
        #expect(report.level == .critical)
        #expect(DoctorReport(guards: GuardReport(), deep: []).level == .ok)
        #expect(report.findings.map(\.area) == [.redis, .redis, .sales])
        #expect(JSONText.line(report.data).contains("\"next_step\":\"Run `flashctl rotate-hour`.\",\"area\":\"sales\""))
    }

    @Test(
        arguments: [
            (1024, 1_048_576, .ok, "65,536 connections (open files: 1,024, which it raises to 1,048,576)"),
            (1024, 1024, .warning, "768 connections (open files: 1,024)"),
            (100, 100, .warning, "1 connections"),
            (4352, 4352, .ok, "4,096 connections"),
            (4351, 4351, .warning, "4,095"),
            (1024, .max, .ok, "raises to unlimited"),
        ] as [(Int, Int, GuardCheck.Level, String)]
    )
    func openFilesBoundTheCrowd(soft: Int, hard: Int, level: GuardCheck.Level, words: String) {
        let check = OpenFileCheck.check(soft: soft, hard: hard)
        #expect(check.level == level)
        #expect(check.sentence.contains(words), "\(check.sentence)")
        #expect((check.fix == nil) == (level == .ok))
    }

    @Test func theLimitsOfThisProcessAreRead() {
        #expect(OpenFileCheck.read().sentence.hasPrefix("A server started like this may have "))
    }
}
