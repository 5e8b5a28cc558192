import FlashSaleKit
import NIOCore
import Testing

@testable import flashserve

/// Which sale a checkout is sent to, without any store.
@Suite struct LoopScheduleTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func sale(_ id: Int64, _ opens: Int64, _ closes: Int64, epoch: Int64? = 1) throws -> Sale {
        let terms = SaleTerms(
            itemName: "Lamp",
            imageURL: "u",
            stock: 1,
            userLimit: 1,
            holdMilliseconds: 1000,
            opensAt: Timestamp(seconds: opens),
            closesAt: Timestamp(seconds: closes),
            hourly: true,
            test: false
        )
        return Sale(id: try #require(SaleID(id)), terms: terms, epoch: epoch, finishedAt: nil)
    }

    @Test("no sale is chosen before Redis has told the time: the clock of this host decides nothing")
    func unknownTime() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 4_000_000_000)])
        #expect(schedule.current(start) == nil)
        #expect(schedule.estimatedTime(start) == nil)
        #expect(schedule.secondsToNext(start) == 10)
    }

    @Test func theHourChangesByEstimatedRedisTime() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 3600), try sale(2, 3600, 7200)])
        schedule.observed(Timestamp(seconds: 3599), at: start)
        #expect(schedule.current(start)?.id.rawValue == 1)
        #expect(schedule.current(start + .milliseconds(990))?.id.rawValue == 1)
        #expect(schedule.current(start + .milliseconds(1030))?.id.rawValue == 2)
    }

    @Test("of overlapping sales the one that started last is the default")
    func overlapping() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 3600), try sale(2, 1000, 2000)])
        schedule.observed(Timestamp(seconds: 1500), at: start)
        #expect(schedule.current(start)?.id.rawValue == 2)
        schedule.observed(Timestamp(seconds: 2500), at: start + .seconds(1))
        schedule.reconsider()
        #expect(schedule.current(start + .seconds(1))?.id.rawValue == 1)
    }

    @Test("a script that says N or C is believed at once, whatever was cached")
    func reconsidering() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 3600), try sale(2, 3600, 7200)])
        schedule.observed(Timestamp(seconds: 10), at: start)
        #expect(schedule.current(start)?.id.rawValue == 1)
        schedule.observed(Timestamp(seconds: 3600), at: start)
        #expect(schedule.current(start)?.id.rawValue == 1, "the choice is kept for 20 ms")
        schedule.reconsider()
        #expect(schedule.current(start)?.id.rawValue == 2)
    }

    @Test func aSaleThatIsNotOpenInRedisIsNoSale() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 3600, epoch: nil)])
        schedule.observed(Timestamp(seconds: 10), at: start)
        #expect(schedule.current(start) == nil)
        #expect(schedule.sale(try #require(SaleID(1))) == nil)
    }

    @Test("a refresh keeps what a loop knows of a sale, a new epoch does not")
    func replacing() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 0, 3600, epoch: 1)])
        let id = try #require(SaleID(1))
        let first = try #require(schedule.sale(id))
        first.lastBatchSoldOut = true
        schedule.replace([try sale(1, 0, 3600, epoch: 1), try sale(2, 3600, 7200)])
        #expect(schedule.sale(id) === first)
        schedule.replace([try sale(1, 0, 3600, epoch: 2)])
        let second = try #require(schedule.sale(id))
        #expect(second !== first && second.epoch == 2 && !second.lastBatchSoldOut)
        schedule.replace([])
        #expect(schedule.sale(id) == nil && schedule.all.isEmpty)
    }

    @Test func retryAfterNamesTheNextSaleWithinAMinute() throws {
        var schedule = LoopSchedule()
        schedule.replace([try sale(1, 100, 200)])
        schedule.observed(Timestamp(microseconds: 95_500_000), at: start)
        #expect(schedule.secondsToNext(start) == 5)
        schedule.observed(Timestamp(seconds: 1), at: start)
        #expect(schedule.secondsToNext(start) == 60)
        schedule.observed(Timestamp(seconds: 300), at: start)
        #expect(schedule.secondsToNext(start) == 10)
    }
}
