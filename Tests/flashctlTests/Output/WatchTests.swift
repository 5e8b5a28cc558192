import Synchronization
import Testing

@testable import flashctl

private struct Sample: Report, Sendable {
    var number: Int
    var data: DataValue { .fields(["number": .integer(number)]) }
    var sections: [ReportSection] { [.paragraph("number \(number)")] }
    var line: String? { "line \(number)" }
}

private struct Plain: Report, Sendable {
    var data: DataValue { .null }
    var sections: [ReportSection] { [.paragraph("whole")] }
}

/// Finds nothing, which is wrong.
private struct Nothing: Report, Sendable {
    var data: DataValue { .list([]) }
    var sections: [ReportSection] { [] }
    var failure: CommandFailure? { CommandFailure(.failure, "nobody knows anna", nextStep: "check the spelling") }
}

/// The same report again and again.
@Suite(.serialized) struct WatchTests {
    private let watch = Watch(interval: .milliseconds(1), turns: 3)
    private let away = CommandFailure(.unreachable, "Redis is away", nextStep: "start it")

    /// Runs with reports from these, one a turn.
    private func run(
        _ reports: [Result<Sample, CommandFailure>],
        _ format: Output.Format = .table,
        terminal: Terminal = .none,
        later: Terminal? = nil
    ) async throws -> (data: String, talk: String) {
        let collected = CollectingSink()
        var environment = collected.environment(dataTerminal: terminal)
        if let later { environment.measuredAgain = { later } }
        let rest = Mutex(reports[...])
        let watch = Watch(interval: .milliseconds(1), turns: reports.count)
        do {
            try await watch.run(in: environment, environment.output(format, color: .never)) {
                try #require(rest.withLock { $0.popFirst() }).get()
            }
        } catch {
            // What was written until then is looked at, too.
            guard let failure = error as? CommandFailure else { throw error }
            return (collected.data, "thrown: \(failure.message)\n")
        }
        return (collected.data, collected.talk)
    }

    private let three: [Result<Sample, CommandFailure>] = (1...3).map { .success(Sample(number: $0)) }

    @Test func offATerminalEachTurnIsALine() async throws {
        #expect(try await run(three).data == "line 1\nline 2\nline 3\n")
        #expect(try await run(three, .ndjson).data == "{\"number\":1}\n{\"number\":2}\n{\"number\":3}\n")
        #expect(try await run(three, .yaml).data.hasPrefix("---\nnumber: 1\n---\n"))
        #expect(try await run(three, .json).data.hasPrefix("{\n  \"number\": 1\n}\n{"))
    }

    @Test func aReportWithoutALineIsWrittenWhole() async throws {
        let collected = CollectingSink()
        let environment = collected.environment()
        try await Watch(interval: .milliseconds(1), turns: 2).run(in: environment, environment.talkOutput) { Plain() }
        #expect(collected.data == "whole\nwhole\n")
    }

    /// An empty window for ever would say nothing.
    @Test func whatIsWrongWithAReportIsSaidEachTime() async throws {
        let collected = CollectingSink()
        let environment = collected.environment()
        let line = "flashctl: nobody knows anna; next step: check the spelling\n"
        try await Watch(interval: .milliseconds(1), turns: 2).run(in: environment, environment.talkOutput) { Nothing() }
        #expect(collected.data.isEmpty)
        #expect(collected.talk == line + line)
        let records = environment.output(.ndjson, color: .never)
        try await Watch(interval: .milliseconds(1), turns: 1).run(in: environment, records) { Nothing() }
        #expect(collected.talk == line + line + line)
        let window = CollectingSink()
        let screen = window.environment(dataTerminal: Terminal(isTerminal: true, width: 40, height: 10))
        let output = screen.output(.table, color: .never)
        try await Watch(interval: .milliseconds(1), turns: 2).run(in: screen, output) { Nothing() }
        let frames = window.data.split(separator: "\u{1B}[?7l").dropFirst()
        #expect(frames.count == 2)
        #expect(frames.allSatisfy { $0.contains("nobody knows anna") && !$0.contains("Before that") }, "\(frames)")
    }

    @Test func aStoreThatGoesAwayIsToldAndItGoesOn() async throws {
        let result = try await run([three[0], .failure(away), three[2]])
        #expect(result.data == "line 1\nline 3\n")
        #expect(result.talk == "flashctl: Redis is away; next step: start it\n")
        // A store may also be away at first.
        #expect(try await run([.failure(away), three[1]]).data == "line 2\n")
    }

