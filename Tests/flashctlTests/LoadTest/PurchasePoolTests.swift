import NIOCore
import Synchronization
import Testing

@testable import flashctl

@Suite struct PurchasePoolTests {
    private func bytes(_ number: Int) -> [UInt8] { Array("1-\(number)".utf8) }

    @Test(arguments: [(0, 0), (1, 1), (25, 25), (33, 33), (50, 50), (99, 99), (100, 100)])
    func theShareIsSpreadEvenly(percent: Int, wanted: UInt64) {
        let pool = PurchasePool(collectors: 1)
        for number in 0..<100 {
            pool.collect(bytes(number), percent: percent)
            let (all, scheduled) = pool.codes
            // Never more than one code from the exact share.
            #expect(scheduled == all * UInt64(percent) / 100)
        }
        #expect(pool.codes.scheduled == wanted)
        #expect(pool.leftover == .init(unsent: wanted, pending: 0))
    }

    @Test func codesComeOutInTheOrderInWhichTheyCameIn() {
        let pool = PurchasePool(collectors: 1)
        for number in 0..<5 { pool.collect(bytes(number), percent: 100) }
        let taken: [[UInt8]] = (0..<5).compactMap { _ in pool.take()?.code }
        #expect(taken == (0..<5).map { bytes($0) })
        #expect(pool.take() == nil)
    }

    @Test func theEndIsWhenNothingIsOnItsWay() throws {
        let pool = PurchasePool(collectors: 2)
        let wakes = Mutex(0)
        pool.onWork { wakes.withLock { $0 += 1 } }
        pool.collect(bytes(1), percent: 100)
        pool.collectorEnded()
        pool.collectorEnded()
        #expect(!pool.isDone)
        let job = try #require(pool.take())
        #expect(!pool.isDone)
        pool.postponed()
        #expect(!pool.isDone)
        #expect(pool.leftover == .init(unsent: 0, pending: 1))
        #expect(wakes.withLock { $0 } == 0)
        pool.due(PurchaseJob(code: job.code, tries: 1))
        #expect(wakes.withLock { $0 } == 1)
        #expect(pool.leftover == .init(unsent: 0, pending: 1))
        #expect(pool.take()?.tries == 1)
        pool.settled()
        #expect(pool.isDone)
        #expect(wakes.withLock { $0 } == 2)
        pool.forgetWakers()
        pool.wakeAll()
        #expect(wakes.withLock { $0 } == 2)
    }

    @Test func aFullPoolHoldsCheckoutsBack() {
        let pool = PurchasePool(collectors: 1, capacity: 2)
        let wakes = Mutex(0)
        pool.onWork { wakes.withLock { $0 += 1 } }
        pool.collect(bytes(1), percent: 100)
        #expect(pool.hasRoom)
        pool.collect(bytes(2), percent: 100)
        #expect(!pool.hasRoom)
        _ = pool.take()
        #expect(pool.hasRoom)
        #expect(wakes.withLock { $0 } == 1)
        pool.postponed()
        #expect(!pool.hasRoom)
    }

    @Test(arguments: [
        ("{\"code\":\"2R-7ZK3abc\",\"sale_id\":87}", "2R-7ZK3abc"), ("{\"sale_id\":1,\"code\" : \"1-A\"}", "1-A"),
        ("{\"code\":\"a b\"}", nil), ("{\"code\":\"a&b\"}", nil), ("{\"code\":\"\"}", nil), ("{}", nil), ("", nil),
        ("{\"code\":7}", nil), ("{\"codes\":\"1-A\"}", nil),
    ])
    func codesAreFound(body: String, code: String?) {
        #expect(HoldCodeText.find(in: Array(body.utf8)) == code.map { Array($0.utf8) })
    }

    @Test func codesAreBounded() {
        let longest = String(repeating: "A", count: 64)
        #expect(HoldCodeText.find(in: Array("{\"code\":\"\(longest)\"}".utf8))?.count == 64)
        #expect(HoldCodeText.find(in: Array("{\"code\":\"\(longest)A\"}".utf8)) == nil)
    }

    @Test func purchasesCarryTheirCode() {
        let plan = LoadPlan(.megaload, target: LoadTarget(host: "example.org", port: 81), runID: "r")
        var buffer = ByteBuffer()
        let template = PurchaseTemplate(plan: plan)
        template.write(code: Array("1-AAAAAAAAAAAA".utf8), into: &buffer)
        template.write(code: Array("1-B".utf8), into: &buffer)
        let wanted = "POST /purchase?code=1-B HTTP/1.1\r\nHost: example.org:81\r\nContent-Length: 0\r\n\r\n"
        #expect(String(buffer: buffer) == wanted)
    }

    @Test func talliesOfPurchasesAddUp() throws {
        var first = PurchaseTally()
        first.recordSuccess(replayed: false, tries: 1, nanoseconds: 1_000_000)
        first.recordSuccess(replayed: true, tries: 1, nanoseconds: 1_000_000)
        first.requests.record(status: 404, nanoseconds: 1)
        var second = PurchaseTally()
        second.recordSuccess(replayed: true, tries: 2, nanoseconds: 9_000_000)
        second.givenUp = 1
        second.withoutCode = 2
        second.askedAgain = 3
        first.add(second)
        #expect(first.committed == 2)
        #expect(first.replayed == 2)
        #expect(first.foreign == 1)
        #expect(first.refused == 1)
        #expect([first.givenUp, first.withoutCode, first.askedAgain] == [1, 2, 3])
        #expect(try #require(first.untilCommitted).totalCount == 2)
    }
}
