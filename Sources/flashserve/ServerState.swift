import FlashSaleKit
import Synchronization

/// What the parts of a server tell each other; read by pages, written by services.
final class ServerState: Sendable {
    struct Values: Sendable {
        /// Unfinished sales as last read from Postgres.
        var sales: [Sale] = []
        /// Nil while Redis is being validated.
        var redis: RedisInstallation?
        /// Why Redis is not used, for pages and logs.
        var redisTrouble: String?
        /// Why Postgres is not reached, nil while it is.
        var postgresTrouble: String?
        var isStopping = false
        /// Sales whose journal cannot be read any further, and why.
        var stoppedDrains: [SaleID: String] = [:]
        var deadLetters = 0
        var drainedRows = 0
    }

    private let values = Mutex(Values())

    /// A copy of everything.
    var current: Values { values.withLock { $0 } }

    /// Changes several values at once.
    func update<Result>(_ body: (inout sending Values) -> Result) -> Result where Result: Sendable {
        values.withLock { body(&$0) }
    }
}

/// A Redis that was found to be the one which recovery has blessed.
struct RedisInstallation: Sendable {
    var endpoint: RedisEndpoint
    var identity: RedisIdentity
}
