import Foundation
import Synchronization
import TestSupport
import Testing

@testable import flashctl

/// The live view as it is written.
@Suite(.serialized) struct LoadLiveViewTests {
    private let screen = LoadScreen(
        outlook: LoadOutlook(title: "k6", target: "http://127.0.0.1:8080", model: .open, seconds: 10),
        unicode: true
    )

    private func timeline(_ seconds: Int) -> LoadTimeline {
        var timeline = LoadTimeline()
        for number in 0..<seconds {
            var second = SampleLoad.second(number)
            second.shop = .init(free: 100, held: 50, sold: 30, backlog: 4)
            timeline.add(second)
        }
        return timeline
    }

    @Test func offATerminalEachSecondIsALine() {
        let collected = CollectingSink()
        let view = LoadLiveView(screen, output: collected.environment().talkOutput, measured: { .none })
        view.show(timeline(1))
        view.show(timeline(2))
        view.end()
        view.show(timeline(3))
        let lines = collected.talk.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("0:01  10 %") && lines[1].hasPrefix("0:02  20 %"))
        #expect(!collected.talk.contains("\u{1B}") && collected.data.isEmpty)
    }

    @Test func onATerminalItUsesTheSecondScreenAndGivesItBack() {
        let collected = CollectingSink()
        let terminal = Terminal(isTerminal: true, width: 60, height: 30)
        let output = collected.environment(["NO_COLOR": "1"], talkTerminal: terminal).talkOutput
        let view = LoadLiveView(screen, output: output, measured: { .none })
        view.end()
        #expect(collected.talk.isEmpty, "what was never shown is not taken away")
        let shown = LoadLiveView(screen, output: output, measured: { .none })
        shown.show(timeline(1))
        shown.show(timeline(2))
        shown.end()
        shown.end()
        let text = collected.talk
        #expect(text.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
        #expect(text.hasSuffix(LoadLiveView.leave) && text.hasSuffix("\u{1B}[?1049l\u{1B}[?25h"))
        #expect(text.components(separatedBy: "\u{1B}[?1049l").count == 2, "given back once")
        #expect(text.components(separatedBy: "\u{1B}[?1049h").count == 2, "taken once")
        #expect(collected.data.isEmpty, "the result may be piped")
    }

    /// Real rows and columns, and a terminal in memory that shows what a person would see.
    @Test(arguments: ["frames", "resize"])
    func inAPseudoTerminal(scenario: String) async throws {
        var descriptors: (master: Int32, slave: Int32) = (-1, -1)
        var size = winsize(ws_row: 30, ws_col: 90, ws_xpixel: 0, ws_ypixel: 0)
        try #require(openpty(&descriptors.master, &descriptors.slave, nil, nil, &size) == 0)
        let (master, slave) = descriptors
        defer {
            close(master)
            close(slave)
        }
        let read = Screenful()
        let output = Output(
            format: .table,
            color: false,
            width: nil,
            sink: OutputSink(
                data: { _ in },
                talk: { text in
                    var text = text
                    text.withUTF8 { _ = Glibc.write(slave, $0.baseAddress, $0.count) }
                    read.drain(master)
                }
            ),
            talkTerminal: .of(descriptor: slave),
            talkColor: false
        )
        let view = LoadLiveView(screen, output: output, measured: { .of(descriptor: slave) })
        view.show(timeline(3))
        if scenario == "resize" {
            var small = winsize(ws_row: 8, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0)
            try #require(ioctl(slave, UInt(TIOCSWINSZ), &small) == 0)
            let before = read.bytes.count
            // The signal that a terminal sends when its window changes; nobody else minds it.
            try await eventually("another drawing before the next second") {
                if read.bytes.count == before { kill(getpid(), SIGWINCH) }
                return read.bytes.count > before
            }
        }
        view.show(timeline(4))
        let shown = read.bytes
        view.end()
        let all = read.bytes
        let rows = scenario == "resize" ? (8, 60) : (30, 90)
        let outcome = try await withFolder { folder in
            try shown.write(to: URL(filePath: folder + "/shown"))
            try all.write(to: URL(filePath: folder + "/all"))
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Terminal/loadview.py").path
            return try await BuiltBinary.program(
                ["/usr/bin/python3", script, scenario, folder, String(rows.0), String(rows.1)],
                environment: ["LC_ALL": "C.UTF-8"]
            )
        }
        #expect(outcome.status == 0, "\(outcome.talk)")
    }
}

/// What a pseudo-terminal was sent.
private final class Screenful: Sendable {
    private let data = Mutex(Data())

    var bytes: Data { data.withLock { $0 } }

    /// Reads until nothing more comes; the system hands it over a moment later.
    func drain(_ descriptor: Int32) {
        var patience: Int32 = 2000
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, patience) > 0 else { return }
            var buffer = [UInt8](repeating: 0, count: 8192)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            data.withLock { $0.append(contentsOf: buffer.prefix(count)) }
            patience = 100
        }
    }
}
