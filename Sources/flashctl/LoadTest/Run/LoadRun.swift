import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix

/// Runs a load plan and collects what its workers counted.
struct LoadRun: Sendable {
    enum Step: Sendable {
        case finished
        case interrupted(ExitStatus)
        /// What the schedule is read from was lost.
        case starved(any Error)
        case quiet
    }

    let plan: LoadPlan
    /// Codes that may wait to be paid for.
    var poolCapacity = PurchasePool.defaultCapacity
    /// What is sent instead of numbered requests, nil for those.
    var schedule: LoadSchedule?
    /// Fills the schedule while it is sent; returns when all events are in it.
    var feed: (@Sendable (LoadSchedule) async throws -> Void)?
    /// Whether the server is asked once a second how its sale stands.
    var readsShop = false
    /// When the load begins, as wall-clock time in seconds since 1970; nil: what the plan says.
    var beginsAt: Double?
    /// The status to exit with, once somebody wants the run to end early; a second one does not wait for answers.
    let interrupts: AsyncStream<ExitStatus>
    /// Called about once a second with what happened since.
    let interval: @Sendable (LoadInterval) -> Void

    /// Time that the workers have to get ready for the start of the open model.
    private static let headStart: UInt64 = 150_000_000

    /// Returns when every request has ended, or when the run was interrupted.
    func execute() async throws -> LoadSummary {
        try OpenFileLimit.raise(toHold: plan.connections)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.workers)
        do {
            let address = try await plan.target.reach(on: group)
            let summary = try await run(on: group, address: address)
            try await group.shutdownGracefully()
            return summary
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private func run(on group: MultiThreadedEventLoopGroup, address: SocketAddress) async throws -> LoadSummary {
        let startedAt = Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1e6))
        let began = NIODeadline.now()
        let processorBefore = ProcessorTime.seconds()
        let pool = plan.usesCodes ? PurchasePool(collectors: plan.workers, capacity: poolCapacity) : nil
        let crew = try await LoadCrew.make(plan, on: group, address: address, pool: pool, schedule: schedule)
        let reader = readsShop ? ShopReader.make(address, target: plan.target, on: group) : nil
        let (interruptedBy, failure) = try await drive(crew, reader)
        pool?.forgetWakers()
        schedule?.forgetWakers()
        if let failure { throw failure }
        if let last = try await crew.collect() { interval(last) }
        let found = crew.collected
        var plan = plan
        if let schedule { plan.requests = schedule.comparison.checkouts }
        var summary = LoadSummary(
            plan: plan,
            scheduled: schedule == nil ? nil : found.total,
            tally: found.total.checkouts,
            purchasing: purchases(found, pool),
            startedAt: startedAt,
            wallSeconds: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
            processorSeconds: ProcessorTime.seconds() - processorBefore,
            interruptedBy: interruptedBy
        )
        summary.guesses = found.total.guesses
        summary.releases = found.total.releases
        summary.timing = found.total.timing
        summary.warm = plan.warmupSeconds > 0 ? found.warm : nil
        summary.busyShare = found.busyShare
        summary.isRealTime = crew.isRealTime
        if plan.keepsHistory { summary.histories = try await crew.histories() }
        return summary
    }

    /// Runs the workers to their end.
    private func drive(
        _ crew: LoadCrew,
        _ reader: ShopReader?
    ) async throws -> (interruptedBy: ExitStatus?, failure: (any Error)?) {
        var interruptedBy: ExitStatus?
        var failure: (any Error)?
        let startAt = self.startAt()
        try await withThrowingTaskGroup(of: Step.self) { tasks in
            for member in crew.members {
                tasks.addTask {
                    try await member.loop.flatSubmit { member.worker.value.run(at: startAt) }.get()
                    return .finished
                }
            }
            tasks.addTask { await firstInterrupt() }
            tasks.addTask { await feedSchedule() }
            tasks.addTask { try await report(crew) }
            if let reader {
                tasks.addTask {
                    await LoadRun.watch(reader, crew)
                    return .quiet
                }
            }
            var running = crew.members.count
            while running > 0, let step = try await tasks.next() {
                switch step {
                case .finished: running -= 1
                case .interrupted(let status):
                    let isSecond = interruptedBy != nil
                    interruptedBy = interruptedBy ?? status
                    crew.tell { if isSecond { $0.stop() } else { $0.windDown() } }
                    if !isSecond { tasks.addTask { await firstInterrupt() } }
                case .starved(let error):
                    failure = error
                    crew.tell { $0.stop() }
                case .quiet: break
                }
            }
            tasks.cancelAll()
        }
        return (interruptedBy, failure)
    }

    /// Monotonic time at which the load begins.
    private func startAt() -> UInt64 {
        let now = NIODeadline.now().uptimeNanoseconds
        let wall = Date.now.timeIntervalSince1970
        let wanted: Double? =
            switch (beginsAt, plan.start) {
            case (let time?, _): time
            case (nil, .nextHour): (wall / 3600).rounded(.down) * 3600 + 3600
            case (nil, .now): nil
            }
        return max(now + LoadRun.headStart, wanted.map { now + UInt64(max(0, $0 - wall) * 1e9) } ?? 0)
    }

    private func purchases(_ found: LoadCollector, _ pool: PurchasePool?) -> PurchaseTotals {
        guard let pool else { return PurchaseTotals() }
        let codes = pool.codes
        var totals = PurchaseTotals(
            tally: found.total.purchases,
            codes: codes.all,
            scheduled: codes.scheduled,
            leftover: pool.leftover
        )
        if plan.warmupSeconds > 0 { totals.warm = found.warm.purchases }
        return totals
    }

    private func feedSchedule() async -> Step {
        guard let schedule, let feed else { return .quiet }
        do {
            try await feed(schedule)
            schedule.end()
            return .quiet
        } catch is CancellationError {
            return .quiet
        } catch {
            return .starved(error)
        }
    }

    private func firstInterrupt() async -> Step {
        for await status in interrupts { return .interrupted(status) }
        return .quiet
    }

    private func report(_ crew: LoadCrew) async throws -> Step {
        var next = ContinuousClock.now + .seconds(1)
        while true {
            do {
                try await Task.sleep(until: next, clock: .continuous)
            } catch {
                // Cancelled: the run is over.
                return .quiet
            }
            if let happened = try await crew.collect() { interval(happened) }
            // On a machine that stood still the missed seconds are one long one.
            next = max(next + .seconds(1), ContinuousClock.now + .milliseconds(100))
        }
    }

    private static func watch(_ reader: ShopReader, _ crew: LoadCrew) async {
        while !Task.isCancelled {
            crew.note(shop: await reader.read()?.shop)
            try? await Task.sleep(for: .seconds(1))
        }
    }
}

extension LoadTarget {
    /// An address at which the server answers. A name may have several, as `localhost` often has, and the server need
    /// not listen on all of them. Found by one connection before all others, so that a server that is not there is one
    /// sentence and not 2,000 errors.
    func reach(on group: any EventLoopGroup, resolver: (any Resolver & Sendable)? = nil) async throws -> SocketAddress {
        do {
            let bootstrap = ClientBootstrap(group: group).connectTimeout(.seconds(5)).resolver(resolver)
            let channel = try await bootstrap.connect(host: host, port: port).get()
            let address = channel.remoteAddress
            try await channel.close().get()
            guard let address else { throw ChannelError.unknownLocalAddress }
            return address
        } catch let error as NIOConnectionError where error.connectionErrors.isEmpty {
            throw CommandFailure(
                .unreachable,
                "the target's host `\(host)` has no address",
                nextStep: "check the spelling of --target"
            )
        } catch {
            throw CommandFailure(
                .unreachable,
                "cannot connect to \(self): \(NetworkErrorKind(connecting: error).name)",
                nextStep: "start the server (`flashctl serve --local`), or give its address with --target"
            )
        }
    }
}
