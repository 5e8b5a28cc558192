/// Writes dead letters into their tables, each in a transaction of its own and once only.
struct LetterRepair: Sendable {
    /// What became of a letter.
    enum Outcome: Sendable, Equatable {
        /// Its rows are in their table.
        case repaired(rows: Int)
        /// Postgres has refused it again.
        case refused(reason: String)
        /// It cannot be tried, and why.
        case obstacle(String)
        /// Another process has repaired it, or is at it.
        case gone
    }

    let redis: RedisClient
    let postgres: PostgresConnection
    /// Who repairs, for `control_log`.
    let actor: String

    /// The letters that wait, in the order in which they came.
    static func waiting(_ sale: SaleID?, on postgres: PostgresConnection) async throws -> [WaitingLetter] {
        let rows = try await postgres.query(
            """
            \(WaitingLetter.select) where repaired_at is null and (\(sale)::bigint is null or sale_id = \(sale))
            order by id limit \(maximumLetters)
            """,
            timeout: .seconds(60)
        )
        return try rows.compactMap { try WaitingLetter($0) }
    }

    /// Letters of one run: each of them was an alarm.
    static let maximumLetters = 100_000

    /// Why this letter cannot be tried; nil when it can.
    func obstacle(_ letter: WaitingLetter) async throws -> String? {
        do {
            let contents = try await contents(letter)
            return try await rebuiltWithout(contents, letter)
        } catch let error as WaitingLetter.Unreadable {
            return error.obstacle
        }
    }

    /// Tries to write a letter.
    func repair(_ letter: WaitingLetter) async throws -> Outcome {
        let contents: WaitingLetter.Contents
        do {
            contents = try await self.contents(letter)
        } catch let error as WaitingLetter.Unreadable {
            return .obstacle(error.obstacle)
        }
        if let obstacle = try await rebuiltWithout(contents, letter) { return .obstacle(obstacle) }
        return try await postgres.transaction(TransactionOptions(statementTimeout: .seconds(60))) { session in
            let locked = try session.query(
                "select 1 from dead_letter where id = \(letter.id) and repaired_at is null for update skip locked"
            )
            guard locked.count == 1 else { return .gone }
            do {
                let rows = try session.savepoint { try write(contents, letter, session) }
                try conclude(letter, rows, session)
                return .repaired(rows: rows)
            } catch let error as PostgresError where error.isRowFault {
                try session.query(
                    """
                    update dead_letter set sqlstate = \(error.sqlState ?? ""), reason = \(error.faultReason)
                    where id = \(letter.id)
                    """
                )
                return .refused(reason: error.faultReason)
            }
        }
    }

    private func contents(_ letter: WaitingLetter) async throws -> WaitingLetter.Contents {
        let sale = try await postgres.query("select hold_ms from sales where id = \(letter.saleID)")
        guard let hold = try sale.first?["hold_ms"].int64 else {
            throw WaitingLetter.Unreadable(obstacle: "there is no sale \(letter.saleID)")
        }
        var entry: StreamEntry?
        if letter.step == nil, letter.kind != "entry" { entry = try await self.entry(letter) }
        return try letter.contents(entry: entry, holdMilliseconds: hold)
    }

    /// The entry that the letter came from, if Redis still has it.
    private func entry(_ letter: WaitingLetter) async throws -> StreamEntry? {
        let key = letter.stream.key(SaleKeys(letter.saleID))
        do {
            let reply = try await redis.send(RedisCommand("XRANGE", key, letter.entryID, letter.entryID))
            return try StreamEntry.parse(reply, from: key).first
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            return nil
        }
    }

