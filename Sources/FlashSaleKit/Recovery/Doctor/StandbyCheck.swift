/// Which standbys the end of a sale waits for, and what of them cannot be seen.
struct StandbyCheck: Sendable, Equatable {
    var known: [StandbyStore.Standby]
    /// Standbys that this role may not see.
    var hidden: Int
    var role: String
    /// Names that several standbys share.
    var shared: [String]

    static func read(_ postgres: PostgresConnection) async throws -> StandbyCheck {
        let store = StandbyStore(postgres: postgres)
        let (hidden, role) = try await store.hidden()
        return StandbyCheck(
            known: try await store.known(),
            hidden: hidden,
            role: role,
            shared: try await store.shared()
        )
    }

    var check: DeepCheck {
        let list = known.map(StandbyCheck.text).joined(separator: "; ")
        let sentence =
            known.isEmpty ? "No finished sale waits for a standby" : "Finished sales wait for standby \(list)"
        if hidden > 0 {
            return .warning(
                .standbys,
                "\(sentence). \(hidden) more cannot be seen by the role \(role): finished sales wait ten minutes for"
                    + " them, however far they are behind.",
                fix: "Run GRANT pg_read_all_stats TO \"\(role)\", or give each standby a slot (primary_slot_name)."
            )
        }
        if let name = shared.first {
            return .warning(
                .standbys,
                "\(sentence). Several call themselves \(name): if one of them vanishes, finished sales do not wait"
                    + " for it.",
                fix: "Give each standby a slot (primary_slot_name) or an application_name in its primary_conninfo."
            )
        }
        return .ok(.standbys, "\(sentence).")
    }

    private static func text(_ standby: StandbyStore.Standby) -> String {
        guard let bytes = standby.bytesBehind else {
            return "\(standby.name), which this primary has not seen (last on another one: \(standby.lastSeen.rfc3339))"
        }
        return "\(standby.name), seen \(standby.lastSeen.rfc3339), \(ByteText.text(max(0, Int(bytes)))) behind"
    }
}
