import FlashSaleKit

/// The units of a sale at one instant of Redis.
struct StockReport: Report, Sendable {
    var sale: SaleID
    var snapshot: SaleSnapshot
    var drawsBlocks: Bool

    /// Reads them.
    static func read(_ sale: SaleID, _ stores: Stores, drawsBlocks: Bool) async throws -> StockReport {
        let snapshot = try await stores.withRedis { try await StatusReader.snapshot(of: sale, $0) }
        guard let snapshot else {
            throw CommandFailure(
                .failure,
                "Redis has no keys of sale \(sale)",
                nextStep: "`status` says what Postgres knows of it, `doctor` why"
            )
        }
        return StockReport(sale: sale, snapshot: snapshot, drawsBlocks: drawsBlocks)
    }

    var data: DataValue {
        .fields([
            "sale_id": .integer(sale.rawValue),
            "at": .string(snapshot.at.rfc3339),
            "stock": .integer(snapshot.stock),
            "free": .integer(snapshot.free),
            "held": .integer(snapshot.held),
            "sold": .integer(snapshot.sold),
        ])
    }

    var sections: [ReportSection] {
        let bar = StockBar(sold: snapshot.sold, held: snapshot.held, free: snapshot.free, unicode: drawsBlocks)
        return [.layout(title: "Sale \(sale)", bar)]
    }

    var line: String? { "\(snapshot.at.rfc3339) sale \(sale): \(StatusReport.units(snapshot))" }
}
