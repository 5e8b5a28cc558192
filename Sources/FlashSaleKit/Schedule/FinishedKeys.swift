/// The keys of sales that are finished in Postgres: keeps them as long as they may be needed, and removes them then.
struct FinishedKeys: Sendable {
    /// A finished sale, as Postgres has it at this moment.
    struct Kept: Sendable, Equatable {
        var saleID: SaleID
        var finishedAt: Timestamp
        /// Time since the end.
        var age: Duration
        /// Whether it was ever open in Redis.
        var wasOpened: Bool
        /// Standbys without its end, or of which that is not known; empty when all have it.
        var behind: [String]
        var booked: RemoveCall.Booked

        /// Why its keys are not removed yet; nil when they may go.
        func reason(_ retention: KeyRetention) -> String? {
            if age < retention.least { return "every finished sale stays \(Kept.text(retention.least))" }
            if behind.isEmpty || age >= retention.most { return nil }
            let names = behind.joined(separator: ", ")
            return "standby \(names) does not have its end, at most \(Kept.text(retention.most)) long"
        }

        private static func text(_ time: Duration) -> String {
            DurationText.text(milliseconds: time.microseconds / 1000)
        }
    }

    /// What a sweep did.
    struct Swept: Sendable, Equatable {
        var removed: [SaleID] = []
        /// Sales whose keys should go, and why Redis refuses.
        var refused: [SaleID: String] = [:]
    }

    let redis: RedisClient
    let postgres: PostgresConnection
    var retention = KeyRetention()

    /// Sales that are looked at in one sweep: first those with keys, then the last ones without, whose keys may have
    /// come back with an older copy of Redis.
    private static let portion = 96

    /// Looks at the standbys, notes the end of each finished sale, and removes the keys that are not needed any more.
    func sweep() async throws -> Swept {
        let lineage = try await LineageStore(postgres: postgres).current()
        try await StandbyStore(postgres: postgres).observe(lineage)
        try await markEnds(lineage)
        var swept = Swept()
        for sale in try await sales("order by s.keys_removed_at is null desc, s.finished_at desc limit \(Self.portion)")
        {
            try Task.checkCancellation()
            if !sale.wasOpened || sale.reason(retention) == nil {
                try await remove(sale.saleID, &swept)
            } else {
                // A refusal is shown by `doctor`, and stops the removal later.
                _ = try await call(.book, sale)
            }
        }
        return swept
    }

    /// The finished sales whose keys are still there, the oldest first.
    func kept() async throws -> [Kept] {
        try await sales("and s.keys_removed_at is null order by s.finished_at limit \(Self.portion)")
    }

    /// Read again in its own turn: what it removes cannot be had again.
    private func remove(_ id: SaleID, _ swept: inout Swept) async throws {
        guard let sale = try await sales("and s.id = \(id)").first, sale.reason(retention) == nil else { return }
        if let why = try await call(sale.wasOpened ? .remove : .discard, sale) {
            swept.refused[id] = why
            return
        }
        let marked = try await postgres.query(
            "update sales set keys_removed_at = now() where id = \(id) and keys_removed_at is null"
        )
        if marked.affected == 1 { swept.removed.append(id) }
    }

    /// Why Redis refuses the step; nil when it is done.
    func call(_ step: RemoveCall.Step, _ sale: Kept) async throws -> String? {
        let seconds = Int64(retention.hash.components.seconds)
        let command = RemoveCall.command(step, keys: SaleKeys(sale.saleID), sale.booked, hashSeconds: seconds)
        do {
            switch try RemoveCall.parse(try await redis.send(command)) {
            case .decided(.done, _): return nil
            case .decided(.refused(let why), _): return why
            case .refused: return "its keys in Redis are not those of epoch \(sale.booked.epoch)"
            }
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            return "one of its keys is of another type"
        }
    }

    /// A position behind each end that is visible, on this lineage. The position of an earlier lineage says nothing:
    /// the log went another way from somewhere before it.
    private func markEnds(_ lineage: Lineage) async throws {
        _ = try await postgres.query(
            """
            update sales set finished_lsn = pg_current_wal_insert_lsn(), finished_lineage = \(lineage.id)::uuid
            where finished_at is not null and keys_removed_at is null
                and finished_lineage is distinct from \(lineage.id)::uuid
            """
        )
    }

    private func sales(_ condition: SQL) async throws -> [Kept] {
        let rows = try await postgres.query(
            """
            select s.id, s.finished_at, clock_timestamp() as now, s.opened_in_redis_at is not null as opened,
                l.epoch, l.last_id as ledger, a.last_id as attempts, b.system, b.timeline, p.id::text as lineage,
                (select string_agg(t.name, E'\\n' order by t.name) from standbys t
                    where t.forgotten_at is null and (t.lineage is distinct from s.finished_lineage
                        or t.replayed < s.finished_lsn)) as behind
            from sales s
            join journal_cursor l on l.sale_id = s.id and l.stream = 'ledger'
            join journal_cursor a on a.sale_id = s.id and a.stream = 'attempts'
            join lineages p on p.id = \(LineageStore.present)
            cross join (\(LineageStore.branch)) b
            where s.finished_at is not null \(condition)
            """
        )
        return try rows.map { row in
            let finished = try row["finished_at"].timestamp
            let now = try row["now"].timestamp
            let names = try row["behind"].optional?.text
            return Kept(
                saleID: try row["id"].saleID,
                finishedAt: finished,
                age: .microseconds(now.microseconds - finished.microseconds),
                wasOpened: try row["opened"].bool,
                behind: names.map { $0.split(separator: "\n").map(String.init) } ?? [],
                booked: RemoveCall.Booked(
                    epoch: try row["epoch"].int64,
                    lineage: Lineage(
                        system: try row["system"].text,
                        timeline: try row["timeline"].int64,
                        id: try row["lineage"].text
                    ).description,
                    ledger: StreamID(try row["ledger"].text) ?? .zero,
                    attempts: StreamID(try row["attempts"].text) ?? .zero
                )
            )
        }
    }
}
