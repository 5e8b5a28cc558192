import FlashSaleKit

/// The stores of an inspection: one that is away is told about, and the other one asked alone.
struct InspectionStores: Sendable {
    let redis: RedisClient?
    let postgres: PostgresConnection?
    /// Why a store is not there.
    let trouble: [String]

    var inspection: Inspection { Inspection(redis: redis, postgres: postgres) }

    /// Which store is away; nil when both answer.
    var missing: String? {
        switch (redis == nil, postgres == nil) {
        case (false, false): nil
        case (true, true): "Redis and Postgres do not answer"
        case (true, false): "Redis does not answer: what is not in Postgres yet is not known"
        case (false, true): "Postgres does not answer: only what Redis and the newest part of the journal have is known"
        }
    }

    /// Runs `body`; when a store goes away meanwhile, once more without it.
    static func using<Value: Sendable>(
        _ stores: Stores,
        _ body: @Sendable (InspectionStores) async throws -> Value
    ) async throws -> Value {
        // Without an address there is no store to be away.
        _ = try stores.redisEndpoint()
        _ = try stores.postgresEndpoint()
        do {
            return try await StoreLinks.using(stores) { try await body(try await connect($0)) }
        } catch  where isAway(error) {
            return try await StoreLinks.using(stores) { try await body(try await connect($0, without: error)) }
        }
    }

    private static func isAway(_ error: any Error) -> Bool {
        (error is RedisError || error is PostgresError) && FailureReport.status(for: error) == .unreachable
    }

    private static func connect(_ links: StoreLinks, without error: (any Error)? = nil) async throws -> InspectionStores
    {
        var trouble = error.map { [ErrorText.sentence($0)] } ?? []
        var redis: RedisClient?
        var postgres: PostgresConnection?
        do {
            if !(error is RedisError) { redis = try await links.redis() }
        } catch  where isAway(error) { trouble.append(ErrorText.sentence(error)) }
        do {
            if !(error is PostgresError) { postgres = try await links.postgres() }
        } catch  where isAway(error) { trouble.append(ErrorText.sentence(error)) }
        if let postgres { try await Stores.requireSchema(postgres) }
        return InspectionStores(redis: redis, postgres: postgres, trouble: trouble)
    }

    /// The sales that are meant. While Postgres is away they must be named: the schedule is there.
    func sales(_ wanted: SaleArgument) async throws -> [SaleID] {
        if let postgres { return try await SaleFinder(postgres: postgres).find(wanted).map(\.id) }
        if case .number(let id) = wanted { return [id] }
        throw CommandFailure(
            .unreachable,
            "Postgres, which has the schedule, does not answer: \(trouble.joined(separator: "; "))",
            nextStep: "name the sale with --sale NUMBER to see what Redis has"
        )
    }
}
