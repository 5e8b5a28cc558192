import FlashSaleKit

/// The newest second as the live page shows it. Times are milliseconds since 1970 by the clock of Redis.
struct LiveNow: Encodable, Sendable {
    var at: Int64
    var server: Server
    /// Nil when no sale is open, closing or planned.
    var sale: ShownSale?
    /// The sale that opens next, when it is not the one above.
    var next: NextSale?
    /// Nil while they are not known.
    var units: LiveUnits?
    var lapsing: Lapsing?
    var journal: Journal?
    var health: LiveHealth
    /// Other sales that Redis has.
    var others: [OtherSale]
    /// Nil before they were read, and while Postgres cannot be asked.
    var past: [PastSale]?

    /// What belongs to this process alone.
    struct Server: Encodable, Sendable {
        var address: String
        var startedAt: Int64
        var isStopping: Bool
        var connections: Int
        /// Decided checkouts by outcome, since the start.
        var attempts: [String: Int]
        /// Undecided ones by reason.
        var refusals: [String: Int]
        var purchases: Int
    }

    struct ShownSale: Encodable, Sendable {
        var id: Int64
        var itemName: String
        var opensAt: Int64
        var closesAt: Int64
        var stock: Int
        /// Units per user as it counts now.
        var limit: Int
        var isTest: Bool
        var phase: LivePhase
        /// Why it does not sell, in one sentence.
        var reason: String?
        var purchasesPaused: Bool
        var bannedUsers: Int?
        /// Nil while nothing is held, or that is not known.
        var earliestDeadline: Int64?
    }

    struct NextSale: Encodable, Sendable {
        var id: Int64
        var itemName: String
        var opensAt: Int64
        var stock: Int
    }

    struct OtherSale: Encodable, Sendable {
        var id: Int64
        var itemName: String
        var phase: LivePhase
        var closesAt: Int64
        var units: LiveUnits?
    }

    /// Holds of the sale that lapse unless they are paid.
    struct Lapsing: Encodable, Sendable, Equatable {
        var within10: Int
        var within30: Int
        var within60: Int
    }

    /// What of the sale is not in Postgres yet, both streams together.
    struct Journal: Encodable, Sendable, Equatable {
        var entries: Int
        var bytes: Int
        var seconds: Double
    }
}

/// How the stores and the checks stand.
struct LiveHealth: Encodable, Sendable {
    struct Check: Encodable, Sendable {
        var name: String
        var level: String
        var message: String
        var nextStep: String?
    }

    /// Why a store is not used, nil while all is well.
    var redis: String?
    var postgres: String?
    /// What else keeps sales from going on, one sentence each.
    var troubles: [String]
    /// The worst first.
    var checks: [Check]
    var verification: Verification?

    struct Verification: Encodable, Sendable {
        var at: Int64
        var violations: Int
        var sales: Int
    }

    init(_ values: ServerState.Values) {
        redis = values.redisTrouble ?? (values.redis == nil ? "it is being validated" : nil)
        postgres = values.postgresTrouble
        troubles = [values.clockTrouble, values.overload].compactMap(\.self)
        if let pause = values.sweepPause { troubles.append("lapsed holds are not returned: \(pause)") }
        troubles += values.stoppedDrains.sorted { $0.key < $1.key }.map {
            "the \($0.key.stream.rawValue) of sale \($0.key.sale) is not drained: \($0.value)"
        }
        let worstFirst = values.guards.findings + values.guards.checks.filter { $0.level == .ok }
        checks = worstFirst.map {
            Check(name: $0.name.rawValue, level: $0.level.rawValue, message: $0.sentence, nextStep: $0.nextStep)
        }
        verification = values.verification.map {
            Verification(at: $0.at.microseconds / 1000, violations: $0.violations, sales: $0.sales)
        }
        if let broken = values.verification?.sentences.first {
            troubles.append("the last verification has found: \(broken)")
        }
    }
}
