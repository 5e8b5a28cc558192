import Testing

@testable import FlashSaleKit

struct ClockSkewTests {
    @Test func `the middle of the round trip is compared`() {
        let remote = Timestamp(microseconds: 10_000_000)
        let offset = ClockOffset(
            remote: remote,
            host: Timestamp(microseconds: 10_200_000),
            roundTrip: .milliseconds(400)
        )
        #expect(offset == ClockOffset(microseconds: 0, uncertainty: 200_000))
        let slow = ClockOffset(remote: remote, host: Timestamp(microseconds: 13_000_000), roundTrip: .seconds(3))
        #expect(slow == ClockOffset(microseconds: -1_500_000, uncertainty: 1_500_000))
    }

    @Test func `a slow answer proves nothing`() {
        // Three seconds of difference, but the answer took five: the clocks may well agree.
        let doubtful = ClockSkew(redis: ClockOffset(microseconds: 3_000_000, uncertainty: 2_500_000))
        #expect(doubtful.violation == nil)
        let sure = ClockSkew(redis: ClockOffset(microseconds: 3_000_000, uncertainty: 1000))
        #expect(sure.violation?.sentence == "Redis is 3.000 s ahead of this host")
    }

    @Test(arguments: [(Int64(2_000_000), false), (2_000_001, true), (-2_000_000, false), (-2_000_001, true)])
    func `two seconds is the limit, both ways`(offset: Int64, isViolation: Bool) {
        let skew = ClockSkew(postgres: ClockOffset(microseconds: offset, uncertainty: 0))
        #expect((skew.violation != nil) == isViolation)
    }

    @Test func `every pair counts, also that of the two stores`() {
        let skew = ClockSkew(
            redis: ClockOffset(microseconds: 1_500_000, uncertainty: 1000),
            postgres: ClockOffset(microseconds: -1_500_000, uncertainty: 1000)
        )
        #expect(skew.pairs.count == 3)
        #expect(skew.violation?.first == "Redis" && skew.violation?.second == "Postgres")
        #expect(skew.violation?.certain == 2_998_000)
        #expect(skew.pairs[2].sentence == "Postgres is 1.500 s behind this host")
        #expect(ClockSkew().worst == nil && ClockSkew().violation == nil)
    }

    @Test func `of three answers the fastest is believed`() async throws {
        var answers: [(time: Int64, pause: Duration)] = [
            (5_000_000, .milliseconds(900)), (77, .milliseconds(20)), (9, .milliseconds(700)),
        ]
        var now = ContinuousClock.now
        let offset = try await ClockOffset.measure(host: { Timestamp(microseconds: 0) }, steady: { now }) {
            let answer = answers.removeFirst()
            now += answer.pause
            return Timestamp(microseconds: answer.time)
        }
        #expect(answers.isEmpty)
        #expect(offset == ClockOffset(microseconds: 10_077, uncertainty: 10_000))
    }

    @Test(arguments: [
        ("512MB", 512 << 20), ("64kb", 64 << 10), ("2GB", 2 << 30), ("17", 17), ("9B", 9),
    ])
    func `amounts of memory are read`(text: String, bytes: Int) {
        #expect(ByteText.bytes(text) == bytes)
    }

    @Test func `amounts of memory are written`() {
        #expect(["", "MB", "1.5MB", "1TB", "-1kB", "99999999999999GB"].allSatisfy { ByteText.bytes($0) == nil })
        #expect(
            [0, 1000, 1536, 3 << 20, 5 << 30].map { ByteText.text($0) } == ["0 B", "1000 B", "1.5 kB", "3 MB", "5 GB"]
        )
    }
}
