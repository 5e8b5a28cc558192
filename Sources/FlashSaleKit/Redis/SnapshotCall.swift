/// The call that reads all counters of a sale at one instant. It writes nothing and asks for no epoch.
public enum SnapshotCall {
    /// A call.
    public static func command(keys: SaleKeys) -> RedisCommand {
        SaleScript.snapshot.command(keys: keys, arguments: ["", ""])
    }

    /// Reads the reply; nil when there is no sale key, or only what ``RemoveCall`` has left of a finished sale.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> SaleSnapshot? {
        let reply = try ScriptReply(reply, of: .snapshot)
        guard reply.status == .decided else { return nil }
        var fields: [String: String] = [:]
        let pairs = try reply.elements(2)
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let name = pairs[index].string, let value = pairs[index + 1].string else { throw reply.missing(2) }
            fields[name] = value
        }
        if fields[EndedSale.removedField] != nil { return nil }
        return SaleSnapshot(
            at: reply.now,
            fields: fields,
            keys: SaleSnapshot.KeyCounts(
                deadlines: Int(try reply.integer(3)),
                users: Int(try reply.integer(4)),
                bought: Int(try reply.integer(5)),
                banned: Int(try reply.integer(6)),
                holds: Int(try reply.integer(7)),
                receipts: Int(try reply.integer(8))
            ),
            ledger: SaleSnapshot.Stream(
                entries: Int(try reply.integer(9)),
                lastID: try reply.text(11),
                firstID: try reply.text(13)
            ),
            attempts: SaleSnapshot.Stream(
                entries: Int(try reply.integer(10)),
                lastID: try reply.text(12),
                firstID: try reply.text(14)
            ),
            earliestDeadline: Int64(try reply.text(15)).map(Timestamp.init(microseconds:))
        )
    }
}
