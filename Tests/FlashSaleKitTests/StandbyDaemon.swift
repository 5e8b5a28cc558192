import Foundation
import NIOPosix

@testable import FlashSaleKit

/// A real streaming standby of the Postgres of a stack, in a folder inside that of the stack.
struct StandbyDaemon: Sendable {
    let layout: StackLayout
    let postgres: PostgresDaemon
    let options: LocalStackOptions

    /// Runs `body` with a standby that streams, and ends it by its process id.
    ///
    /// - Parameters:
    ///   - name: what it calls itself.
    ///   - slot: the slot that it makes and uses; nil for none.
    static func with(
        _ stack: LocalStack,
        name: String,
        slot: String? = nil,
        _ body: (StandbyDaemon) async throws -> Void
    ) async throws {
        let standby = try await start(stack, name, slot)
        do {
            try await body(standby)
            try await TemporaryStacks.remove(standby.layout)
        } catch {
            try await TemporaryStacks.remove(standby.layout)
            throw error
        }
    }

    private static func start(_ stack: LocalStack, _ name: String, _ slot: String?) async throws -> StandbyDaemon {
        let layout = StackLayout(directory: "\(stack.directory)/standby-\(name)")
        let account = try PostgresAccount.current()
        let tools = try StackTools.find()
        try layout.createFolders(for: account)
        try FileManager.default.createDirectory(atPath: layout.postgresData, withIntermediateDirectories: false)
        try account.own(layout.postgresData)
        let prefix = try await account.prefix(reaching: layout.postgresData)
        let program = URL(fileURLWithPath: tools.postgres).deletingLastPathComponent().path + "/pg_basebackup"
        let primary = "host='\(stack.postgresSocketFolder)' port=\(StackLayout.postgresPort)"
        let arguments = [
            program, "-D", layout.postgresData, "-R", "-X", "stream", "-c", "fast", "--no-sync",
            "-d", "\(primary) user=\(PostgresAccount.name) application_name=\(name)",
        ]
        try await StackTools.run(prefix + arguments + (slot.map { ["-C", "-S", $0] } ?? []))
        let postgres = PostgresDaemon(layout: layout, tools: tools, account: account)
        try await postgres.start(stack.options)
        return StandbyDaemon(layout: layout, postgres: postgres, options: stack.options)
    }

    /// A connection to it.
    func connect() async throws -> PostgresConnection {
        let endpoint = try PostgresEndpoint(parsing: layout.postgresURL)
        return try await PostgresConnection.connect(to: endpoint, options: PostgresOptions(), logger: quietLogger)
    }

    /// Waits until it has replayed all that its primary has written so far.
    func catchUp(with primary: PostgresConnection) async throws {
        let end = try await primary.query("select pg_current_wal_lsn()::text as lsn").one()["lsn"].text
        let own = try await connect()
        while true {
            let row = try await own.query("select pg_last_wal_replay_lsn() >= \(end)::pg_lsn as done").one()
            if try row["done"].optional?.bool == true { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        await own.close()
        // The primary hears of it with the next reply.
        while try await primary.query(
            "select count(*) as n from pg_stat_replication where replay_lsn >= \(end)::pg_lsn"
        ).one()["n"].int == 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Cuts it off from its primary: from here on it falls behind.
    func cutOff(from primary: PostgresConnection) async throws {
        let own = try await connect()
        _ = try await own.query("alter system set primary_conninfo = ''")
        _ = try await own.query("select pg_reload_conf()")
        await own.close()
        while try await primary.query("select count(*) as n from pg_stat_replication").one()["n"].int > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Makes it a primary; a connection to it once it takes writes.
    func promote() async throws -> PostgresConnection {
        let own = try await connect()
        _ = try await own.query("select pg_promote()", timeout: .seconds(120))
        while try await own.query("select pg_is_in_recovery() as standby").one()["standby"].bool {
            try await Task.sleep(for: .milliseconds(10))
        }
        return own
    }
}
