import FlashSaleKit
import Synchronization

/// One look after the other at the status of a sale, whatever can be known at each moment.
final class StatusLook: Sendable {
    private let wanted: SaleArgument
    private let countsRecords: Bool
    private let drawsBlocks: Bool
    private let isBrief: Bool
    /// The sale of the last look: without Postgres nobody can say which one is current.
    private let known = Mutex<Sale?>(nil)

    /// - Parameters:
    ///   - countsRecords: whether to count attempts and purchases in Postgres, which takes seconds for millions.
    ///   - drawsBlocks: whether the reader sees block characters.
    ///   - isBrief: whether what does not change is left out.
    init(sale: SaleArgument, countsRecords: Bool, drawsBlocks: Bool, isBrief: Bool) {
        wanted = sale
        self.countsRecords = countsRecords
        self.drawsBlocks = drawsBlocks
        self.isBrief = isBrief
    }

    /// What both stores know, or the one that answers (``HalfStatusReport``).
    func report(_ links: StoreLinks) async throws -> any Report & Sendable {
        let guards = await links.guards()
        if guards.reachedRedis, guards.reachedPostgres { return try await whole(links, guards) }
        return await half(links, guards)
    }

    private func whole(_ links: StoreLinks, _ guards: GuardReport) async throws -> StatusReport {
        let postgres = try await links.postgres()
        try await Stores.requireSchema(postgres)
        let reader = StatusReader(postgres: postgres)
        let sale = try await find(postgres)
        var report = try await reader.read(sale, redis: try await links.redis(), countsRecords: countsRecords)
        report.guards = guards
        report.drawsBlocks = drawsBlocks
        report.isBrief = isBrief
        return report
    }

    private func find(_ postgres: PostgresConnection) async throws -> Sale {
        let finder = SaleFinder(postgres: postgres)
        let sale = if case .number(let id) = wanted { try await finder.find(id) } else { try await finder.current() }
        known.withLock { $0 = sale }
        return sale
    }

    /// What the store that answers knows.
    private func half(_ links: StoreLinks, _ guards: GuardReport) async -> HalfStatusReport {
        var report = HalfStatusReport(guards: guards, at: HostClock.now)
        report.drawsBlocks = drawsBlocks
        do {
            if guards.reachedPostgres {
                let sale = try await find(try await links.postgres())
                report.sale = sale
                if countsRecords {
                    report.record = try await SaleRecord.read(sale.id, from: try await links.postgres())
                }
            }
            if guards.reachedRedis, let sale = wantedID {
                report.snapshot = try await StatusReader.snapshot(of: sale, try await links.redis())
            }
        } catch {
            report.trouble = ErrorText.sentence(error)
        }
        return report
    }

    private var wantedID: SaleID? {
        if case .number(let id) = wanted { id } else { known.withLock { $0?.id } }
    }
}
