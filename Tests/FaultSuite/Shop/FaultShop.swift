import FlashSaleKit
import Foundation
import Synchronization
import TestSupport

/// What one run needs of its stores and servers.
struct ShopSetup: Sendable {
    var servers = 1
    var stock = 400
    var limit = 5
    var hold = "3s"
    /// How many of a hundred checkouts have an Idempotency-Key, if not as usual.
    var keyed: Int?
    /// `appendfsync` of Redis.
    var fsync = "always"
    /// Whether the servers reach Redis and Postgres through a proxy.
    var proxies = false
    /// Environment of every server, e.g. another clock.
    var environment: [String: String] = [:]
    /// Whether the sale is a short one that is followed by another one; see the faults of the schedule.
    var changesSale = false
    /// What a run at full length needs instead, when the fault takes so long that everything would be sold.
    var long: Long?

    struct Long: Sendable {
        let stock: Int
        /// Between two steps of a buyer, in milliseconds.
        let pause: ClosedRange<Int>
    }
}

/// The shop of one run: a Redis, a Postgres, some servers and a sale; all of it real, all of it its own.
final class FaultShop: Sendable, ShopDirectory {
    let setup: ShopSetup
    let stack: LocalStack
    let redisProxy, postgresProxy: FaultProxy?
    let database: Database
    let history = History()
    /// Where the logs of the servers go.
    let folder: String

    private struct State {
        var servers: [ServerProcess?]
        var starts = 0
        var losses: [Promises.Loss] = []
        var disturbances: [ClosedRange<Int64>] = []
        var healedAt: Int64?
        var failures: [String] = []
    }
    private let state: Mutex<State>

    init(_ setup: ShopSetup, stack: LocalStack, folder: String) throws {
        self.setup = setup
        self.stack = stack
        self.folder = folder
        database = Database(socketFolder: stack.postgresSocketFolder)
        redisProxy = setup.proxies ? try FaultProxy(to: stack.redisSocket) : nil
        postgresProxy = setup.proxies ? try FaultProxy(to: stack.postgresSocketFolder + "/.s.PGSQL.5432") : nil
        state = Mutex(State(servers: Array(repeating: nil, count: setup.servers)))
    }

    /// Addresses without a proxy, for commands that only set up or look.
    var directAddresses: [String] { ["--redis", stack.redisURL, "--postgres", stack.postgresURL] }

    /// Addresses as the servers see them.
    var addresses: [String] {
        guard let redisProxy, let postgresProxy else { return directAddresses }
        return [
            "--redis", "redis://127.0.0.1:\(redisProxy.port)",
            "--postgres", "postgresql://postgres@127.0.0.1:\(postgresProxy.port)/postgres",
        ]
    }

    /// Makes the schema and the sale.
    func open() async throws {
        try await run("migrate", "--postgres", stack.postgresURL)
        let now = Int64(Date().timeIntervalSince1970)
        if setup.changesSale {
            try await seed(start: Timestamp(seconds: now - 1), duration: "\(FaultShop.firstSale + 1)s")
            try await seed(start: Timestamp(seconds: now + FaultShop.firstSale), duration: "3h")
        } else {
            try await seed(start: Timestamp(seconds: now - 1), duration: "3h")
        }
    }

    /// How long the first of two sales goes on after the start of the run, in seconds.
    static let firstSale: Int64 = 8

    private func seed(start: Timestamp, duration: String) async throws {
        try await run(
            ["seed-sale", "--name", "Lamp", "--image-url", "https://example.com/lamp.png", "--test"]
                + ["--stock", "\(setup.stock)", "--limit", "\(setup.limit)", "--hold", setup.hold]
                + ["--start", start.rfc3339, "--duration", duration] + directAddresses
        )
    }

    /// Runs a command of flashctl, which must end with 0.
    func run(_ arguments: String...) async throws { try await run(arguments) }

    private func run(_ arguments: [String]) async throws {
        let outcome = try await BuiltBinary.run(arguments)
        guard outcome.status == 0 else {
            throw SuiteError("flashctl \(arguments[0]) ended with \(outcome.status): \(outcome.talk)")
        }
    }

