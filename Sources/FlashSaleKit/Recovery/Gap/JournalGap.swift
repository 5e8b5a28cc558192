/// A part of a journal that neither store has any more: Redis has removed it, because a Postgres that is gone had it.
///
/// A gap of the ledger shuts the checkouts of its sale. Purchases and releases go on, since Redis has every receipt;
/// ``Reconciliation`` closes it.
public struct JournalGap: Sendable, Equatable {
    /// The sale.
    public let saleID: SaleID
    /// The stream.
    public let stream: JournalStream
    /// The last entry that Postgres has.
    public let cursor: StreamID
    /// The last entry that Redis has removed.
    public let trimmedTo: StreamID

    /// What is missing, in one sentence without its end.
    public var sentence: String {
        "the \(stream.rawValue) of sale \(saleID) has a gap: it was trimmed to \(trimmedTo), and Postgres has it only "
            + "to \(cursor)"
    }

    /// What follows from it for buyers, as the second half of the sentence.
    public var consequence: String {
        switch stream {
        case .ledger: "checkouts are refused and purchases are answered 202 until it is closed"
        case .attempts: "checkouts go on, and their attempts pile up in Redis until it is closed"
        }
    }

    /// The command that says how it would be closed.
    public var nextStep: String { JournalGap.nextStep(saleID) }

    /// The command that says how the gaps of a sale would be closed.
    public static func nextStep(_ sale: SaleID) -> String { "flashctl reconcile --plan --sale \(sale)" }

    /// The gaps of this sale; none while all goes well.
    public static func read(
        _ sale: SaleID,
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> [JournalGap] {
        // Redis first: what it has removed by then was in Postgres, and the cursors only grow.
        let fields = JournalStream.allCases.map(\.trimmedField)
        let reply = try await redis.sendRaw(RedisCommand("HMGET", SaleKeys(sale).sale, fields[0], fields[1]))
        let marks = (reply.elements ?? []).map { $0.string.flatMap { StreamID($0) } ?? .zero }
        guard marks.count == fields.count else { return [] }
        let rows = try await postgres.query("select stream, last_id from journal_cursor where sale_id = \(sale)")
        var cursors: [JournalStream: StreamID] = [:]
        for row in rows {
            guard let stream = JournalStream(rawValue: try row["stream"].text) else { continue }
            cursors[stream] = StreamID(try row["last_id"].text)
        }
        return zip(JournalStream.allCases, marks).compactMap { stream, mark in
            guard let cursor = cursors[stream], mark > cursor else { return nil }
            return JournalGap(saleID: sale, stream: stream, cursor: cursor, trimmedTo: mark)
        }
    }

    /// The gaps of all sales that are open.
    public static func readAll(redis: RedisClient, postgres: PostgresConnection) async throws -> [JournalGap] {
        var gaps: [JournalGap] = []
        for sale in try await SaleStore(postgres: postgres).unfinished() where sale.epoch != nil {
            gaps += try await read(sale.id, redis: redis, postgres: postgres)
        }
        return gaps
    }
}

extension JournalGap {
    /// The finding about the gaps of this stream; nil without one.
    static func check(_ stream: JournalStream, _ gaps: [JournalGap]) -> GuardCheck? {
        let own = gaps.filter { $0.stream == stream }
        guard let first = own.first else { return nil }
        let others = own.count > 1 ? " \(own.count - 1) more sales have one." : ""
        return GuardCheck(
            stream == .ledger ? .ledgerLag : .attemptsLag,
            .critical,
            first.sentence.prefix(1).uppercased() + first.sentence.dropFirst() + "; \(first.consequence).\(others)",
            nextStep: "Run `\(first.nextStep)`, and what it says at its end."
        )
    }
}
