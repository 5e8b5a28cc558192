/// Which Redis it is: a server that was restarted, replaced or promoted has another identity and may lack data.
public struct RedisIdentity: Sendable, Equatable {
    /// Drawn by Redis at each start.
    public let runID: String
    /// Drawn by Redis when its history branches.
    public let masterReplID: String
    /// Id of the database it works with.
    public let installationID: String
    /// The epoch at which it was blessed.
    public let epoch: Int64

    /// Whether it is the same server with the same history for the same installation.
    func matches(_ facts: RedisFacts, _ installation: Installation) -> Bool {
        runID == facts.runID && masterReplID == facts.masterReplID && installationID == installation.id
    }
}

/// The identity that Postgres trusts: the table `redis_identity`.
struct RedisIdentityStore: Sendable {
    let postgres: PostgresConnection

    /// The Redis that was blessed last; nil before the first one.
    func read() async throws -> RedisIdentity? {
        let rows = try await postgres.query(
            "select run_id, master_replid, installation_id::text as installation_id, epoch from redis_identity"
        )
        guard let row = rows.first else { return nil }
        return RedisIdentity(
            runID: try row["run_id"].text,
            masterReplID: try row["master_replid"].text,
            installationID: try row["installation_id"].text,
            epoch: try row["epoch"].int64
        )
    }

    /// Trusts this Redis from now on, unless somebody blessed one at a later epoch.
    func bless(_ facts: RedisFacts, _ installation: Installation, epoch: Int64) async throws -> RedisIdentity {
        let written = try await postgres.query(
            """
            insert into redis_identity as i (run_id, master_replid, installation_id, epoch)
            values (\(facts.runID), \(facts.masterReplID), \(installation.id), \(epoch))
            on conflict (only_row) do update
            set run_id = excluded.run_id, master_replid = excluded.master_replid,
                installation_id = excluded.installation_id, epoch = excluded.epoch, blessed_at = now()
            where i.epoch < excluded.epoch
            """
        )
        guard written.affected == 1 else {
            throw RecoveryError(
                .superseded,
                "another Redis was blessed after epoch \(epoch)",
                nextStep: "validate the connection again"
            )
        }
        return RedisIdentity(
            runID: facts.runID,
            masterReplID: facts.masterReplID,
            installationID: installation.id,
            epoch: epoch
        )
    }
}
