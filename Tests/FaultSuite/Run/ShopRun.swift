import FlashSaleKit
import Foundation
import TestSupport

/// The steps that every run has: a shop of its own, a crowd, everything sold, and the checks from outside.
enum ShopRun {
    /// Longest time in which everything left is bought; a rebuilt hold lives for a minute.
    private static let finishLimit = TestPatience.limit * 5

    /// Runs `body` in a new shop. What a look into a violation needs stays in `folder`; of a clean run nothing does.
    static func with(
        _ setup: ShopSetup,
        folder: String,
        _ body: (FaultShop) async throws -> FaultReport
    ) async throws -> FaultReport {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let started = ContinuousClock.now
        let options = LocalStackOptions.fast.with(redis: ["appendfsync": setup.fsync])
        let stack = try await LocalStack.temporary(options: options)
        do {
            let shop = try FaultShop(setup, stack: stack, folder: folder)
            let result: Result<FaultReport, any Error>
            do { result = .success(try await body(shop)) } catch { result = .failure(error) }
            await shop.close()
            let passed = (try? result.get())?.passed == true
            if passed {
                try FileManager.default.removeItem(atPath: folder)
            } else if !Task.isCancelled {
                try await preserve(shop)
            }
            var report = try result.get()
            report.elapsed = milliseconds(ContinuousClock.now - started)
            try await stack.destroy()
            return report
        } catch {
            try await stack.destroy()
            throw error
        }
    }

    /// Opens the shop and lets the crowd in; `disturb` runs meanwhile. Then everything is sold and everybody has left.
    static func sell(
        _ shop: FaultShop,
        _ plan: CrowdPlan,
        seed: Int,
        _ disturb: () async throws -> Void
    ) async throws {
        try await shop.open()
        try await shop.startAll()
        let crowd = Crowd(plan: plan, shop: shop, history: shop.history)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await crowd.run(seed: seed) }
            do {
                try await disturb()
                try await finish(shop, crowd)
            } catch {
                crowd.enter(.over)
                throw error
            }
            try await tasks.waitForAll()
        }
    }

    /// Everybody buys what is left, until nothing is.
    private static func finish(_ shop: FaultShop, _ crowd: Crowd) async throws {
        let statement = "select count(*) from purchases where sale_id = (select max(id) from sales where not hourly)"
        crowd.enter(.finishing)
        let deadline = ContinuousClock.now + finishLimit
        var sold = 0
        while ContinuousClock.now < deadline, sold < shop.setup.stock {
            sold = try await shop.database.number(statement)
            try await Task.sleep(for: .milliseconds(200))
        }
        if sold != shop.setup.stock {
            shop.fail("\(sold) of \(shop.setup.stock) units were sold although more were wanted")
        }
        // Those who were answered with 202 ask once more.
        try await Task.sleep(for: .milliseconds(700))
        crowd.enter(.over)
    }

    /// Waits until the shop sells again after the last strike; how long that took in microseconds, nil when it did not.
    static func recovery(of shop: FaultShop, within limit: Duration, after name: String) async throws -> Int64? {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let recovery = shop.history.recovery(after: shop.healedAt ?? 0) { return recovery }
            try await Task.sleep(for: .milliseconds(50))
        }
        shop.fail("it did not sell again within \(limit) after \(name) was healed")
        return nil
    }

    /// Waits until everything is in Postgres, ends the servers, and compares.
    static func judge(_ shop: FaultShop, _ report: inout FaultReport) async throws -> Books {
        try await waitUntilDrained(shop)
        try await verify(shop)
        for server in 0..<shop.serverCount { try await shop.terminate(server) }
        let operations = shop.history.all
        let books = try await Books.read(shop.database)
        let verdict = Promises(operations: operations, books: books, losses: shop.losses).verdict()
        report.operations = operations.count
        report.answered = verdict.answered
        (report.lostAttempts, report.lostRows) = (verdict.lostAttempts, verdict.lostRows)
        report.window = Int(verdict.window / 1000)
        report.violations = shop.failures + verdict.violations
        return books
    }

    /// What the operator's own check says, as soon as there is one.
    private static func verify(_ shop: FaultShop) async throws {
        guard try await BuiltBinary.run(["help", "verify"]).status == 0 else { return }
        let outcome = try await BuiltBinary.run(["verify"] + shop.directAddresses)
        if outcome.status != 0 {
            shop.fail("flashctl verify ended with \(outcome.status): \(outcome.output)\(outcome.talk)")
        }
    }

    private static func waitUntilDrained(_ shop: FaultShop) async throws {
        let deadline = ContinuousClock.now + TestPatience.limit
        var last: BuiltBinary.Outcome?
        while ContinuousClock.now < deadline {
            let outcome = try await BuiltBinary.run(["status", "-o", "json"] + shop.directAddresses)
            if outcome.status == 0, try json(outcome.output, "drained") as? Bool == true { return }
            last = outcome
            try await Task.sleep(for: .milliseconds(100))
        }
        shop.fail("flashctl status does not become drained within \(TestPatience.limit): \(last.map { "\($0)" } ?? "")")
    }

    /// Keeps what a look into the matter needs: the stores' data, and what every client knows.
    private static func preserve(_ shop: FaultShop) async throws {
        let lines = shop.history.all.map { "\($0)" }.joined(separator: "\n")
        try lines.write(toFile: shop.folder + "/history.txt", atomically: true, encoding: .utf8)
        shop.stack.resumeRedis()
        shop.stack.resumePostgres()
        // A store that resists is copied as it is.
        try? await shop.stack.stopRedis()
        try? await shop.stack.stopPostgres()
        let outcome = try await BuiltBinary.program(["/bin/cp", "-a", shop.stack.directory, shop.folder + "/stores"])
        if outcome.status != 0 { Say.talk("the stores could not be kept: \(outcome.talk)") }
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds) * 1000 + Int(duration.components.attoseconds / 1_000_000_000_000_000)
    }
}
