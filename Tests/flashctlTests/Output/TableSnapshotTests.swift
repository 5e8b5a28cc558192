import FlashSaleKit
import TestSupport
import Testing

@testable import flashctl

/// Tables of real sales on a terminal of 80 columns; what differs from run to run is replaced by something as wide.
@Suite(.serialized) struct TableSnapshotTests {
    private func steady(_ text: String) -> String {
        text.replacing(#/[0-9a-f]{32}/#, with: String(repeating: "0f", count: 16))
            .replacing(#/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z/#, with: "2026-11-27T14:00:00.000Z")
            .replacing(#/[0-9]m[0-9]+s/#, with: "4m30s")
    }

    private func expect(_ outcome: CommandStack.Outcome, _ name: String) throws {
        #expect(outcome.status == .success, "\(outcome)")
        let text = outcome.data
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= 80 }, "\(text)")
        try Snapshot.expect(steady(text), in: "Tests/Snapshots/tables/\(name)-80.txt")
    }

    @Test func aUser() async throws {
        try await ShopServer.with(stock: 20, limit: 3) { shop in
            _ = try await shop.buyer()
            // What is in the journal for a moment is told from there.
            try await shop.eventually("select count(*) from attempts", is: "2")
            try await shop.eventually("select count(*) from ledger where kind in ('held', 'purchased')", is: "3")
            func inspect(_ width: Int) async throws -> CommandStack.Outcome {
                try await shop.stores.run(InspectUserCommand.self, ["anna", "--color", "never"], width: width)
            }
            let outcome = try await inspect(80)
            let ids = outcome.data.matches(of: #/\b[0-9a-f]{32}\b/#).count
            #expect(ids == 2, "an id is cut: \(outcome.data)")
            try expect(outcome, "inspect-user")
            // Too narrow for a table of ids: blocks, in which they are whole as well.
            let narrow = try await inspect(60).data
            #expect(narrow.contains("-[ 1 ]"), "\(narrow)")
            #expect(narrow.matches(of: #/\b[0-9a-f]{32}\b/#).count == 2, "\(narrow)")
            #expect(narrow.contains(#/until *\| [0-9T:.-]{23}Z/#), "\(narrow)")
            let told = try await shop.stores.run(ExplainCommand.self, ["anna", "--color", "never"], width: 80)
            #expect(told.data.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= 80 }, "\(told.data)")
            #expect(!told.data.contains("…"), "\(told.data)")
        }
    }

    @Test func aVerification() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.seed("--stock", "50")
            try expect(try await stores.run(VerifyCommand.self, ["--color", "never"], width: 80), "verify")
        }
    }

    @Test func theHeadingOfTheFilesIsWrapped() async throws {
        try await CommandStack.with(migrated: false) { stores in
            let outcome = try await stores.run(ConfigShowCommand.self, ["--origin", "--color", "never"], width: 60)
            #expect(outcome.data.contains("Files, the first that has a setting counts; above them the\n"))
        }
    }
}
