import FlashSaleKit
import Logging
import NIOPosix

/// Keeps the prompt and the candidates current, on connections of its own: what is typed never waits for it. A store
/// that is away is said in the prompt and tried again.
actor ShellRefresher {
    private let assistant: ShellAssistant
    private let environment: CommandEnvironment
    private let options: @Sendable () async throws -> StoreOptions
    private var current = ShellPrompt()
    private var redis: RedisClient?
    private var postgres: PostgresConnection?
    private var addresses: Addresses?
    private var lastCheck: ContinuousClock.Instant?
    private var wakeup: AsyncStream<Void>.Continuation?
    /// Ends with the first look.
    private let (firstLook, firstLooked) = AsyncStream.makeStream(of: Void.self)

    /// Between two looks.
    private static let interval = Duration.seconds(1)
    private static let checkInterval = Duration.seconds(10)
    private static let most = 50
    /// The shell stands ready within 150 ms.
    private static let moment = Duration.milliseconds(60)

    init(
        assistant: ShellAssistant,
        environment: CommandEnvironment,
        options: @escaping @Sendable () async throws -> StoreOptions
    ) {
        self.assistant = assistant
        self.environment = environment
        self.options = options
    }

    /// The prompt as it is known.
    var prompt: String { current.text }

    /// The first prompt: with what ``run(_:)`` knows after a moment, so that nobody waits for a store that is away.
    func firstPrompt() async -> String {
        let patience = Task {
            try await Task.sleep(for: ShellRefresher.moment)
            firstLooked.finish()
        }
        for await _ in firstLook {}
        patience.cancel()
        return current.text
    }

    /// Looks again at once.
    func soon() { wakeup?.yield() }

    /// Looks at the stores until it is cancelled; tells every change of the prompt.
    func run(_ tell: @Sendable (String) -> Void) async {
        let (looks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakeup = continuation
        let clock = Task {
            while !Task.isCancelled {
                continuation.yield()
                try await Task.sleep(for: ShellRefresher.interval)
            }
        }
        for await _ in looks {
            if Task.isCancelled { break }
            let before = current.text
            await look()
            firstLooked.finish()
            if current.text != before { tell(current.text) }
        }
        clock.cancel()
        await redis?.close()
        await postgres?.close()
    }

    private func look() async {
        var prompt = current
        (prompt.missing, prompt.hasNoSale) = ([], false)
        do {
            let options = try await options()
            let configuration = try options.configuration(in: environment)
            let addresses = try Addresses(configuration, local: options.local, environment: environment)
            if addresses != self.addresses {
                await leave()
                self.addresses = addresses
                prompt = ShellPrompt(host: addresses.host)
            }
            await connect(addresses, &prompt)
            if let postgres { try await read(postgres, &prompt) }
            await check(configuration, &prompt)
        } catch let failure as CommandFailure where failure == SaleFinder.noSale {
            (prompt.standing, prompt.hasNoSale) = (nil, true)
        } catch is PostgresError {
            // A statement that was refused is no outage: the next command will explain it.
            if postgres?.isUsable != true { prompt.missing.append("postgres") }
        } catch is RedisError {
            if redis?.isActive != true { prompt.missing.append("redis") }
        } catch {
            // A configuration that the next command will explain.
        }
        current = prompt
    }

    /// Forgets stores that are not those of the shell any more.
    private func leave() async {
        assistant.learn(ShellAssistant.Known())
        await redis?.close()
        await postgres?.close()
        (redis, postgres) = (nil, nil)
    }

    /// What is critical, looked at as often as servers do.
    private func check(_ configuration: FlashConfiguration, _ prompt: inout ShellPrompt) async {
        guard let redis, let postgres, lastCheck.map({ .now - $0 > ShellRefresher.checkInterval }) ?? true else {
            return
        }
        let guards = GuardOptions(configuration)
        let report = await GuardReader(options: guards, redis: { redis }, postgres: { postgres }).read()
        prompt.alarms = report.checks.filter { $0.level == .critical }.map(\.name.rawValue)
        lastCheck = .now
    }

    private func connect(_ addresses: Addresses, _ prompt: inout ShellPrompt) async {
        let logger = Logger(label: "flashctl") { _ in SwiftLogNoOpLogHandler() }
        // Side by side: none of them waits for one that is away.
        async let redis =
            redis?.isActive == true
            ? self.redis
            : try? RedisClient.connect(to: addresses.redis, on: MultiThreadedEventLoopGroup.singleton, logger: logger)
        async let postgres =
            postgres?.isUsable == true
            ? self.postgres : try? PostgresConnection.connect(to: addresses.postgres, logger: logger)
        (self.redis, self.postgres) = await (redis, postgres)
        if self.redis == nil { prompt.missing.append("redis") }
        if self.postgres == nil { prompt.missing.append("postgres") }
    }

    private func read(_ postgres: PostgresConnection, _ prompt: inout ShellPrompt) async throws {
        let sale = try await SaleFinder(postgres: postgres).current()
        let rows = try await postgres.query(
            "select id from sales order by finished_at is null desc, opens_at desc limit \(ShellRefresher.most)"
        )
        var known = ShellAssistant.Known(sales: try rows.map { try $0["id"].saleID.description })
        guard let redis else { return assistant.learn(known) }
        known.users = try await RecentUsers.read(sale.id, redis: redis, postgres: postgres, limit: ShellRefresher.most)
        assistant.learn(known)
        guard let snapshot = try await StatusReader.snapshot(of: sale.id, redis) else { return }
        prompt.standing = ShellPrompt.Standing(
            sale: sale.id,
            opensAt: sale.terms.opensAt,
            closesAt: sale.terms.closesAt,
            stock: sale.terms.stock,
            sold: snapshot.sold,
            checkoutPaused: snapshot.checkoutPaused,
            purchasePaused: snapshot.purchasePaused,
            now: snapshot.at
        )
    }

    /// Where the stores of the shell are.
    private struct Addresses: Equatable {
        let redis: RedisEndpoint
        let postgres: PostgresEndpoint
        /// Nil for those of this machine.
        let host: String?

        init(_ configuration: FlashConfiguration, local: Bool, environment: CommandEnvironment) throws {
            if local {
                let directory = configuration.localDirectory?.value
                let found = LocalStack.addresses(directory: directory, environment: environment.variables)
                guard let found else { throw CommandFailure(.badConfiguration, "there is no folder for the stores") }
                redis = try RedisEndpoint(parsing: found.redisURL)
                postgres = try PostgresEndpoint(parsing: found.postgresURL)
            } else {
                let stores = Stores(
                    configuration: configuration,
                    logger: Logger(label: "flashctl") { _ in SwiftLogNoOpLogHandler() },
                    local: nil
                )
                redis = try stores.redisEndpoint()
                postgres = try stores.postgresEndpoint()
            }
            if case .tcp(let name, _) = redis.target { host = name } else { host = nil }
        }
    }
}
