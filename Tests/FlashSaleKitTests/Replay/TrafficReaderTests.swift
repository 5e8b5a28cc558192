import Foundation
import Synchronization
import Testing

@testable import FlashSaleKit

/// Records are read in their order and as slowly as somebody likes.
@Suite(.serialized) struct TrafficReaderTests {
    @Test func trafficComesInOrderAndInPortions() async throws {
        try await Shop.with { shop in
            let market = try await AuditMarket.make(shop, 0)
            let watcher = try await shop.anotherProcess()
            let pid = try await shop.count("select pg_backend_pid()")
            let reader = TrafficReader(postgres: shop.postgres)
            try await reader.open(market.open.id)
            #expect(await reader.attempts == 27)
            var events: [TrafficEvent] = []
            while case let portion = try await reader.next(5), !portion.isEmpty {
                #expect(portion.count <= 5)
                events += portion
                // Postgres would end a transaction that waits for a slow reader: none is open.
                #expect(
                    try await watcher.text(
                        "select string_agg(state, ' ') from pg_stat_activity where pid = \(pid)::int"
                    ) == "idle"
                )
            }
            #expect(try await reader.next() == [])
            let places = events.map(\.place)
            #expect(places == places.sorted())
            var holds: Set<HoldID> = []
            var ends = 0
            for event in events {
                switch event.kind {
                case .checkout(let item, let outcome, let hold):
                    #expect(item == 7 && (outcome == .held) == (hold != nil))
                    if let hold { holds.insert(hold) }
                case .purchase(let hold), .giveBack(let hold):
                    #expect(holds.remove(hold) != nil, "it ends after it began, and once")
                    ends += 1
                }
            }
            #expect(events.count == 27 + ends && ends == 10 && holds.count == 8)
        }
    }

    /// A pager is a reader that stands still for longer than a transaction may be idle otherwise.
    @Test func anExportWaitsForItsReader() async throws {
        try await Shop.with { shop in
            let market = try await AuditMarket.make(shop, 0)
            let users = Mutex<[UserID]>([])
            let postgres = try await shop.stack.connectPostgres(
                .patient { $0.idleInTransactionTimeout = .milliseconds(200) }
            )
            let written = try await AttemptsExport.run(market.open.id, .init(), on: postgres) { attempt in
                let first = users.withLock { users in
                    users.append(attempt.user)
                    return users.count == 1
                }
                if first { Thread.sleep(forTimeInterval: 1) }
            }
            await postgres.close()
            #expect(written == 27)
            #expect(users.withLock { $0.prefix(5) } == ["anna", "bob", "carl", "anna", "dora"])
        }
    }

    @Test func anExportChoosesAndEndsWithItsReader() async throws {
        try await Shop.with { shop in
            let market = try await AuditMarket.make(shop, 0)
            var filter = AttemptsExport.Filter()
            filter.outcome = .held
            filter.user = "anna"
            let exported = Mutex<[AttemptsExport.Attempt]>([])
            let written = try await AttemptsExport.run(market.open.id, filter, on: shop.postgres) { attempt in
                exported.withLock { $0.append(attempt) }
            }
            let attempts = exported.withLock { $0 }
            #expect(written == 3 && attempts.count == 3)
            #expect(attempts.allSatisfy { $0.outcome == .held && $0.holdID != nil && $0.itemID == 7 })
            filter.user = nil
            filter.since = attempts[2].at
            filter.until = attempts[2].at.adding(milliseconds: 60_000)
            #expect(try await AttemptsExport.run(market.open.id, filter, on: shop.postgres) { _ in } == 3)
            struct Closed: Error {}
            await #expect(throws: Closed.self) {
                _ = try await AttemptsExport.run(market.open.id, .init(), on: shop.postgres) { _ in throw Closed() }
            }
            #expect(shop.postgres.isUsable)
        }
    }

    @Test func progressIsToldAndACancelledAuditEnds() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 1)
            for _ in 0..<12 { try await open.checkout((0..<1000).map { "user\($0)" }) }
            try await open.drainLedger()
            try await open.drainAttempts()
            let row = try #require(try await shop.store.find(open.id))
            let told = Mutex<[Int]>([])
            let audit = try await ReplayAudit.run(row, on: shop.postgres) { rows, total in
                #expect(rows <= total)
                told.withLock { $0.append(rows) }
            }
            #expect(audit.isClean && audit.totals.outcomes == [.held: 1, .soldOut: 11_999])
            #expect(told.withLock { $0 } == [5000, 10_000])
            let task = Task {
                try await ReplayAudit.run(row, on: shop.postgres) { _, _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            await #expect(throws: (any Error).self) { _ = try await task.value }
            #expect(try await ReplayAudit.run(row, on: shop.postgres).isClean, "the connection can be used again")
        }
    }
}