    @Test func whatIsWrongAtFirstStaysWrong() async throws {
        let result = try await run([.failure(CommandFailure(.failure, "there is no sale 9")), three[1]])
        #expect(result.data.isEmpty && result.talk == "thrown: there is no sale 9\n")
        let later = try await run([three[0], .failure(CommandFailure(.failure, "gone")), three[2]])
        #expect(later.data == "line 1\nline 3\n" && later.talk == "flashctl: gone\n")
    }

    @Test func onATerminalTheReportIsRedrawnInPlace() async throws {
        let terminal = Terminal(isTerminal: true, width: 40, height: 10)
        let data = try await run(three, terminal: terminal).data
        #expect(data.hasPrefix("\u{1B}[?25l\u{1B}[H\u{1B}[2J"))
        #expect(data.hasSuffix("\u{1B}[?7h\u{1B}[?25h"))
        #expect(data.contains("\u{1B}[?7l\u{1B}[Hnumber 2\u{1B}[K\n"))
        #expect(data.contains("Ctrl-C ends\u{1B}[K\n\u{1B}[J"))
        #expect(!data.contains("line"))
        // A program that reads is not a person, wherever it sits.
        #expect(try await run(three, .ndjson, terminal: terminal).data.hasPrefix("{\"number\":1}\n{"))
    }

    @Test func anErrorOnATerminalStandsAboveTheLastReport() async throws {
        let terminal = Terminal(isTerminal: true, width: 60, height: 20)
        let data = try await run([three[0], .failure(away)], terminal: terminal).data
        let frame = try #require(data.split(separator: "\u{1B}[?7l").last)
        #expect(frame.contains("Redis is away\u{1B}[K\nnext step: start it\u{1B}[K\n"))
        #expect(frame.contains("Before that:\u{1B}[K\n\u{1B}[K\nnumber 1\u{1B}[K\n"))
        // A first report that fails for good leaves the window as it was.
        let first = try await run([.failure(CommandFailure(.usage, "no"))], terminal: terminal)
        #expect(!first.data.contains("2J") && first.data.hasSuffix("\u{1B}[?25h"))
    }

    @Test func aResizedWindowCounts() async throws {
        let small = Terminal(isTerminal: true, width: 20, height: 3)
        let data = try await run(three, terminal: Terminal(isTerminal: true, width: 80, height: 24), later: small).data
        let frame = try #require(data.split(separator: "\u{1B}[?7l").last)
        #expect(frame.count { $0 == "\n" } == 2)
    }

    @Test(arguments: [2, 3, 5, 24, 51, 200])
    func aFrameNeverScrolls(height: Int) {
        let text = (1...50).map { "line \($0)\n" }.joined()
        let frame = WatchScreen.frame(
            text,
            footer: "end",
            terminal: Terminal(isTerminal: true, width: 80, height: height)
        )
        // One line at least, and the footer.
        #expect(frame.count { $0 == "\n" } <= max(2, height - 1))
        #expect(frame.contains("not fit the window") == (height < 52))
        #expect(frame.contains("line 1\u{1B}[K"))
        #expect(!frame.contains("1 more lines"))
    }

    @Test func aTerminalThatDoesNotSayItsHeightHas24Rows() {
        let text = String(repeating: "x\n", count: 100)
        let frame = WatchScreen.frame(text, footer: "end", terminal: Terminal(isTerminal: true, width: 80))
        #expect(frame.count { $0 == "\n" } == 23)
    }

    @Test func intervalsAreReadAndWritten() {
        #expect(Watch.text(.seconds(2)) == "2 s" && Watch.text(.milliseconds(500)) == "0.5 s")
        #expect(WatchInterval(argument: "0.5")?.duration == .milliseconds(500))
        for text in ["0", "-1", "x", "", "3601", "nan", "inf"] {
            #expect(WatchInterval(argument: text)?.isUsable == false, "\(text)")
        }
        #expect(WatchInterval.usual.description == "2" && WatchInterval(seconds: 0.5).description == "0.5")
    }

    @Test func nobodyReadingEndsIt() async throws {
        let closed = OutputSink(data: { _ in throw OutputClosed() }, talk: { _ in })
        var environment = CollectingSink().environment()
        environment.sink = closed
        let output = environment.output(.table, color: .never)
        await #expect(throws: OutputClosed.self) {
            try await Watch(interval: .milliseconds(1)).run(in: environment, output) { Sample(number: 1) }
        }
    }
}