    /// Sends a command to Redis with redis-cli.
    @discardableResult
    func redis(_ arguments: String...) async throws -> String {
        let outcome = try await BuiltBinary.program(
            ["/usr/bin/timeout", "30", "redis-cli", "-s", stack.redisSocket] + arguments
        )
        guard outcome.status == 0, !outcome.output.hasPrefix("ERR") else {
            throw SuiteError("redis-cli \(arguments) ended with \(outcome.status): \(outcome.output)\(outcome.talk)")
        }
        return outcome.output
    }

    // MARK: Servers

    var serverCount: Int { setup.servers }

    func port(of server: Int) -> Int? {
        guard let process = self.server(server), process.isRunning else { return nil }
        return process.port
    }

    func server(_ index: Int) -> ServerProcess? { state.withLock { $0.servers[index] } }

    /// Starts a server, without waiting for it.
    @discardableResult
    func launch(_ index: Int, environment: [String: String] = [:]) throws -> ServerProcess {
        let number = state.withLock { state in
            state.starts += 1
            return state.starts
        }
        let process = try ServerProcess(
            [BuiltBinary.path, "serve", "--host", "127.0.0.1", "--no-rotate", "--admin-port", "0"]
                + addresses,
            environment: ["PORT": "0", "LOG_LEVEL": "info"].merging(setup.environment) { $1 }
                .merging(environment) { $1 },
            log: "\(folder)/server\(index)-\(number).log"
        )
        state.withLock { $0.servers[index] = process }
        return process
    }

    /// Starts a server until it listens, as a supervisor would that restarts what has ended.
    func start(_ index: Int, environment: [String: String] = [:], limit: Duration = TestPatience.limit) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let process = try launch(index, environment: environment)
            while process.isRunning, ContinuousClock.now < deadline {
                if process.port != nil { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw SuiteError("server \(index) did not listen within \(limit), see its logs in \(folder)")
    }

    func startAll() async throws {
        for index in 0..<setup.servers { try await start(index) }
    }

    /// `kill -9`.
    func kill(_ index: Int) async { await server(index)?.destroy() }

    /// SIGTERM, and the end with status 0 that it promises.
    func terminate(_ index: Int, within limit: Duration = TestPatience.limit) async throws {
        guard let process = server(index) else { return }
        process.signal(SIGTERM)
        let status = try await process.end(within: limit)
        if status != 0 {
            fail("server \(index) ended with \(status.map(String.init) ?? "nothing") after SIGTERM, log \(process.log)")
            await process.destroy()
        }
    }

    // MARK: What happened

    /// Something outside of the books that breaks a promise.
    func fail(_ sentence: String) { state.withLock { $0.failures.append(sentence) } }

    var failures: [String] { state.withLock { $0.failures } }
    var losses: [Promises.Loss] { state.withLock { $0.losses } }

    /// Runs what destroys data of Redis. What was decided since the last attempt that had reached Postgres before it
    /// may be missing, and nothing else.
    func losing(_ destroy: () async throws -> Void) async throws {
        func last(_ table: String) async throws -> Int64 {
            let statement = "select coalesce((extract(epoch from max(at)) * 1e6)::bigint, 0) from \(table)"
            return Int64(try await database.number(statement))
        }
        let (attempts, holds) = (try await last("attempts"), try await last("ledger"))
        let at = History.now
        state.withLock { state in
            var loss = Promises.Loss(from: attempts, holdsFrom: holds, at: at, to: .max)
            loss.allowance += FaultShop.hindrance(before: at, state.disturbances)
            state.losses.append(loss)
        }
        try await destroy()
        state.withLock { $0.losses[$0.losses.count - 1].to = History.now }
    }

    /// The drain may have stood still since `start`, until now.
    func disturbed(since start: Int64) {
        state.withLock { $0.disturbances.append(start...max(start, History.now)) }
    }

    /// For how long the drain may not have caught up, in microseconds: it has after five quiet seconds.
    static func hindrance(before instant: Int64, _ disturbances: [ClosedRange<Int64>]) -> Int64 {
        var start = instant
        for disturbance in disturbances.reversed() {
            guard start - disturbance.upperBound < Promises.Loss.usualAllowance else { break }
            start = min(start, disturbance.lowerBound)
        }
        return instant - start
    }

    /// From here on the shop should recover by itself.
    func healed() { state.withLock { $0.healedAt = History.now } }

    var healedAt: Int64? { state.withLock { $0.healedAt } }

    /// Ends everything but the stack.
    func close() async {
        for index in 0..<setup.servers { await kill(index) }
        redisProxy?.stop()
        postgresProxy?.stop()
    }
}
