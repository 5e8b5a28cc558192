/// The conditions on cursors, epochs and sentinels.
extension Comparison {
    func cursors() -> Invariant {
        var invariant = Invariant(.cursors, saleID)
        for stream in JournalStream.allCases {
            guard recount.cursors[stream] != nil else {
                invariant.violate("sale \(saleID) has no cursor for its \(stream.rawValue)")
                continue
            }
            count(stream, &invariant)
            if isComplete { place(stream, &invariant) }
            if case .trimmedPastCursor(stream) = evidence.trouble {
                let trimmed = evidence.contents?.sale[stream.trimmedField] ?? ""
                let place = recount.cursor(stream).lastID
                invariant.violate(
                    "the cursor of the \(stream.rawValue) of sale \(saleID) is at \(place), but "
                        + "the journal was trimmed to \(trimmed): what is between them is not there any more"
                )
            }
        }
        let epochs = JournalStream.allCases.map { recount.cursor($0).epoch }
        invariant.require(
            Set(epochs).count == 1,
            "the cursors of sale \(saleID) are at different epochs, "
                + epochs.map(String.init).joined(separator: " and ")
        )
        return invariant
    }

    /// What the cursor says it has brought must be there.
    private func count(_ stream: JournalStream, _ invariant: inout Invariant) {
        guard let recorded = stream == .ledger ? recount.ledger : recount.attempts else { return }
        let cursor = recount.cursor(stream)
        let wanted = cursor.rows + (recount.notes.rows[stream] ?? 0)
        invariant.figure("\(stream.rawValue) rows", recorded.rows)
        invariant.figure("\(stream.rawValue) entries", recorded.entries)
        invariant.require(
            recorded.rows == wanted,
            "the cursor of the \(stream.rawValue) of sale \(saleID) has brought \(wanted) rows, recorded are "
                + "\(recorded.rows)"
        )
        // Entries that became dead letters as a whole left no row.
        let entries = recorded.entries...(recorded.entries + Int64(recount.deadEntries.count))
        let noted = cursor.entries + (recount.notes.entries[stream] ?? 0)
        invariant.require(
            entries.contains(noted),
            "the cursor of the \(stream.rawValue) of sale \(saleID) has brought \(noted) entries, recorded are "
                + "\(recorded.entries)"
        )
    }

    /// The cursor must stand between what is recorded and what is not.
    private func place(_ stream: JournalStream, _ invariant: inout Invariant) {
        guard let contents = evidence.contents, let tail = evidence.tail,
            let recorded = stream == .ledger ? recount.ledger : recount.attempts
        else { return }
        let cursor = recount.cursor(stream)
        let name = "the cursor of the \(stream.rawValue) of sale \(saleID)"
        invariant.figure("\(stream.rawValue) on the way", tail.entries[stream] ?? 0)
        let end = contents.stream(stream).lastID
        invariant.require(
            cursor.lastID <= end,
            "\(name) is at \(cursor.lastID), ahead of the stream, which ends at \(end)"
        )
        if let first = tail.firstSeq[stream], first <= recorded.drainedSeq {
            invariant.violate(
                "\(name) is at \(cursor.lastID), behind what is recorded: step \(first) follows it in the journal and "
                    + "step \(recorded.drainedSeq) is recorded"
            )
        }
        guard let entry = evidence.retained?.atCursor[stream] else { return }
        invariant.require(
            entry.id == cursor.lastID,
            "\(name) is at \(cursor.lastID), where the journal has no entry: the one before it is \(entry.id)"
        )
        if entry.seq > recorded.highestSeq, !recount.deadEntries.contains(entry.id) {
            invariant.violate(
                "\(name) is at \(cursor.lastID), ahead of what is recorded: that entry is step \(entry.seq), recorded "
                    + "is up to step \(recorded.highestSeq)"
            )
        }
    }

    func sentinels() -> Invariant {
        var invariant = Invariant(.sentinels, saleID)
        let epoch = recount.epoch
        let rebuild = "run `flashctl serve` or `flashctl rotate-hour`, which rebuild the sale from its ledger"
        guard let contents = evidence.contents else {
            if case .wrongType(let key) = evidence.trouble {
                invariant.violate("\(key) in Redis is of another type than the scripts make", next: rebuild)
            } else {
                invariant.violate("Redis has no keys of sale \(saleID), which is open in Postgres", next: rebuild)
            }
            return invariant
        }
        invariant.figure("epoch", epoch)
        invariant.require(
            contents.epoch == epoch,
            "sale \(saleID) is at epoch \(contents.epoch) in Redis and at epoch \(epoch) in Postgres",
            next: rebuild
        )
        let keys = SaleKeys(saleID)
        let keysEpoch = contents.number("keys_epoch") ?? 0
        invariant.require(
            keysEpoch == epoch,
            "the keys of sale \(saleID) in Redis were completed at epoch \(keysEpoch), not at \(epoch)",
            next: rebuild
        )
        for key in [keys.users, keys.bought, keys.banned, keys.holds, keys.deadlines, keys.receipts] {
            let found = contents.sentinels[key]
            invariant.require(
                found == epoch,
                "the sentinel of \(key) in Redis is \(found.map { "of epoch \($0)" } ?? "missing"), "
                    + "not of epoch \(epoch)",
                next: rebuild
            )
        }
        for stream in JournalStream.allCases where !contents.stream(stream).exists {
            invariant.violate("\(stream.key(keys)) is missing in Redis", next: rebuild)
        }
        for field in contents.unreadable {
            invariant.violate("\(field) in Redis is unreadable")
        }
        return invariant
    }
}
