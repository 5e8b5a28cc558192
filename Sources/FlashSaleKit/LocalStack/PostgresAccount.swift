import Foundation

/// The user that postgres runs as: ourselves, or `postgres` when we are root, which postgres refuses.
struct PostgresAccount: Sendable, Equatable {
    static let name = "postgres"

    let uid: uid_t
    let gid: gid_t
    let isSelf: Bool

    static func current() throws(LocalStackError) -> PostgresAccount {
        guard geteuid() == 0 else { return PostgresAccount(uid: geteuid(), gid: getegid(), isSelf: true) }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw LocalStackError(
                .missingBinary,
                "postgres does not run as root, and there is no user '\(name)' to run it as.",
                nextStep: StackTools.installHint
            )
        }
        return PostgresAccount(uid: entry.pw_uid, gid: entry.pw_gid, isSelf: false)
    }

    /// Makes a folder of ours the account's, closed to everybody else.
    func own(_ path: String) throws(LocalStackError) {
        guard lchown(path, uid, gid) == 0, chmod(path, 0o700) == 0 else {
            throw LocalStackError(
                .folder,
                "\(path) cannot be given to uid \(uid), which postgres runs as: \(errnoText()).",
                nextStep: "remove it, or choose another folder with XDG_STATE_HOME"
            )
        }
    }

    /// What to put before a command so that it runs as the account and reaches `folder`.
    func prefix(reaching folder: String) async throws -> [String] {
        if isSelf { return [] }
        let plain = [
            "/usr/bin/setpriv", "--reuid=\(PostgresAccount.name)", "--regid=\(PostgresAccount.name)", "--init-groups",
        ]
        // /root and folders of mktemp are 0700: there the account needs one capability to walk through folders whose
        // rights are not ours to change.
        let capable = plain + ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        var reason: (any Error)?
        for prefix in [plain, capable] {
            do {
                // Not `test -x`: access(2) ignores capabilities of a user that is not root.
                try await StackTools.run(prefix + ["/usr/bin/stat", "\(folder)/."])
                return prefix
            } catch {
                reason = error
            }
        }
        throw LocalStackError(
            .folder,
            "The user '\(PostgresAccount.name)', which postgres runs as under root, cannot reach \(folder).",
            nextStep: "choose a folder that others may walk through, e.g. XDG_STATE_HOME=/var/lib",
            underlying: reason
        )
    }
}