    /// A sale that was rebuilt from its ledger since has gone on without this row: to write it now would contradict
    /// what Redis has.
    private func rebuiltWithout(
        _ contents: WaitingLetter.Contents,
        _ letter: WaitingLetter
    ) async throws -> String? {
        guard case .ledger(let rows) = contents, let epoch = rows.map(\.epoch).min() else { return nil }
        let known = try await postgres.query(
            """
            select (select max(epoch) from recoveries where sale_id = \(letter.saleID) and kind = 'rebuilt'
                and epoch > \(epoch)) as rebuilt, (select count(*) from ledger l where l.sale_id = \(letter.saleID)
                and l.kind = 'purchased' and l.hold_id = any(\(rows.compactMap(\.holdID)))) as bought
            """
        ).one()
        guard let rebuilt = try known["rebuilt"].optional?.int64 else { return nil }
        // Only its row in `purchases` is missing: the rebuild knew of it.
        if letter.kind == LedgerRow.Kind.purchased.rawValue, try known["bought"].int64 > 0 { return nil }
        return "the sale was rebuilt without it at epoch \(rebuilt): see `flashctl reconcile --plan --sale "
            + "\(letter.saleID)`"
    }

    /// Returns the number of rows by which the table of the stream has more than its cursor knows.
    private func write(
        _ contents: WaitingLetter.Contents,
        _ letter: WaitingLetter,
        _ session: PostgresSession
    ) throws -> Int {
        switch contents {
        case .attempts(let rows): return try write(rows, letter.saleID, session)
        case .ledger(let rows): return try write(rows, letter.saleID, session)
        }
    }

    /// Attempts have no key: what somebody has entered by hand already is looked for. It counts as brought, too.
    private func write(_ rows: [WaitingLetter.Attempt], _ sale: SaleID, _ session: PostgresSession) throws -> Int {
        let partition = AttemptsBatch.partition(of: sale)
        try session.query(
            """
            insert into \(identifier: partition) (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
            select \(sale)::bigint, r.epoch, r.seq, r.idx, r.at, r.item_id, r.outcome::"char", r.user_id from unnest(
                \(rows.map(\.step.epoch)), \(rows.map(\.step.seq)), \(rows.map(\.index)), \(rows.map(\.step.at)),
                \(rows.map(\.item)), \(rows.map { String(UnicodeScalar($0.letter)) }), \(rows.map(\.user))
            ) as r(epoch, seq, idx, at, item_id, outcome, user_id)
            where not exists (select 1 from \(identifier: partition) a
                where (a.epoch, a.seq, a.idx) = (r.epoch, r.seq, r.idx))
            """
        )
        return rows.count
    }

    private func write(_ rows: [LedgerRow], _ sale: SaleID, _ session: PostgresSession) throws -> Int {
        // A purchase that `purchases` refused has its row in the ledger.
        let known = try session.query(
            """
            select hold_id from ledger where sale_id = \(sale) and kind = 'purchased'
                and hold_id = any(\(rows.filter { $0.kind == .purchased }.compactMap(\.holdID)))
            """
        )
        let bought = Set(try known.map { try $0["hold_id"].holdID })
        let missing = rows.filter { $0.kind != .purchased || !bought.contains($0.holdID ?? HoldID(high: 0, low: 0)) }
        func source(_ rows: [LedgerRow]) -> SQL {
            "select \(sale)::bigint as sale_id, r.* from \(LedgerColumns(rows).unnest)"
        }
        if !missing.isEmpty {
            try session.query("with entry as (\(source(missing))) \(LedgerColumns.insertLedger)")
        }
        let purchases = rows.filter { $0.kind == .purchased }
        if !purchases.isEmpty {
            try session.query("with entry as (\(source(purchases))) \(LedgerColumns.insertPurchases)")
            try session.query("select pg_notify(\(LedgerDrain.purchasesChannel), \(sale.description))")
        }
        return missing.count
    }

    private func conclude(_ letter: WaitingLetter, _ rows: Int, _ session: PostgresSession) throws {
        try session.query("update dead_letter set repaired_at = now() where id = \(letter.id)")
        // What the cursor says it has brought must be there, and this was brought late.
        try session.query(
            """
            update journal_cursor set drained_rows = drained_rows + \(rows)
            where sale_id = \(letter.saleID) and stream = \(letter.stream.rawValue)
            """
        )
        try session.query(
            """
            insert into control_log (sale_id, actor, action, reason)
            values (\(letter.saleID), \(actor), 'repair', \("dead letter \(letter.id), \(rows) rows"))
            """
        )
    }
}
