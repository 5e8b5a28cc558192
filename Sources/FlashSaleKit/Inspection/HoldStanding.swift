/// How a hold stands now: in Redis, in Postgres, and for the buyer who sends its code.
public struct HoldStanding: Sendable, Equatable {
    /// What Redis has of it.
    public enum InRedis: Sendable, Equatable {
        /// It is open until then.
        case open(until: Timestamp)
        /// It has lapsed, and nobody has given its unit back yet.
        case due(since: Timestamp)
        /// It has ended; its Idempotency-Key is remembered.
        case tombstone
        /// It is bought.
        case receipt(unit: Int64)
        case none
        /// Redis was not asked: it is away, or the sale is over.
        case notAsked
    }

    /// What Postgres has of it, without what the journal still brings.
    public enum InPostgres: Sendable, Equatable {
        case held
        /// Its receipt is committed.
        case purchased(unit: Int64)
        /// The ledger says that it is bought, but there is no receipt.
        case pending(unit: Int64)
        case expired, released
        case none
        case notAsked
    }

    /// What Redis has.
    public var redis: InRedis
    /// What Postgres has.
    public var postgres: InPostgres
    /// What `POST /purchase` with its code would be answered now.
    public var answer: APIAnswer

    init(_ hold: HoldID, _ evidence: SubjectEvidence) {
        let now = evidence.now ?? Timestamp(microseconds: 0)
        redis = .notAsked
        postgres = .notAsked
        if let contents = evidence.contents { redis = HoldStanding.redis(hold, contents, now) }
        if let records = evidence.records { postgres = HoldStanding.postgres(hold, records) }
        answer = APIAnswer(redis, postgres, evidence)
    }

    private static func redis(_ hold: HoldID, _ contents: RedisContents, _ now: Timestamp) -> InRedis {
        if let receipt = contents.receipts[hold] { return .receipt(unit: receipt.unit) }
        guard let field = contents.holds[hold] else { return .none }
        guard field.isOpen else { return .tombstone }
        let deadline = Timestamp(microseconds: field.deadline)
        return deadline <= now ? .due(since: deadline) : .open(until: deadline)
    }

    private static func postgres(_ hold: HoldID, _ records: SubjectRecords) -> InPostgres {
        if let receipt = records.receipts[hold] { return .purchased(unit: receipt.unit) }
        switch records.ledger.last(where: { $0.holdID == hold }) {
        case let row? where row.kind == .purchased: return .pending(unit: row.unit)
        case let row? where row.kind == .expired: return .expired
        case let row? where row.kind == .released: return .released
        case .some: return .held
        case nil: return .none
        }
    }
}

/// An answer of the API to `POST /purchase`.
public struct APIAnswer: Sendable, Equatable {
    /// 200, 202, 404 or 503.
    public var status: Int
    /// The word in its body: `success`, `pending`, or that of the error.
    public var word: String
    /// Why, in one sentence.
    public var why: String

    init(_ status: Int, _ word: String, _ why: String) {
        self.status = status
        self.word = word
        self.why = why
    }

    /// As the server decides: Redis first, while the sale is not over; what Redis does not know, Postgres may.
    init(_ redis: HoldStanding.InRedis, _ postgres: HoldStanding.InPostgres, _ evidence: SubjectEvidence) {
        let contents = evidence.contents
        let isOver = evidence.records?.recount.isFinished == true || contents?.state == .finished
        if isOver || evidence.records?.recount.isOpened == false {
            self.init(postgres)
        } else if contents == nil {
            self.init(503, "unavailable", "Redis does not have the sale, or does not answer")
        } else if contents?.state != .open {
            self.init(503, "unavailable", "the sale is being recovered")
        } else if contents?.number("purchase_paused") == 1 {
            self.init(503, "paused", "purchases are paused")
        } else {
            switch redis {
            case .receipt:
                switch postgres {
                case .purchased: self.init(200, "success", "the receipt is committed")
                case .pending, .notAsked: self.init(202, "pending", "the receipt is not committed")
                default: self.init(202, "pending", "the purchase is on its way to Postgres")
                }
            case .open: self.init(200, "success", "the hold is open: it would be bought now")
            case .due, .tombstone: self.init(404, "expired_code", "the hold has ended")
            case .none, .notAsked: self.init(postgres)
            }
        }
    }

    /// What Postgres alone answers.
    private init(_ postgres: HoldStanding.InPostgres) {
        switch postgres {
        case .purchased: self.init(200, "success", "the receipt is committed")
        case .pending: self.init(202, "pending", "the ledger has the purchase, the table of purchases does not")
        case .expired: self.init(404, "expired_code", "the hold has lapsed")
        case .released: self.init(404, "expired_code", "the hold was given back")
        case .held, .none: self.init(404, "unknown_code", "neither store has such a hold that is open or has ended")
        case .notAsked: self.init(503, "unavailable", "Postgres does not answer")
        }
    }
}
