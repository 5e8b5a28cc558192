/// What is stuck on its way to Postgres: the journal of unfinished sales, and dead letters whose cause is gone.
///
/// Moving it is safe beside running servers and may be killed at any line: the cursor's condition, and the lock on each
/// letter, make every row arrive once.
public struct PendingWork: Sendable {
    /// What became of one stream.
    public struct Drained: Sendable, Equatable {
        /// The sale.
        public let saleID: SaleID
        /// The stream.
        public let stream: JournalStream
        /// Entries that this run has moved.
        public var entries = 0
        /// Rows that they became.
        public var rows = 0
        /// Rows that Postgres has refused now.
        public var deadLetters = 0
        /// Why it could not be moved; nil when everything up to its end at the start is in Postgres.
        public var trouble: String?
    }

    /// What became of one letter.
    public struct Letter: Sendable, Equatable {
        /// What it became.
        public enum Fate: String, Sendable {
            /// It is in its table now.
            case repaired
            /// It waits, and could be tried.
            case waiting
            /// Postgres has refused it again.
            case refused
            /// It cannot be tried as it is.
            case unrepairable
        }

        /// The letter, with the latest reason and obstacle.
        public var letter: WaitingLetter
        /// What became of it.
        public var fate: Fate
        /// Why it is not in its table.
        public var why: String?
    }

    /// What a run has found or done.
    public struct Result: Sendable, Equatable {
        /// What waits in the journal, before a run.
        public var lags: [JournalLag] = []
        /// The streams that were drained; none after a survey.
        public var drained: [Drained] = []
        /// The letters.
        public var letters: [Letter] = []
        /// Sales that are shut until somebody has reconciled them, and why.
        public var shut: [SaleID: String] = [:]

        /// Nothing waits.
        public init() {}

        /// Whether something is still stuck.
        public var isStuck: Bool {
            !shut.isEmpty || drained.contains { $0.trouble != nil || $0.deadLetters > 0 }
                || letters.contains { $0.fate != .repaired }
        }
    }

    private let redis: RedisClient
    private let postgres: PostgresConnection
    private let actor: String
    private let options: HandshakeOptions

    /// How long another process may hold a cursor without moving it.
    private static let patience: Duration = .seconds(30)

    /// - Parameter actor: who moves it, for `control_log`.
    public init(
        redis: RedisClient,
        postgres: PostgresConnection,
        actor: String,
        options: HandshakeOptions = HandshakeOptions()
    ) {
        self.redis = redis
        self.postgres = postgres
        self.actor = actor
        self.options = options
    }

    private var repairs: LetterRepair { LetterRepair(redis: redis, postgres: postgres, actor: actor) }

    /// What waits, without writing anything.
    ///
    /// - Parameter sale: nil for all of them.
    public func survey(_ sale: SaleID?) async throws -> Result {
        var result = Result()
        result.lags = try await lags(sale)
        for letter in try await LetterRepair.waiting(sale, on: postgres) {
            let obstacle = try await repairs.obstacle(letter)
            result.letters.append(PendingWork.entry(letter, .waiting, obstacle: obstacle))
        }
        return result
    }

    /// Moves what waits.
    ///
    /// - Parameters:
    ///   - sale: nil for all of them.
    ///   - progress: told the entries of each portion, and how many have waited in all, about.
    /// - Throws: ``RecoveryError`` from the handshake, ``JournalError`` when a server has recovered the sale meanwhile.
    public func run(
        _ sale: SaleID?,
        progress: @Sendable (_ moved: Int, _ waiting: Int) -> Void = { _, _ in }
    ) async throws -> Result {
        var result = Result()
        let validated = try await Handshake(redis: redis, postgres: postgres, options: options).validate()
        result.lags = try await lags(sale)
        for (id, shut) in validated.shut where sale == nil || sale == id { result.shut[id] = shut.why }
        let waiting = result.lags.reduce(0) { $0 + $1.entries }
        let ledger = LedgerDrain(redis: redis, postgres: postgres)
        // Row by row from the beginning: a row that COPY refuses would cost the connection.
        let attempts = AttemptsDrain(redis: redis, postgres: postgres, careful: true)
        for (id, epoch) in validated.epochs.sorted(by: { $0.key < $1.key }) where sale == nil || sale == id {
            result.drained.append(try await drain(.ledger, ledger.drainOnce, id, epoch) { progress($0, waiting) })
            result.drained.append(try await drain(.attempts, attempts.drainOnce, id, epoch) { progress($0, waiting) })
        }
        for letter in try await LetterRepair.waiting(sale, on: postgres) {
            switch try await repairs.repair(letter) {
            case .repaired:
                result.letters.append(PendingWork.entry(letter, .repaired, obstacle: nil))
            case .refused(let reason):
                result.letters.append(Letter(letter: letter, fate: .refused, why: reason))
            case .obstacle(let obstacle):
                result.letters.append(PendingWork.entry(letter, .waiting, obstacle: obstacle))
            case .gone: break
            }
        }
        return result
    }

    private static func entry(_ letter: WaitingLetter, _ fate: Letter.Fate, obstacle: String?) -> Letter {
        guard let obstacle else { return Letter(letter: letter, fate: fate, why: nil) }
        var letter = letter
        letter.obstacle = obstacle
        return Letter(letter: letter, fate: .unrepairable, why: obstacle)
    }

    private func lags(_ sale: SaleID?) async throws -> [JournalLag] {
        let positions = try await JournalPositions.read(postgres)
        let now = try await RedisTime.read(redis)
        return try await JournalMeter().measure(positions, redis: redis, now: now)
            .filter { sale == nil || $0.saleID == sale }
    }

    /// Drains a stream up to where it ends now; what is decided meanwhile is the servers' to carry.
    private func drain(
        _ stream: JournalStream,
        _ drainOnce: (SaleID, Int64) async throws -> DrainResult,
        _ sale: SaleID,
        _ epoch: Int64,
        _ progress: @Sendable (Int) -> Void
    ) async throws -> Drained {
        var drained = Drained(saleID: sale, stream: stream)
        guard let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale)))),
            let end = StreamID(stream == .ledger ? snapshot.ledger.lastID : snapshot.attempts.lastID)
        else {
            drained.trouble = "its keys have disappeared from Redis: run this again"
            return drained
        }
        var stoodSince = ContinuousClock.now
        var place: StreamID?
        do {
            while true {
                let result = try await drainOnce(sale, epoch)
                drained.entries += result.entries
                drained.rows += result.rows
                drained.deadLetters += result.deadLetters
                if result.entries > 0 { progress(result.entries) }
                if result.lastID != place { stoodSince = .now }
                place = result.lastID
                if let last = result.lastID, last >= end { return drained }
                if result.entries == 0, !result.busy { return drained }
                guard result.busy else { continue }
                guard ContinuousClock.now - stoodSince < PendingWork.patience else {
                    drained.trouble = "another process drains it and does not come to an end"
                    return drained
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        } catch let error as JournalError where error.stopsOneStream {
            drained.trouble = ErrorText.sentence(error)
            return drained
        }
    }
}
