import NIOPosix
import Testing

@testable import flashctl

/// The priority of the generator's threads, as the kernel tells it.
@Suite struct ThreadPriorityTests {
    @Test func aRaisedThreadIsRealTimeAndItsChildrenAreNot() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let isAllowed = try await loop.submit { ThreadPriority.raise() }.get()
        #expect(try await loop.submit { ThreadPriority.isRaised }.get() == isAllowed)
        // Made by the raised thread.
        let child = try await loop.submit { MultiThreadedEventLoopGroup(numberOfThreads: 1) }.get()
        #expect(try await child.next().submit { ThreadPriority.isRaised }.get() == false)
        try await child.shutdownGracefully()
        try await group.shutdownGracefully()
    }

    @Test func onlyTheOpenModelAsksForIt() {
        var plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")
        #expect(plan.isClosed && !plan.wantsRealTime, "a closed load would take the whole machine")
        plan.model = .open(LoadCurve(rate: 1, seconds: 1), .constant)
        #expect(plan.wantsRealTime)
        plan.busyPoll = true
        #expect(!plan.wantsRealTime, "a poll never sleeps")
        plan.busyPoll = false
        plan.realTime = false
        #expect(!plan.wantsRealTime)
    }

    @Test(arguments: [true, false]) func aRunTellsWhetherItHadIt(wanted: Bool) async throws {
        let allowed = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let isAllowed = try await allowed.next().submit { ThreadPriority.raise() }.get()
        try await allowed.shutdownGracefully()
        try await ScriptedServer.serving({ _, _ in [.send(response(409))] }) { server in
            var plan = LoadPlan(.megaload, target: LoadTarget(host: "127.0.0.1", port: server.port), runID: "r")
            plan.model = .open(LoadCurve(rate: 20, seconds: 0.5), .constant)
            plan.realTime = wanted
            let summary = try await LoadRun(plan: plan, interrupts: AsyncStream { $0.finish() }) { _ in }.execute()
            #expect(summary.tally.answered == 10)
            #expect(summary.isRealTime == (wanted && isAllowed))
        }
    }
}
