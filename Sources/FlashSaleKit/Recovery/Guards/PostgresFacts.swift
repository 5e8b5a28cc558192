/// What a Postgres server says about itself, as far as a receipt depends on it.
public struct PostgresFacts: Sendable, Equatable {
    /// Where it is.
    public let location: String
    /// Why it takes no writes, as the end of a sentence; nil when it does.
    public let whyReadOnly: String?
    /// `synchronous_commit` of our connections.
    public let synchronousCommit: String
    /// Whether anything is forced to disk.
    public let fsync: Bool
    /// Whether a torn page can be repaired after a power loss.
    public let fullPageWrites: Bool
    /// Encoding of the database, e.g. `UTF8`.
    public let encoding: String

    /// Asks the server.
    public static func read(_ postgres: PostgresConnection) async throws -> PostgresFacts {
        let row = try await postgres.query(
            """
            select \(PostgresStanding.writability), current_setting('synchronous_commit') as commits,
                current_setting('fsync') = 'on' as fsync, current_setting('full_page_writes') = 'on' as pages,
                current_setting('server_encoding') as encoding
            """
        ).one()
        return PostgresFacts(
            location: postgres.endpoint.location,
            whyReadOnly: try PostgresStanding.whyReadOnly(row),
            synchronousCommit: try row["commits"].text,
            fsync: try row["fsync"].bool,
            fullPageWrites: try row["pages"].bool,
            encoding: try row["encoding"].text
        )
    }

    /// The checks of Postgres alone.
    var checks: [GuardCheck] { [reachable, durability] }

    /// What is wrong with the encoding; nil when the schema can be there.
    var encodingFault: GuardCheck? {
        guard encoding != "UTF8" else { return nil }
        return GuardCheck(
            .schema,
            .critical,
            "The database has the encoding \(encoding): it refuses the records of users whose names it cannot write.",
            nextStep: ErrorText.whole(Migrator.creation(besides: encoding))
        )
    }

    private var reachable: GuardCheck {
        if let whyReadOnly {
            return GuardCheck(
                .postgres,
                .critical,
                "Postgres at \(location) takes no writes, because \(whyReadOnly).",
                nextStep: "Point the Postgres URL at the primary; servers connect again by themselves."
            )
        }
        return GuardCheck(.postgres, .ok, "Postgres at \(location) answers.")
    }

    private var durability: GuardCheck {
        if !fsync || !fullPageWrites {
            let off = [fsync ? nil : "fsync", fullPageWrites ? nil : "full_page_writes"].compactMap(\.self)
            return GuardCheck(
                .durability,
                .critical,
                "A crash of the machine can lose or damage purchases that were answered 200:"
                    + " \(off.joined(separator: " and ")) \(off.count == 1 ? "is" : "are") off.",
                nextStep: "Set fsync = on and full_page_writes = on in postgresql.conf and reload."
            )
        }
        if synchronousCommit == "off" {
            return GuardCheck(
                .durability,
                .critical,
                "A crash of Postgres can lose purchases that were answered 200: synchronous_commit is off.",
                nextStep: "Take synchronous_commit out of the Postgres URL; flashctl sets it to on."
            )
        }
        return GuardCheck(.durability, .ok, "A purchase that is answered 200 survives a crash of Postgres.")
    }
}
