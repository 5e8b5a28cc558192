import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashctl

/// The user of Redis that docs/INSTALL.md makes: everything works with it, and nothing asks for more.
@Suite(.serialized) struct LeastPrivilegeTests {
    private static let password = "least-privilege"

    /// The command of the page, for this server.
    private func command(_ socket: String) throws -> String {
        let page = try DeployFiles.text("docs/INSTALL.md")
        let start = try #require(page.firstRange(of: "redis-cli acl setuser flashctl "))
        let end = try #require(page[start.upperBound...].firstRange(of: "\n```"))
        return String(page[start.lowerBound..<end.lowerBound])
            .replacing("redis-cli acl", with: "redis-cli -s '\(socket)' acl")
            .replacing("PASSWORD", with: LeastPrivilegeTests.password)
    }

    @Test func theDocumentedUserMayDoAllThatIsNeeded() async throws {
        try await CommandStack.with { all in
            let socket = all.stack.redisSocket
            let made = try await BuiltBinary.script(try command(socket))
            #expect(made.output.trimmingCharacters(in: .whitespacesAndNewlines) == "OK", "\(made)")
            let address = "unix://\(socket)?user=flashctl&password=\(LeastPrivilegeTests.password)"
            let stores = CommandStack(stack: all.stack, redisAddress: address)
            _ = try await BuiltBinary.script("redis-cli -s '\(socket)' acl log reset")
            let hourly = try await stores.run(RotateHourCommand.self, "--hourly-stock", "50")
            #expect(hourly.status == .success, "\(hourly)")
            try await ShopServer.serve(stores) { shop in
                _ = try await shop.load(60, runID: "acl")
                try await shop.eventually("select (count(*) > 0)::text from purchases", is: "true")
                try await runCommands(stores)
                _ = try await BuiltBinary.script("redis-cli -s '\(socket)' flushall")
                try await shop.eventually("select (count(completed_at) > 0)::text from recoveries", is: "true")
            }
            let verified = try await stores.run(VerifyCommand.self)
            #expect(verified.status == .success, "\(verified)")
            let log = try await BuiltBinary.script("redis-cli -s '\(socket)' acl log")
            #expect(log.output.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty, "refused: \(log.output)")
            let foreign = try await BuiltBinary.script(
                "redis-cli -s '\(socket)' --user flashctl --pass \(LeastPrivilegeTests.password) get other 2>&1"
            )
            #expect(foreign.output.contains("NOPERM"))
        }
    }

    /// Every command that uses Redis.
    private func runCommands(_ stores: CommandStack) async throws {
        let why = ["--reason", "test"]
        let outcomes = [
            try await stores.run(StatusCommand.self), try await stores.run(VerifyCommand.self),
            try await stores.run(PauseCommand.self, why), try await stores.run(ResumeCommand.self, why),
            try await stores.run(BanCommand.self, ["ann"] + why), try await stores.run(InspectUserCommand.self, "ann"),
            try await stores.run(UnbanCommand.self, ["ann"] + why), try await stores.run(ExplainCommand.self, "1"),
            try await stores.run(LimitCommand.self, ["12"] + why), try await stores.run(ReplayAttemptsCommand.self),
            try await stores.run(ReconcileCommand.self, "--plan"),
        ]
        // Of `ann` and of unit 1 there may be nothing to tell.
        for (index, outcome) in outcomes.enumerated() {
            #expect([.success, .failure].contains(outcome.status), "\(index): \(outcome)")
        }
        let doctor = try await stores.run(DoctorCommand.self)
        #expect([.success, .failure].contains(doctor.status), "\(doctor)")
    }
}
