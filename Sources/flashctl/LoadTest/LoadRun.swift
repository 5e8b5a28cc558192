import FlashSaleKit
import Foundation
import NIOCore
import NIOPosix

/// Runs a load plan and collects what its workers counted.
struct LoadRun: Sendable {
    /// A worker and the loop on which alone it may be touched.
    private struct BoundWorker: Sendable {
        var loop: any EventLoop
        var worker: NIOLoopBound<LoadWorker>
    }

    private enum Step: Sendable {
        case finished(LoadCounts)
        case interrupted(ExitStatus)
        /// What the schedule is read from was lost.
        case starved(any Error)
        case quiet
    }

    let plan: LoadPlan
    /// Codes that may wait to be paid for.
    var poolCapacity = PurchasePool.defaultCapacity
    /// What is sent instead of numbered checkouts, nil for those.
    var schedule: LoadSchedule?
    /// Fills the schedule while it is sent; returns when all events are in it.
    var feed: (@Sendable (LoadSchedule) async throws -> Void)?
    /// The status to exit with, once somebody wants the run to end early.
    let interrupts: AsyncStream<ExitStatus>
    /// Called once a second with the seconds since the start.
    let progress: @Sendable (LoadSample, Double) -> Void

    /// Returns when every request has ended, or when the run was interrupted.
    func execute() async throws -> LoadSummary {
        try OpenFileLimit.raise(toHold: plan.connections)
        let address = try await resolve()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
        do {
            try await probe(address, on: group)
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
        let pool = newPool()
        let workers = try await makeWorkers(on: group, address: address, pool: pool)
        var total = LoadCounts()
        var interruptedBy: ExitStatus?
        var failure: (any Error)?
        try await withThrowingTaskGroup(of: Step.self) { tasks in
            for bound in workers {
                tasks.addTask { .finished(try await bound.loop.flatSubmit { bound.worker.value.run() }.get()) }
            }
            tasks.addTask { await firstInterrupt() }
            tasks.addTask { await feedSchedule() }
            tasks.addTask { try await report(on: workers, since: began) }
            var running = workers.count
            while running > 0, let step = try await tasks.next() {
                switch step {
                case .finished(let counts):
                    total.add(counts)
                    running -= 1
                case .interrupted(let status):
                    interruptedBy = status
                    for bound in workers { bound.loop.execute { bound.worker.value.stop() } }
                case .starved(let error):
                    failure = error
                    for bound in workers { bound.loop.execute { bound.worker.value.stop() } }
                case .quiet: break
                }
            }
            tasks.cancelAll()
        }
        pool?.forgetWakers()
        schedule?.forgetWakers()
        if let failure { throw failure }
        var plan = plan
        if let schedule { plan.requests = schedule.comparison.checkouts }
        return LoadSummary(
            plan: plan,
            scheduled: schedule == nil ? nil : total,
            tally: total.checkouts,
            purchasing: purchases(total.purchases, pool),
            startedAt: startedAt,
            wallSeconds: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
            processorSeconds: ProcessorTime.seconds() - processorBefore,
            interruptedBy: interruptedBy
        )
    }

    private func newPool() -> PurchasePool? {
        guard plan.purchasePercent > 0 else { return nil }
        return PurchasePool(percent: plan.purchasePercent, collectors: plan.threads, capacity: poolCapacity)
    }

    private func purchases(_ tally: PurchaseTally, _ pool: PurchasePool?) -> PurchaseTotals {
        guard let pool else { return PurchaseTotals() }
        let codes = pool.codes
        return PurchaseTotals(tally: tally, codes: codes.all, scheduled: codes.scheduled, leftover: pool.leftover)
    }

    private func makeWorkers(
        on group: MultiThreadedEventLoopGroup,
        address: SocketAddress,
        pool: PurchasePool?
    ) async throws -> [BoundWorker] {
        let loops = Array(group.makeIterator())
        let connections = min(plan.connections, plan.requests)
        var workers: [BoundWorker] = []
        for (index, loop) in loops.enumerated() {
            func share(_ total: Int) -> Range<Int> {
                total * index / loops.count..<total * (index + 1) / loops.count
            }
            let numbers = schedule == nil ? share(plan.requests) : 0..<0
            let count = share(connections).count
            let worker = try await loop.submit { [plan, schedule] in
                NIOLoopBound(
                    LoadWorker(
                        plan: plan,
                        numbers: numbers,
                        connections: count,
                        address: address,
                        pool: pool,
                        schedule: schedule,
                        on: loop
                    ),
                    eventLoop: loop
                )
            }.get()
            workers.append(BoundWorker(loop: loop, worker: worker))
        }
        return workers
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

    private func report(on workers: [BoundWorker], since began: NIODeadline) async throws -> Step {
        while true {
            do {
                try await Task.sleep(for: .seconds(1))
            } catch {
                // Cancelled: the run is over.
                return .quiet
            }
            var total = LoadSample(LoadCounts())
            for bound in workers {
                total.add(try await bound.loop.submit { LoadSample(bound.worker.value.counts) }.get())
            }
            progress(total, Double((NIODeadline.now() - began).nanoseconds) / 1e9)
        }
    }

    private func resolve() async throws -> SocketAddress {
        let target = plan.target
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(target.host, port: target.port)
            }
        } catch {
            throw CommandFailure(
                .unreachable,
                "the target's host `\(target.host)` has no address",
                nextStep: "check the spelling of --target"
            )
        }
    }

    /// One connection before all others, so that a server that is not there is one sentence and not 2,000 errors.
    private func probe(_ address: SocketAddress, on group: MultiThreadedEventLoopGroup) async throws {
        do {
            let channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(5)).connect(to: address).get()
            try await channel.close().get()
        } catch {
            throw CommandFailure(
                .unreachable,
                "cannot connect to \(plan.target): \(NetworkErrorKind(connecting: error).name)",
                nextStep: "start the server (`flashctl serve --local`), or give its address with --target"
            )
        }
    }
}
