import FlashSaleKit
import Logging

/// Reads purchases in Postgres for the event loops. Only a Postgres that its sale is sold with may call a code unknown,
/// and only when Redis has no receipt for it either.
actor LookupService {
    private let postgres: PostgresLink
    private let redis: ValidatedRedisLink
    private let logger: Logger
    private var displays: [SaleID: SaleDisplay] = [:]

    init(postgres: PostgresLink, supervisor: RedisSupervisor, logger: Logger) {
        self.postgres = postgres
        redis = ValidatedRedisLink(supervisor: supervisor)
        self.logger = logger
    }

    /// What Postgres knows of these holds, in one query; and the displays of their sales.
    func lookUp(_ holds: Set<SaleHold>) async throws -> PurchaseFindings {
        let connection = try await postgres.connection()
        var found = try await PurchaseLookup(postgres: connection).lookup(holds)
        for case .purchased(let purchase) in found.values where displays[purchase.saleID] == nil {
            guard let sale = try await SaleStore(postgres: connection).find(purchase.saleID) else { continue }
            displays[sale.id] = SaleDisplay(terms: sale.terms)
        }
        var unknown: [SaleID: [HoldID]] = [:]
        for (hold, finding) in found {
            if case .unknown = finding { unknown[hold.saleID, default: []].append(hold.holdID) }
        }
        if !unknown.isEmpty {
            let lineage = try await PostgresStanding.read(on: connection).lineage
            for (sale, holds) in unknown {
                for hold in try await receipts(holds, sale, lineage) {
                    found[SaleHold(hold, of: sale)] = .pending
                    logger.error(
                        "Redis has a receipt that Postgres lacks",
                        metadata: [
                            "sale": "\(sale)", "hold": "\(hold)", "next": "flashctl verify --sale \(sale)",
                        ]
                    )
                }
            }
        }
        return PurchaseFindings(found: found, displays: displays)
    }

    /// Those of the holds that were bought, as Redis has it.
    ///
    /// - Throws: ``ServerError`` when the sale goes on with another Postgres than the one that was asked.
    private func receipts(_ holds: [HoldID], _ sale: SaleID, _ lineage: Lineage?) async throws -> [HoldID] {
        let redis = try await redis.client()
        let keys = SaleKeys(sale)
        let present = try await redis.send(RedisCommand("HGET", keys.sale, "lineage")).string
        if let present, present != lineage?.description {
            await postgres.close()
            throw ServerError(.postgresRefused, "sale \(sale) goes on with another Postgres (\(present))")
        }
        let parts = ["HMGET", keys.receipts] + holds.map(\.description)
        let values = try await redis.send(RedisCommand(parts: parts.map(RedisArgument.string))).elements ?? []
        return zip(holds, values).filter { $1 != .null }.map(\.0)
    }

    /// Ends the connection to Redis.
    func close() async {
        await redis.close()
    }
}
