import FlashSaleKit
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import flashserve

/// Signs of life come from loops that answer.
@Suite struct ServiceReporterTests {
    /// A loop that stands still until it is let go.
    private final class Blockade: Sendable {
        private let ends: (reading: Int32, writing: Int32)

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            self.ends = (ends[0], ends[1])
        }

        /// Returns when the loop stands still.
        func begin(on loop: any EventLoop) async {
            let (blocked, enters) = AsyncStream<Void>.makeStream()
            let reading = ends.reading
            loop.execute {
                enters.finish()
                var byte: UInt8 = 0
                read(reading, &byte, 1)
            }
            for await _ in blocked {}
        }

        func end() {
            write(ends.writing, "x", 1)
        }

        deinit {
            close(ends.reading)
            close(ends.writing)
        }
    }

    private func reporting(
        _ variables: [String: String],
        loops: Int = 2,
        status: @escaping @Sendable () -> String = { "well" },
        _ body: @Sendable (NotifySocket, ServiceReporter) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        try await NotifySocket.with { socket in
            let reporter = ServiceReporter(
                manager: ServiceManager(variables: variables.merging(["NOTIFY_SOCKET": socket.name]) { $1 }),
                loops: Array(group.makeIterator()),
                status: status,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            // Ends with this block.
            async let _ = reporter.run()
            try await body(socket, reporter)
        }
        try await group.shutdownGracefully()
    }

    @Test("a loop that does not answer withholds the sign of life, and gives it when it answers again")
    func hungLoop() async throws {
        try await reporting(["WATCHDOG_USEC": "20000"]) { socket, reporter in
            try await socket.waits(forPings: 3)
            for loop in reporter.loops {
                let blockade = try Blockade()
                await blockade.begin(on: loop)
                let before = socket.pings
                try await Task.sleep(for: .milliseconds(400))
                // One was perhaps on its way when the loop stopped.
                #expect(socket.pings <= before + 1)
                blockade.end()
                try await socket.waits(forPings: 2)
            }
        }
    }

    @Test("without a watchdog there are no signs of life, but the state")
    func noWatchdog() async throws {
        try await reporting([:]) { socket, reporter in
            await reporter.ready()
            await reporter.stopping()
            let stopping = ["STOPPING=1", "STATUS=\(ServiceReporter.stoppingText)"]
            try await socket.waits { $0.count == 5 }
            #expect(socket.datagrams.contains(stopping.joined(separator: "\n")))
            #expect(socket.datagrams.contains("READY=1\nSTATUS=well"))
            #expect(socket.pings == 0)
        }
    }

    @Test("the state is told when it changes")
    func changes() async throws {
        let state = Mutex("well")
        try await reporting(["WATCHDOG_USEC": "20000"], status: { state.withLock { $0 } }) { socket, _ in
            try await socket.waits(forPings: 3)
            state.withLock { $0 = "unwell" }
            try await socket.waits { $0.contains("STATUS=unwell") }
            try await socket.waits(forPings: 3)
            #expect(socket.lines.filter { $0.hasPrefix("STATUS=") } == ["STATUS=well", "STATUS=unwell"])
        }
    }

    @Test("a manager that went away does not stop the server, and hears again when it is back")
    func gone() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let manager = ServiceManager(variables: ["NOTIFY_SOCKET": "/nonexistent/notify", "WATCHDOG_USEC": "2000"])
        let looks = Mutex(0)
        let reporter = ServiceReporter(
            manager: manager,
            loops: [group.next()],
            status: {
                looks.withLock { $0 += 1 }
                return "well"
            },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let reports = Task { await reporter.run() }
        while looks.withLock({ $0 }) < 5 { try await Task.sleep(for: .milliseconds(5)) }
        reports.cancel()
        await reports.value
        try await group.shutdownGracefully()
    }

    @Test("the line names the sale and every trouble, and nothing that somebody wrote")
    func line() throws {
        var values = ServerState.Values()
        let now = Timestamp(seconds: 1_800_000_000)
        let terms = SaleTerms(
            itemName: "Lamp\nMAINPID=1",
            imageURL: "u",
            stock: 1,
            userLimit: 1,
            holdMilliseconds: 1000,
            opensAt: now,
            closesAt: now.adding(milliseconds: 3_600_000),
            hourly: true,
            test: false
        )
        let sale = Sale(id: try #require(SaleID(7)), terms: terms, epoch: 1, finishedAt: nil)
        values.redisTrouble = nil
        #expect(RunningServer.status(values, at: now) == "no sale is open")
        values.sales = [sale]
        #expect(RunningServer.status(values, at: now) == "sale 7 is open until 2027-01-15T09:00:00.000Z")
        let before = now.adding(milliseconds: -1)
        #expect(RunningServer.status(values, at: before) == "no sale is open, sale 7 opens at 2027-01-15T08:00:00.000Z")
        values.redisTrouble = "gone\nREADY=0"
        values.postgresTrouble = "gone"
        values.clockTrouble = "gone"
        values.overload = "gone"
        let line = RunningServer.status(values, at: now)
        for word in ["Redis", "Postgres", "clock", "overloaded"] { #expect(line.contains(word)) }
        #expect(!line.contains("\n"))
        values.isStopping = true
        #expect(RunningServer.status(values, at: now) == ServiceReporter.stoppingText)
    }
}
