import FlashSaleKit

/// What Redis has to carry at one moment.
struct RedisLoad: Sendable, Equatable {
    /// Bytes of journal that are not in Postgres yet, both streams of all live sales.
    var backlogBytes = 0
    /// Bytes that Redis uses.
    var usedMemory: Int64 = 0
    /// Bytes that Redis may use; 0 is no limit.
    var maxmemory: Int64 = 0
}

/// Decides whether Redis has more to carry than it should. Above a limit no checkout is decided any more; below a part
/// of it they go on. The gap keeps the server from fluttering.
struct HighWater: Sendable {
    /// Which limit was passed.
    enum Reason: Sendable, Equatable {
        case backlog
        case memory
    }

    let backlogLimit: Int
    /// Percent of `maxmemory`.
    let memoryLimit: Int
    /// Nil while checkouts go on.
    private(set) var reason: Reason?

    init(backlogLimit: Int, memoryLimit: Int) {
        self.backlogLimit = backlogLimit
        self.memoryLimit = memoryLimit
    }

    /// Takes a measurement; true when checkouts are refused from now on, or go on again.
    mutating func observe(_ load: RedisLoad) -> Bool {
        let before = reason
        reason = judge(load)
        return (before == nil) != (reason == nil)
    }

    private func judge(_ load: RedisLoad) -> Reason? {
        // Once above, the lower mark counts for both, so that the one does not take over from the other at its edge.
        let share = reason == nil ? 100 : Limits.resumeShare
        if load.maxmemory > 0, load.usedMemory * 100 > load.maxmemory * Int64(memoryLimit) * Int64(share) / 100 {
            return .memory
        }
        return load.backlogBytes > backlogLimit / 100 * share ? .backlog : nil
    }

    /// Why checkouts are refused, in one sentence.
    func sentence(_ load: RedisLoad) -> String? {
        switch reason {
        case nil: nil
        case .backlog:
            "\(ByteText.text(load.backlogBytes)) of the journal are not in Postgres yet, more than"
                + " \(ByteText.text(backlogLimit)): checkouts are refused until the drain has caught up"
        case .memory:
            "Redis uses \(ByteText.text(Int(load.usedMemory))) of \(ByteText.text(Int(load.maxmemory))), more than"
                + " \(memoryLimit) %: checkouts are refused until the drain has made room or maxmemory is raised"
        }
    }
}
