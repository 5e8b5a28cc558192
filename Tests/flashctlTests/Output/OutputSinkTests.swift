import Foundation
import Testing

@testable import flashctl

/// The process's own streams, seen from outside.
@Suite(.serialized) struct OutputSinkTests {
    @Test func aFullDiskIsAnErrorWithItsReason() async throws {
        try await ScriptedServer.serving({ _, _ in [.send(response(409))] }) { server in
            let outcome = try await BuiltBinary.script(
                "\"$0\" loadtest --requests 2 --connections 1 --target \(server.target) >/dev/full"
            )
            #expect(outcome.status == 1)
            // The last second is told even of the shortest run.
            #expect(outcome.talk.hasSuffix("\nflashctl: cannot write the output: No space left on device\n"))
        }
    }

    @Test func nobodyOnStandardErrorIsNoProblem() async throws {
        let outcome = try await BuiltBinary.script("\"$0\" loadtest --target nonsense 2>/dev/full; echo $?")
        #expect(outcome.output == "64\n")
        let closed = try await BuiltBinary.script("\"$0\" loadtest --target nonsense 2>&-; echo $?")
        #expect(closed.output == "64\n")
    }

    @Test func aPipeThatIsFullIsWaitedFor() async throws {
        let help = try await BuiltBinary.run(["loadtest", "--help"])
        let slow = try await BuiltBinary.script("\"$0\" loadtest --help | (sleep 0.5; cat)")
        #expect(slow.output == help.output)
    }

    @Test func aPipeHasNoWidthAndNoColours() {
        #expect(Terminal.of(descriptor: -1) == .none)
        let pipe = Pipe()
        #expect(Terminal.of(descriptor: pipe.fileHandleForWriting.fileDescriptor) == .none)
    }

    @Test func aTerminalHasAWidth() async throws {
        // script(1) gives the program a terminal of its own.
        let outcome = try await BuiltBinary.script(
            """
            script -qec "stty cols 50; '$0' loadtest --target nonsense" /dev/null; true
            """,
            environment: ["TERM": "xterm"]
        )
        #expect(outcome.output.contains("\u{1B}[31mflashctl: \u{1B}[0mthe target `nonsense` is no URL"))
        let plain = try await BuiltBinary.script(
            """
            script -qec "'$0' loadtest --target nonsense" /dev/null; true
            """,
            environment: ["TERM": "xterm", "NO_COLOR": "1"]
        )
        #expect(plain.output.contains("flashctl: the target"))
        #expect(!plain.output.contains("\u{1B}["))
    }
}
