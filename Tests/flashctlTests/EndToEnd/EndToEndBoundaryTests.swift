import FlashSaleKit
import Foundation
import Logging
import NIOPosix
import Testing

@testable import flashctl

/// The change from one sale to the next, under way.
@Suite(.serialized) struct EndToEndBoundaryTests {
    private static let hold: Int64 = 600_000
    /// Checkouts that each of the two sales must at least grant, for the change to lie within a crowd.
    private static let crowd = 50

    @Test func requestsThatStraddleTheChangeTakeFromOneSaleOnly() async throws {
        try await CommandStack.with { stores in
            let now = EndToEndBoundaryTests.now.microseconds / 1_000_000
            // Far enough away for two commands and the start of a server on a busy machine.
            let change = Timestamp(seconds: now + 10)
            for (start, duration) in [(now - 2, "12s"), (now + 10, "1h")] {
                let outcome = try await BuiltBinary.run(
                    [
                        "seed-sale", "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--stock",
                        "20000", "--limit", "10", "--hold", "10m", "--start", Timestamp(seconds: start).rfc3339,
                        "--duration", duration,
                    ] + stores.addresses
                )
                #expect(outcome.status == 0, "\(outcome)")
            }
            let history = CrowdHistory()
            let server = try await RunningBinary.serving(["--no-rotate"] + stores.addresses) { server, port in
                let early = change.adding(milliseconds: -2000).microseconds - EndToEndBoundaryTests.now.microseconds
                try await Task.sleep(for: .microseconds(max(0, early)))
                let (end, latest) = (change.adding(milliseconds: 1000), change.adding(milliseconds: 60_000))
                // The same users before and after: what one sale gives them the other must not notice.
                try await history.crowd(of: 24, port: port, user: { "user\($0 % 500)" }) {
                    let now = EndToEndBoundaryTests.now
                    guard now > end else { return false }
                    return now > latest || history.all.count { $0.sale == "2" } > EndToEndBoundaryTests.crowd
                }
                try await oldCodesStillBuy(history, port)
                try await server.end(by: SIGTERM)
            }
            #expect(server.status == 0)
            let attempts = history.all
            let undecided = attempts.filter { $0.outcome == nil }
            #expect(undecided.isEmpty, "\(undecided.prefix(3))")
            eachHoldIsOfTheSaleOfItsInstant(attempts, change)
            for number: Int64 in [1, 2] { try await expectExact(#require(SaleID(number)), attempts, stores) }
            let faults = history.faults(
                in: try await TestDatabase.rows(
                    "select item_id, user_id, outcome::text from attempts",
                    at: stores.stack.postgresURL
                )
            )
            #expect(faults.count == 0, "e.g. \(faults.prefix(5))")
        }
    }

    private static let bought = 20
    private static var now: Timestamp { Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1e6)) }

    /// Codes of the ended sale buy in that sale.
    private func oldCodesStillBuy(_ history: CrowdHistory, _ port: Int) async throws {
        let client = try await ShopClient.connect(port: port)
        let codes = history.all.filter { $0.sale == "1" }.compactMap(\.code).suffix(EndToEndBoundaryTests.bought)
        #expect(codes.count == EndToEndBoundaryTests.bought)
        for code in codes {
            let reply = try await client.purchase(code)
            #expect(reply.status == 200)
            #expect(reply["sale_id"] == "1")
        }
        try await client.close()
    }

    /// The end of a hold tells the instant of Redis at which it was decided.
    private func eachHoldIsOfTheSaleOfItsInstant(_ attempts: [CrowdHistory.Attempt], _ change: Timestamp) {
        let end = change.adding(milliseconds: EndToEndBoundaryTests.hold).rfc3339
        var counts = [0, 0]
        for attempt in attempts where attempt.status == 201 {
            // Texts of one length and zone are ordered like their times.
            let isSecond = attempt.expiresAt.map { $0 >= end }
            counts[isSecond == true ? 1 : 0] += 1
            #expect(attempt.sale == (isSecond == true ? "2" : "1"))
            #expect(attempt.code?.hasPrefix("\(attempt.sale ?? "?")-") == true)
        }
        #expect(counts.allSatisfy { $0 > EndToEndBoundaryTests.crowd }, "\(counts)")
    }

    private func expectExact(_ sale: SaleID, _ attempts: [CrowdHistory.Attempt], _ stores: CommandStack) async throws {
        let taken = attempts.filter { $0.sale == sale.description }
        let sold = sale.rawValue == 1 ? EndToEndBoundaryTests.bought : 0
        let redis = try await RedisClient.connect(
            to: RedisEndpoint(parsing: stores.stack.redisURL),
            on: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        let snapshot = try #require(
            try SnapshotCall.parse(await redis.sendRaw(SnapshotCall.command(keys: SaleKeys(sale))))
        )
        let users = try await redis.send(RedisCommand("HGETALL", "fs:{\(sale)}:users")).elements ?? []
        await redis.close()
        #expect(snapshot.isConsistent)
        #expect(snapshot.free == 20_000 - taken.count)
        #expect(snapshot.held == taken.count - sold)
        #expect(snapshot.sold == sold)
        var units: [String: Int] = [:]
        for attempt in taken { units[attempt.user, default: 0] += 1 }
        var counted: [String: Int] = [:]
        for index in stride(from: 0, to: users.count - 1, by: 2) {
            guard let name = users[index].string, !name.isEmpty else { continue }
            counted[name] = users[index + 1].string.flatMap { Int($0) }
        }
        #expect(counted == units)
        let rows = try await TestDatabase.rows(
            """
            select count(*) filter (where outcome = 'H'),
                (select count(*) from ledger where sale_id = \(sale) and kind = 'held'),
                (select count(*) from purchases where sale_id = \(sale))
            from attempts where sale_id = \(sale)
            """,
            at: stores.stack.postgresURL
        )
        #expect(rows == [["\(taken.count)", "\(taken.count)", "\(sold)"]])
    }
}
