/// Lets sales go on with a Postgres that has not come through the lineage under which Redis has them: the one that has
/// is gone for good. An operator decides that; what only the other one had is lost, as far as Redis does not have it.
public struct LineageAcceptance: Sendable {
    private let redis: RedisClient
    private let postgres: PostgresConnection

    /// On these connections.
    public init(redis: RedisClient, postgres: PostgresConnection) {
        self.redis = redis
        self.postgres = postgres
    }

    /// Declares the lineages of all unfinished sales to be ancestors of this Postgres, and puts that on record. The
    /// next recovery of each sale finds a successor then.
    ///
    /// - Returns: the sales that went on with another Postgres, and the lineage of that one; empty when there are none
    ///   and nothing was written.
    public func accept(actor: String, reason: String) async throws -> [(sale: SaleID, other: String)] {
        let lineage = try await LineageStore(postgres: postgres).current()
        let claim = LineageClaim(redis: redis, postgres: postgres)
        var others: [(sale: SaleID, other: String)] = []
        for sale in try await SaleStore(postgres: postgres).unfinished() where sale.epoch != nil {
            let present = try await claim.present(of: sale.id)
            if try await claim.follows(present, lineage) { continue }
            others.append((sale.id, present))
        }
        if others.isEmpty { return [] }
        let ancestors = Set(others.map(\.other)).compactMap(Lineage.init)
        guard ancestors.count == Set(others.map(\.other)).count else {
            throw RecoveryError(
                .otherPostgres,
                "the field lineage of a sale in Redis is unreadable: \(others.map(\.other).joined(separator: ", "))",
                nextStep: "look at it with `redis-cli hget 'fs:{N}:sale' lineage`"
            )
        }
        let accepted = others
        try await postgres.transaction { session in
            try session.query("lock table lineages in share row exclusive mode")
            for ancestor in ancestors {
                try session.query(
                    """
                    insert into lineages (system, timeline, id)
                    values (\(ancestor.system), \(ancestor.timeline), \(ancestor.id)::uuid)
                    """
                )
            }
            // Above all of them: a new id, which the other Postgres does not know either.
            try LineageStore.begin(in: session)
            for (sale, other) in accepted {
                try session.query(
                    """
                    insert into control_log (sale_id, actor, action, reason, value)
                    values (\(sale), \(actor), 'accept_postgres', \(reason), \(other))
                    """
                )
            }
        }
        return others
    }
}
