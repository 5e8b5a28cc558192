import ArgumentParser
import FlashSaleKit
import Foundation
import NIOPosix
import Synchronization

/// Candidates for the TAB key from the stores themselves. Within 150 ms or none at all, and never a word of error: a
/// line that somebody is typing is no place for either.
enum LiveCompletion {
    /// Longest that a person waits, and most candidates that a person reads.
    static let patience = Duration.milliseconds(150)
    private static let most = 30

    /// Numbers of sales: the unfinished ones first, then the latest.
    static var sales: CompletionKind {
        .custom { words, _, prefix in
            // A limit is lowered for one sale only.
            let isForOne = words.prefix(2).contains("limit")
            return candidates(words, prefix, also: isForOne ? ["current"] : ["current", "all"]) { try await sales($0) }
        }
    }

    /// The same for a command that is about one sale.
    static var oneSale: CompletionKind {
        .custom { words, _, prefix in
            candidates(words, prefix, also: ["current"]) { try await sales($0) }
        }
    }

    /// Users who were active a moment ago.
    static var users: CompletionKind {
        .custom { words, _, prefix in candidates(words, prefix) { try await users($0, words) } }
    }

    private static func candidates(
        _ words: [String],
        _ prefix: String,
        also fixed: [String] = [],
        _ read: @escaping @Sendable (Stores) async throws -> [String]
    ) -> [String] {
        let found = soon {
            guard let stores = CompletionStores.find(words, environment: .process) else { return [] }
            return try await read(stores)
        }
        return (found + fixed).filter { $0.utf8.starts(with: prefix.utf8) }
    }

    /// What `read` finds in time. It is not waited for any longer: the process ends anyway.
    ///
    /// The thread that asks waits meanwhile. It has nothing else to do: a process that completes words does only that,
    /// and the parser refuses commands with asynchronous candidates to everybody who does not run them.
    private static func soon(_ read: @escaping @Sendable () async throws -> [String]) -> [String] {
        let answer = Answer()
        Task {
            do {
                answer.give(try await read())
            } catch {
                // A store that is away has no candidates; the command itself will say so.
                answer.give([])
            }
        }
        return answer.take(within: patience)
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

    /// Names of users are foreign text: bash expands what it is offered, zsh and fish cut it at colons and tabs.
    static func isOneWord(_ name: String) -> Bool {
        name.first != "-" && name.allSatisfy { $0.isLetter || $0.isNumber || "._-@+=".contains($0) }
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
            return users.map(\.text).filter(isOneWord)
        }
    }
}

/// Hands words from a task to the thread that waits for them.
private final class Answer: Sendable {
    private let words = Mutex<[String]?>(nil)
    private let condition = NSCondition()

    func give(_ found: [String]) {
        condition.withLock {
            words.withLock { $0 = found }
            condition.signal()
        }
    }

    /// The words, or none when they do not come in time.
    func take(within patience: Duration) -> [String] {
        let limit = Date(timeIntervalSinceNow: patience / .seconds(1))
        return condition.withLock {
            while true {
                if let found = words.withLock({ $0 }) { return found }
                if !condition.wait(until: limit) { return [] }
            }
        }
    }
}
