import FlashSaleKit
import Testing

@testable import flashctl

/// The prompt, and what is offered behind it.
struct ShellPromptTests {
    private func prompt(after seconds: Int64, _ change: (inout ShellPrompt.Standing) -> Void = { _ in }) throws
        -> String
    {
        let opens = Timestamp(seconds: 1_795_467_600)
        var standing = ShellPrompt.Standing(
            sale: try #require(SaleID(7)),
            opensAt: opens,
            closesAt: opens.adding(milliseconds: 3_600_000),
            stock: 10_000,
            sold: 7312,
            checkoutPaused: false,
            purchasePaused: false,
            now: opens.adding(milliseconds: seconds * 1000)
        )
        change(&standing)
        return ShellPrompt(standing: standing).text
    }

    @Test func itSaysWhereTheSaleStands() throws {
        #expect(try prompt(after: 2839) == "flash[2026-11-23T21 sold 7312/10000 12:41]> ")
        #expect(try prompt(after: 3600) == "flash[2026-11-23T21 sold 7312/10000 closed]> ")
        #expect(try prompt(after: -90) == "flash[2026-11-23T21 sold 7312/10000 opens in 01:30]> ")
        #expect(try prompt(after: 0) == "flash[2026-11-23T21 sold 7312/10000 1:00:00]> ")
        #expect(try prompt(after: 2839) { $0.checkoutPaused = true }.hasSuffix("12:41 paused]> "))
        #expect(try prompt(after: 2839) { $0.purchasePaused = true }.hasSuffix("12:41 purchases paused]> "))
        let both = try prompt(after: 2839) {
            $0.checkoutPaused = true
            $0.purchasePaused = true
        }
        #expect(both.hasSuffix("12:41 all paused]> "))
    }

    @Test func itSaysWhatIsAway() {
        #expect(ShellPrompt().text == "flash[...]> ")
        #expect(ShellPrompt(hasNoSale: true).text == "flash[no sale]> ")
        #expect(ShellPrompt(missing: ["redis"]).text == "flash[!redis]> ")
        #expect(ShellPrompt(alarms: ["ledger_lag"], hasNoSale: true).text == "flash[!ledger_lag no sale]> ")
        #expect(
            ShellPrompt(host: "db.example", missing: ["redis", "postgres"]).text
                == "flash[!redis,postgres db.example]> "
        )
    }

    @Test func commandsOptionsValuesSalesAndUsersAreOffered() {
        let assistant = ShellAssistant()
        assistant.learn(.init(sales: ["12", "13"], users: ["alice", "albert"]))
        func offered(_ line: String) -> [String] {
            let word = line.split(separator: " ", omittingEmptySubsequences: false).last.map(String.init) ?? ""
            return assistant.candidates(line: line, word: word)
        }
        #expect(offered("stat") == ["status"])
        #expect(offered("us") == ["user"])
        #expect(offered("status --sale 1") == ["12", "13"])
        #expect(offered("status --sale ") == ["12", "13", "all", "current"])
        #expect(offered("status -o j") == ["json"])
        #expect(offered("status --fa") == ["--fast"])
        #expect(offered("inspect-user al") == ["albert", "alice"])
        #expect(offered("user al") == ["albert", "alice"])
        #expect(offered("\\ti") == ["\\timing"])
        #expect(offered("\\x ") == ["auto", "off", "on"])
        #expect(offered("help exit") == ["exit-codes"])
        #expect(offered("nonsense ") == [])
        #expect(offered("sale 1") == ["12", "13"])
        #expect(offered("status --sale=1") == ["--sale=12", "--sale=13"])
        #expect(offered("config sh") == ["show"])
        #expect(offered("config show --ori") == ["--origin"])
        #expect(offered("\\watch 2 status --sale 1") == ["12", "13"])
        #expect(offered("\\watch stoc") == ["stock"])
        #expect(offered("flashctl stat") == ["status"])
        #expect(offered("flashctl status --fa") == ["--fast"])
        #expect(offered("code ") == [])
        #expect(offered("attempts sold") == ["sold_out"])
        #expect(offered("ledger --sale 1") == ["12", "13"])
        #expect(offered("redis xr") == ["xrange", "xrevrange"])
        #expect(EditingThread.commonPrefix(["--sale", "--sales"]) == "--sale")
        #expect(EditingThread.commonPrefix(["a", "b"]) == "")
    }

    @Test func theNextArgumentIsHinted() {
        let assistant = ShellAssistant()
        #expect(assistant.hint(line: "user ") == "USER")
        #expect(assistant.hint(line: "inspect-user ") == "USER")
        #expect(assistant.hint(line: "status --sale ") == "SALE")
        #expect(assistant.hint(line: "status -o ") == "table|json|yaml|ndjson")
        #expect(assistant.hint(line: "\\watch ") == "[SECONDS] [COMMAND]")
        #expect(assistant.hint(line: "help ") == "COMMAND|TOPIC")
        #expect(assistant.hint(line: "config ") == "show")
        #expect(assistant.hint(line: "status") == nil)
        #expect(assistant.hint(line: "nonsense ") == nil)
    }
}
