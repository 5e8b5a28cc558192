@testable import FlashSaleKit

/// A sale with records of every kind, all of them drained, that follows from the rules to the last row.
struct AuditMarket: Sendable {
    let shop: Shop
    let open: OpenSale

    /// `number` tells the markets of one shop apart: sales have different starts.
    static func make(_ shop: Shop, _ number: Int) async throws -> AuditMarket {
        let open = try await shop.openSale(stock: 12, limit: 3, opensAgo: Int64(100_000 + number * 10))
        let market = AuditMarket(shop: shop, open: open)
        try await market.trade()
        return market
    }

    var bench: SaleBench {
        SaleBench(client: shop.redis, keys: open.keys, epoch: open.epoch, terms: open.sale.terms)
    }

    private func trade() async throws {
        let first = try await open.checkout(["anna", "bob", "carl", "anna", "dora"], expect: "HHHHH")
        try await open.checkout(["anna", "anna", "emil"], expect: "HLH")
        try await control(.ban(user: "eve"))
        try await open.checkout(["eve", "fay", "eve"], expect: "BHB")
        try await open.purchase([first[0]], ticket: "golden")
        try await open.purchase([first[1], first[2]])
        try await open.release([first[4]])
        // A minute later the others have lapsed: a sweep gives back two of them, the next checkout the rest.
        let clock = try await open.snapshot().clock
        try await bench.setClock(clock.adding(milliseconds: 61_000))
        guard try await bench.expire(maximum: 2).decision?.expired == 2 else { throw ShopError("two were to lapse") }
        try await control(.lowerLimit(2))
        let crowd = try await open.checkout((1...11).map { "gast\($0)" }, expect: "HHHHHHHHHSS")
        try await control(.pauseCheckout)
        try await control(.resumeCheckout)
        try await open.checkout(["hugo", "eve", "ida"], expect: "SBS")
        try await open.release([crowd[0]])
        try await open.checkout(["hugo", "ida"], expect: "HS")
        try await open.purchase([crowd[2]])
        try await drain()
    }

    func drain() async throws {
        try await open.drainLedger()
        try await open.drainAttempts()
    }

    func control(_ operation: ControlCall.Operation) async throws {
        guard try await bench.control(operation).decision == .changed else { throw ShopError("it was refused") }
    }

    func audit(_ sale: OpenSale? = nil) async throws -> ReplayAudit {
        guard let row = try await shop.store.find(open.id) else { throw ShopError("there is no such sale") }
        return try await ReplayAudit.run(row, on: (sale ?? open).shop.postgres)
    }

    /// Changes what no constraint and no trigger would let through.
    func force(_ sql: SQL) async throws {
        let touched = try await shop.postgres.transaction { session in
            try session.query("set local session_replication_role = replica")
            return try session.query(sql).affected
        }
        guard touched > 0 else { throw ShopError("nothing was corrupted") }
    }

    /// Place and user of the first attempt with this outcome, or of one of these users.
    func attempt(_ outcome: String, user: String = "%") async throws -> (place: RecordPosition, user: String) {
        let row = try await shop.postgres.query(
            """
            select epoch, seq, idx, user_id from attempts where sale_id = \(open.id) and outcome::text = \(outcome)
                and user_id like \(user) order by epoch, seq, idx limit 1
            """
        ).one()
        return (try AuditMarket.place(row), try row["user_id"].text)
    }

    /// Place and user of the first row of the ledger of this kind.
    func row(_ kind: String, user: String = "%") async throws -> (place: RecordPosition, user: String) {
        let row = try await shop.postgres.query(
            """
            select epoch, seq, idx, coalesce(user_id, '') as user_id from ledger where sale_id = \(open.id)
                and kind = \(kind) and coalesce(user_id, '') like \(user) order by epoch, seq, idx limit 1
            """
        ).one()
        return (try AuditMarket.place(row), try row["user_id"].text)
    }

    private static func place(_ row: PostgresRow) throws -> RecordPosition {
        RecordPosition(epoch: try row["epoch"].int64, seq: try row["seq"].int64, index: try row["idx"].int64)
    }

    /// The condition that names a row.
    func condition(_ place: RecordPosition) -> SQL {
        """
        sale_id = \(open.id) and epoch = \(place.epoch) and seq = \(place.seq) and idx = \(place.index)::integer
        """
    }
}
