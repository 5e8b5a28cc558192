import FlashSaleKit
import NIOCore
import NIOPosix
import Synchronization

/// The workers of a run, each with its loop, and what they have counted so far.
final class LoadCrew: Sendable {
    /// A worker and the loop on which alone it may be touched.
    struct Member: Sendable {
        var loop: any EventLoop
        var worker: NIOLoopBound<LoadWorker>
    }

    let members: [Member]
    /// Whether the threads of all members run before usual ones.
    let isRealTime: Bool
    private let collector: Mutex<LoadCollector>
    private let shop = Mutex<LoadInterval.Shop?>(nil)

    private init(_ members: [Member], _ plan: LoadPlan, isRealTime: Bool) {
        self.members = members
        self.isRealTime = isRealTime
        collector = Mutex(LoadCollector(plan))
    }

    /// One worker for each loop of the group.
    static func make(
        _ plan: LoadPlan,
        on group: MultiThreadedEventLoopGroup,
        address: SocketAddress,
        pool: PurchasePool?,
        schedule: LoadSchedule?
    ) async throws -> LoadCrew {
        let loops = Array(group.makeIterator())
        let connections = min(plan.connections, plan.requests)
        var members: [Member] = []
        var isRealTime = plan.wantsRealTime
        for (index, loop) in loops.enumerated() {
            let share = connections * (index + 1) / loops.count - connections * index / loops.count
            let worker = try await loop.submit {
                NIOLoopBound(
                    LoadWorker(
                        LoadWorker.Share(
                            plan: plan,
                            index: index,
                            count: loops.count,
                            connections: share,
                            address: address,
                            pool: pool,
                            schedule: schedule
                        ),
                        on: loop
                    ),
                    eventLoop: loop
                )
            }.get()
            if isRealTime { isRealTime = try await loop.submit { ThreadPriority.raise() }.get() }
            if plan.busyPoll { try await loop.flatSubmit { BusyPoll.start(for: worker.value) }.get() }
            members.append(Member(loop: loop, worker: worker))
        }
        return LoadCrew(members, plan, isRealTime: isRealTime)
    }

    /// Everything up to the last ``collect()``.
    var collected: LoadCollector { collector.withLock { $0 } }

    /// Remembers what the server says of its sale; nil when it says nothing.
    func note(shop state: LoadInterval.Shop?) {
        shop.withLock { $0 = state }
    }

    /// What happened since the last time; nil while the load has not begun.
    func collect() async throws -> LoadInterval? {
        var shares: [LoadShare] = []
        for member in members {
            shares.append(try await member.loop.submit { member.worker.value.handOver() }.get())
        }
        let handedOver = shares
        let now = NIODeadline.now().uptimeNanoseconds
        let seconds = ProcessorTime.seconds() - shares.reduce(0) { $0 + $1.polledSeconds }
        let shop = shop.withLock { $0 }
        return collector.withLock { $0.take(handedOver, now: now, processorSeconds: seconds, shop: shop) }
    }

    /// Lets every worker do something on its loop.
    func tell(_ body: @escaping @Sendable (LoadWorker) -> Void) {
        for member in members { member.loop.execute { body(member.worker.value) } }
    }

    /// What the workers remember of the answers.
    func histories() async throws -> [LoadHistory] {
        var histories: [LoadHistory] = []
        for member in members {
            let history = try await member.loop.submit { member.worker.value.history }.get()
            if let history { histories.append(history) }
        }
        return histories
    }
}
