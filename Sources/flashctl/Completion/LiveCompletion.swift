import ArgumentParser
import FlashSaleKit
import Foundation
import NIOPosix

/// Candidates for the TAB key from the stores themselves. Within 150 ms or none at all, and never a word of error: a
/// line that somebody is typing is no place for either.
enum LiveCompletion {
    /// Longest that a person waits, and most candidates that a person reads.
    static let patience = Duration.milliseconds(150)
    private static let most = 30

    /// Numbers of sales: the unfinished ones first, then the latest.
    static var sales: CompletionKind {
        .custom { words, _, prefix in
            await candidates(words, prefix, also: ["current", "all"]) { try await sales($0) }
        }
    }

    /// Users who were active a moment ago.
    static var users: CompletionKind {
        .custom { words, _, prefix in await candidates(words, prefix) { try await users($0, words) } }
    }

    private static func candidates(
        _ words: [String],
        _ prefix: String,
        also fixed: [String] = [],
        _ read: @escaping @Sendable (Stores) async throws -> [String]
    ) async -> [String] {
        let found = await soon {
            guard let stores = CompletionStores.find(words, environment: .process) else { return [] }
            return try await read(stores)
        }
        return (found + fixed).filter { prefix.isEmpty || $0.hasPrefix(prefix) }
    }

    /// What `read` finds in time. It is not waited for: the process ends anyway.
    private static func soon(_ read: @escaping @Sendable () async throws -> [String]) async -> [String] {
        let (results, continuation) = AsyncStream.makeStream(of: [String].self)
        Task {
            do {
                continuation.yield(try await read())
            } catch {
                // A store that is away has no candidates; the command itself will say so.
                continuation.yield([])
            }
        }
        Task {
            try await Task.sleep(for: patience)
            continuation.yield([])
        }
        for await result in results { return result }
        return []
    }

    private static func sales(_ stores: Stores) async throws -> [String] {
        try await stores.withPostgres { postgres in
            let rows = try await postgres.query(
                """
                select id from sales order by finished_at is null desc, opens_at desc limit \(LiveCompletion.most)
                """
            )
            return try rows.map { try $0["id"].saleID.description }
        }
    }

    private static func users(_ stores: Stores, _ words: [String]) async throws -> [String] {
        let endpoint = try stores.redisEndpoint()
        return try await stores.withPostgres { postgres in
            let named = CompletionStores.value(of: "--sale", in: CompletionStores.whole(words)).flatMap { SaleID($0) }
            let sale = if let named { named } else { try await SaleFinder(postgres: postgres).current().id }
            let group = MultiThreadedEventLoopGroup.singleton
            let redis = try await RedisClient.connect(to: endpoint, on: group, logger: stores.logger)
            let users = try await RecentUsers.read(sale, redis: redis, postgres: postgres, limit: LiveCompletion.most)
            await redis.close()
            return users
        }
    }
}
