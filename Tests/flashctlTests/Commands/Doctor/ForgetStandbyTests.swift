import FlashSaleKit
import Testing

@testable import flashctl

/// `flashctl doctor --forget-standby`
struct ForgetStandbyTests {
    private static let seen = """
        insert into standbys (name, kind, replayed, lineage)
        select 'room2', 'slot', '0/1', id from lineages order by number desc limit 1
        """

    @Test func whoForgetsAStandbyIsOnRecord() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            _ = try await TestDatabase.rows(ForgetStandbyTests.seen, at: stores.stack.postgresURL)
            let before = try await stores.run(DoctorCommand.self)
            #expect(before.data.contains("Finished sales wait for standby room2, seen "), "\(before.data)")
            let wrong = try await stores.run(DoctorCommand.self, "--forget-standby", "room3", "--reason", "sold")
            #expect(wrong.status == .failure)
            #expect(wrong.failure?.message == "no finished sale waits for a standby 'room3'")
            #expect(wrong.failure?.nextStep == "give one of these: room2")
            let outcome = try await stores.run(DoctorCommand.self, "--forget-standby", "room2", "--reason", "sold")
            #expect(outcome.talk.contains("standby room2 is forgotten"))
            #expect(outcome.data.contains("No finished sale waits for a standby"), "\(outcome.data)")
            let record = "select actor, reason, value from control_log where action = 'forget_standby'"
            let rows = try await TestDatabase.rows(record, at: stores.stack.postgresURL)
            #expect(rows.count == 1)
            let again = try await stores.run(DoctorCommand.self, "--forget-standby", "room2", "--reason", "twice")
            #expect(again.status == .failure)
        }
    }

    @Test(arguments: [
        ["--forget-standby", "room2"], ["--reason", "sold"], ["--forget-standby", "a", "--reason", " "],
    ])
    func aReasonGoesWithIt(arguments: [String]) {
        #expect(throws: (any Error).self) { try DoctorCommand.parse(arguments) }
    }

    @Test func itIsAChangeAndTheChecksAreNone() throws {
        #expect(try DoctorCommand.parse([]).changesSomething == false)
        #expect(try DoctorCommand.parse(["--forget-standby", "a", "--reason", "b"]).changesSomething)
    }
}
