import FlashSaleKit
import Synchronization
import TestSupport
import Testing

@testable import flashctl

private struct Numbered: Report {
    var number: Int
    var data: DataValue { .fields(["number": .integer(number)]) }
    var sections: [ReportSection] { [.paragraph("report \(number)\nof some")] }
}

@Suite(.serialized) struct WatchTests {
    private let collected = CollectingSink()

    /// Shows three reports; the ones in `failing` fail.
    private func watch(
        _ format: Output.Format,
        terminal: Terminal = .none,
        failing: [Int: CommandFailure] = [:]
    ) async throws {
        let environment = collected.environment(dataTerminal: terminal)
        let output = environment.output(format, color: .never)
        let watch = Watch(interval: .milliseconds(5), turns: 3)
        let counter = Mutex(0)
        try await watch.run(in: environment, output) {
            let number = counter.withLock { count in
                count += 1
                return count
            }
            if let failure = failing[number] { throw failure }
            return Numbered(number: number)
        }
    }

    @Test func offATerminalReportsFollowEachOther() async throws {
        try await watch(.ndjson)
        #expect(collected.data == "{\"number\":1}\n{\"number\":2}\n{\"number\":3}\n")
    }

    @Test func onATerminalTheyAreDrawnInPlace() async throws {
        try await watch(.table, terminal: Terminal(isTerminal: true, width: 40))
        #expect(collected.data.contains("report 1"))
        #expect(collected.data.contains("report 3"))
        #expect(collected.data.contains("\u{1B}[H"))
        let piped = CollectingSink()
        #expect(!piped.data.contains("\u{1B}"))
    }

    @Test func aReportThatFailsIsToldAndTheNextOneIsTried() async throws {
        let failure = CommandFailure(.unreachable, "Redis is away", nextStep: "wait")
        try await watch(.ndjson, failing: [2: failure])
        #expect(collected.data == "{\"number\":1}\n{\"number\":3}\n")
        #expect(collected.talk.contains("Redis is away"))
    }

    @Test func wrongUsageEndsItAtOnce() async throws {
        let failure = CommandFailure(.usage, "no such sale")
        await #expect(throws: failure) { try await watch(.ndjson, failing: [1: failure]) }
        #expect(collected.data.isEmpty)
    }

    @Test func ctrlCEndsItQuietlyWith130() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            try await stores.withPostgres { postgres in
                _ = try await postgres.query(
                    """
                    insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
                    values (1, 1, 2, 0, now(), 7, 'S', 'anna')
                    """
                )
            }
            let addresses = stores.addresses.map { "'\($0)'" }.joined(separator: " ")
            let outcome = try await BuiltBinary.script(
                """
                lines=$(mktemp)
                "$0" inspect-user anna --watch=0.2 -o ndjson \(addresses) > "$lines" &
                pid=$!
                until [ "$(wc -l < "$lines")" -ge 2 ] || ! kill -0 $pid; do sleep 0.1; done
                kill -INT $pid
                wait $pid
                status=$?
                cat "$lines"
                rm "$lines"
                exit $status
                """
            )
            #expect(outcome.status == 130, "\(outcome)")
            #expect(outcome.talk.isEmpty)
            #expect(outcome.output.split(separator: "\n").count >= 2)
        }
    }
}
