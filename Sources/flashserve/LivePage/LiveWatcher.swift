import FlashSaleKit
import Logging

/// What Redis has of the sale that is shown.
struct LiveFacts: Sendable {
    var sale: SaleID
    var snapshot: SaleSnapshot
    var lapsing: LiveNow.Lapsing
    /// When it was read, by the clock that never jumps.
    var readAt: ContinuousClock.Instant
}

/// Reads what only the live page needs, once for all who watch, and nothing while nobody does.
struct LiveWatcher: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    let feed: LiveFeed
    let logger: Logger

    /// Watches until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await watchSale() }
            tasks.addTask { await watchPast() }
        }
    }

    private func watchSale() async {
        var redis: RedisClient?
        while !Task.isCancelled {
            if feed.isWatched {
                do {
                    feed.update(try await readSale(&redis))
                } catch {
                    // The supervisor finds out and logs why Redis does not answer.
                    logger.debug("the sale cannot be read for the live page", metadata: ["reason": "\(error)"])
                    feed.update(nil as LiveFacts?)
                    await redis?.close()
                    redis = nil
                }
            } else if let unused = redis {
                await unused.close()
                redis = nil
            }
            await feed.saleWakeup.wait(upTo: .seconds(1))
        }
        await redis?.close()
    }

    /// Nil when there is no sale that Redis has.
    private func readSale(_ connection: inout RedisClient?) async throws -> LiveFacts? {
        let redis: RedisClient
        if let known = connection, known.isActive {
            redis = known
        } else {
            (redis, _) = try await supervisor.connectValidated()
            connection = redis
        }
        let sales = state.current.sales
        guard let sale = LiveChoice(sales, at: try await RedisTime.read(redis)).shown else { return nil }
        let keys = SaleKeys(sale.id)
        guard let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: keys))) else {
            return nil
        }
        async let within10 = lapsing(10, snapshot.at, keys, redis)
        async let within30 = lapsing(30, snapshot.at, keys, redis)
        async let within60 = lapsing(60, snapshot.at, keys, redis)
        let lapsing = LiveNow.Lapsing(
            within10: try await within10,
            within30: try await within30,
            within60: try await within60
        )
        return LiveFacts(sale: sale.id, snapshot: snapshot, lapsing: lapsing, readAt: .now)
    }

    /// Holds whose deadline comes within so many seconds. The mark of the key is beyond all deadlines.
    private func lapsing(
        _ seconds: Int64,
        _ now: Timestamp,
        _ keys: SaleKeys,
        _ redis: RedisClient
    ) async throws -> Int {
        let limit = now.adding(milliseconds: seconds * 1000).microseconds
        let reply = try await redis.send(RedisCommand("ZCOUNT", keys.deadlines, "-inf", String(limit)))
        return Int(reply.integerValue ?? 0)
    }

    private func watchPast() async {
        while !Task.isCancelled {
            if feed.isWatched {
                do {
                    feed.update(try await PastSale.read(try await postgres.connection()))
                } catch {
                    logger.debug("past sales cannot be read for the live page", metadata: ["reason": "\(error)"])
                    feed.update(nil as [PastSale]?)
                }
                // Whoever joins meanwhile sees what was read for the others.
                try? await Task.sleep(for: Limits.pastInterval)
            } else {
                await feed.pastWakeup.wait(upTo: Limits.pastInterval)
            }
        }
    }
}
