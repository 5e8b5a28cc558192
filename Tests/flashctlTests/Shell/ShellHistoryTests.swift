import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// The lines that are kept, and those that must not be.
struct ShellHistoryTests {
    @Test(arguments: [
        "status", "user alice", "sql select 1", "connect --redis redis://host:6379", "ban a --reason 'x@y'",
    ])
    func plainLinesAreKept(line: String) {
        #expect(ShellHistory.mayKeep(line))
    }

    @Test func codesSecretsAndPrivateLinesAreNot() throws {
        let code = HoldCode(saleID: try #require(SaleID(7)), high: 1, low: 2).description
        for line in [
            "", " status", "code \(code)", "code \(code.lowercased())", "explain '\(code)'",
            "\\connect --redis redis://me:secret@host", "\\connect --postgres=postgres://u:p@db/x",
            "sql select 'password'", "a\nb", "code \(code);", "\\! true 'http://h/purchase?code=\(code)&x=1'",
            "redis auth hunter2", "run --token=abcdef123", "redis config set requirepass X",
        ] {
            #expect(!ShellHistory.mayKeep(line), "\(line)")
        }
    }

    @Test func theFileIsClosedToOthersAndShared() async throws {
        try await withFolder { folder in
            let path = folder + "/deep/history"
            let history = ShellHistory(path: path)
            #expect(history.read().isEmpty)
            // Many shells at once: every line arrives whole.
            await withTaskGroup(of: Void.self) { tasks in
                for shell in 0..<8 {
                    tasks.addTask {
                        for number in 0..<50 { try? ShellHistory(path: path).append("status --sale \(shell)\(number)") }
                    }
                }
            }
            let lines = history.read()
            #expect(lines.count == 400)
            #expect(Set(lines).count == 400)
            #expect(lines.allSatisfy { $0.hasPrefix("status --sale ") })
            let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(rights == 0o600)
        }
    }

    @Test func theOldestLinesGo() async throws {
        try await withFolder { folder in
            let history = ShellHistory(path: folder + "/history")
            let many = (0..<11_000).map { "status \($0)" }.joined(separator: "\n") + "\n"
            try write(many, to: history.path)
            try history.append("verify")
            let lines = history.read()
            #expect(lines.count == ShellHistory.most)
            #expect(lines.last == "verify")
            let kept = try String(contentsOfFile: history.path, encoding: .utf8).split(separator: "\n")
            #expect(kept.count == ShellHistory.most)
        }
    }

    @Test func itLiesWhereTheStateOfAPersonLies() {
        #expect(ShellHistory.path(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/flashctl/history")
        #expect(ShellHistory.path(["XDG_STATE_HOME": "relative", "HOME": "/h"]) == "/h/.local/state/flashctl/history")
        #expect(ShellHistory.path([:]) == nil)
    }
}
