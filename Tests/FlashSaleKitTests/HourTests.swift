import Testing

@testable import FlashSaleKit

/// The hours follow one another whoever rotates, and a sale ends for itself alone.
@Suite(.serialized) struct HourTests {
    private let hour: Int64 = 3_600_000

    private func dump(_ open: OpenSale) async throws -> [[UInt8]?] {
        var dump: [[UInt8]?] = []
        for key in open.keys.all { dump.append(try await open.shop.redis.send(RedisCommand("DUMP", key)).bytes) }
        return dump
    }

    @Test("several rotators at :30, at :59:59.9 and 40 min late: one sale an hour, none dead, none skipped")
    func severalRotators() async throws {
        try await Shop.with { shop in
            let start = try await shop.store.now().startOfHour
            let processes = [try await shop.anotherProcess(), try await shop.anotherProcess(), shop]
            var created = 0
            for minutes in [30, 59.9983, 100, 160, 180, 239.9983] {
                let now = start.adding(milliseconds: Int64(minutes * 60_000))
                try await withThrowingTaskGroup(of: RotationReport.self) { group in
                    for process in processes {
                        group.addTask {
                            try await Rotation(redis: process.redis, postgres: process.postgres).run(now: now)
                        }
                    }
                    for try await report in group {
                        created += report.created.count
                        #expect(report.failed.isEmpty)
                    }
                }
                // A rotator that came while another one was at it did nothing: the hour needs one of them.
                let schedule = SaleSchedule(sales: try await shop.store.unfinished())
                for time in [now, now.startOfHour, now.startOfHour.adding(milliseconds: hour - 1)] {
                    #expect(schedule.current(at: time)?.terms.opensAt == now.startOfHour, "at minute \(minutes)")
                }
                #expect(schedule.next(after: now)?.terms.opensAt == now.startOfHour.adding(milliseconds: hour))
            }
            #expect(created == 5)
            let sales = try await shop.store.unfinished()
            #expect(sales.map(\.terms.opensAt) == (0..<5).map { start.adding(milliseconds: Int64($0) * hour) })
            #expect(zip(sales, sales.dropFirst()).allSatisfy { $0.terms.closesAt == $1.terms.opensAt })
            // To the last microsecond somebody sells, and never two of them.
            for boundary in sales.dropFirst().map(\.terms.opensAt) {
                let before = Timestamp(microseconds: boundary.microseconds - 1)
                #expect(SaleSchedule(sales: sales).current(at: before)?.terms.closesAt == boundary)
                #expect(SaleSchedule(sales: sales).current(at: boundary)?.terms.opensAt == boundary)
            }
        }
    }

    @Test("the end of a sale touches nothing of the one that goes on, not even when its keys are removed")
    func endsAlone() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let old = try await shop.openSale(stock: 5)
            let new = try await shop.openSale(stock: 5, opensAgo: 1000)
            let codes = try await old.checkout(["anna", "bob"], expect: "HH")
            try await new.checkout(["anna", "carl"], expect: "HH")
            try await old.purchase([codes[0]])
            try await old.release([codes[1]])
            try await old.end()
            let before = try await dump(new)
            #expect(before.count { $0 != nil } == SaleKeys.count - 1, "all but that of settled holds")
            let rotation = Rotation(redis: shop.redis, postgres: shop.postgres)
            #expect(try await rotation.run().finished == [old.id])
            #expect(try await dump(new) == before)
            _ = try await shop.postgres.query(
                "update sales set finished_at = finished_at - interval '11 min' where finished_at is not null"
            )
            _ = try await rotation.run()
            #expect(try await dump(old).dropFirst().allSatisfy { $0 == nil }, "the hash stays")
            #expect(try await dump(new) == before)
            #expect(try await shop.store.find(new.id)?.epoch == new.epoch)
            #expect(try await new.purchase(codes) == [.unknown, .unknown], "old codes buy nothing here")
            try await new.checkout(["dora"], expect: "H")
        }
    }

    @Test("whoever reads the schedule while sales are opened is never led to keys that do not exist")
    func noPointerLeadsNowhere() async throws {
        try await Shop.with { shop in
            let reader = try await shop.anotherProcess()
            let start = try await shop.store.now()
            async let opening: Void = {
                for hours: Int64 in 0..<6 {
                    let now = start.adding(milliseconds: hours * 3_600_000)
                    _ = try await Rotation(redis: shop.redis, postgres: shop.postgres).run(now: now)
                }
            }()
            var seen = 0
            while seen < 7 {
                let sales = try await reader.store.unfinished().filter { $0.epoch != nil }
                seen = sales.count
                for sale in sales {
                    let keys = SaleKeys(sale.id)
                    let exists = RedisCommand(parts: [.string("EXISTS")] + keys.all.map(RedisArgument.string))
                    #expect(try await reader.redis.send(exists).integerValue == 9)
                    let state = try await reader.redis.send(RedisCommand("HGET", keys.sale, "state")).string
                    #expect(state == "open", "sale \(sale.id)")
                }
            }
            try await opening
        }
    }
}
