import Foundation
import Testing

@testable import flashctl

/// `status --watch` as a process: off a terminal, and on a real one.
@Suite(.serialized) struct StatusWatchTests {
    /// Runs a script in which `$0` is the binary and `$stores` are the options that name the stores.
    private func script(_ stores: CommandStack, _ text: String) async throws -> BuiltBinary.Outcome {
        let options = "stores=(--redis '\(stores.stack.redisURL)' --postgres '\(stores.stack.postgresURL)')\n"
        return try await BuiltBinary.script(
            options + text,
            environment: ["TERM": "xterm", "LANG": "C", "NO_COLOR": "1"]
        )
    }

    @Test func optionsAreUnderstood() throws {
        #expect(try StatusCommand.parse(["--watch"]).watch == .usual)
        #expect(try StatusCommand.parse(["--watch", "--sale", "12"]).watch == .usual)
        #expect(try StatusCommand.parse(["--watch=0.5"]).watch?.seconds == 0.5)
        #expect(try StatusCommand.parse(["--watch", "5", "--fast"]).watch?.seconds == 5)
        #expect(try StatusCommand.parse([]).watch == nil)
        #expect(try StatusCommand.parse(["--sale", "current"]).sale == .current)
        for wrong in [["--watch=0"], ["--watch=x"], ["--watch", "x"], ["--sale", "all"], ["--fast", "--records"]] {
            #expect(throws: (any Error).self) { try StatusCommand.parse(wrong) }
        }
    }

    @Test func offATerminalItWritesOneLineALookUntilNobodyReads() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self, "--hourly-stock", "1200")
            let lines = try await script(
                stores,
                """
                set -o pipefail
                "$0" status --watch=0.1 "${stores[@]}" | head -n 3
                echo "status ${PIPESTATUS[0]}"
                """
            )
            #expect(lines.talk.isEmpty, "\(lines.talk)")
            let all = lines.output.split(separator: "\n")
            #expect(all.count == 4 && all.last == "status 141", "\(lines.output)")
            for line in all.dropLast() {
                #expect(line.contains("selling") && line.contains("free 1,200, held 0, sold 0 of 1,200"))
                #expect(line.contains("no forecast: no attempt was made in the last minute"))
                #expect(!line.contains("\u{1B}"))
            }
            let records = try await script(stores, #""$0" status --watch=0.1 -o ndjson "${stores[@]}" | head -n 2"#)
            for line in records.output.split(separator: "\n") {
                #expect(try json(String(line), "redis", "free") as? Int == 1200)
                #expect(try json(String(line), "postgres") is NSNull, "millions are not counted each time")
            }
            let counted = try await script(
                stores,
                #""$0" status --watch=0.1 --records -o ndjson "${stores[@]}" | head -n 1"#
            )
            #expect(try json(counted.output, "postgres", "attempts") as? Int == 0)
        }
    }

    /// Each of the signals ends it with its own status, silently.
    @Test(arguments: [("INT", 130), ("TERM", 143)] as [(String, Int32)])
    func aSignalEndsIt(signal: String, status: Int32) async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let outcome = try await script(
                stores,
                """
                out=$(mktemp)
                "$0" status --watch=0.1 "${stores[@]}" >"$out" &
                pid=$!
                for i in $(seq 1200); do (( $(wc -l <"$out") > 1 )) && break; sleep 0.1; done
                kill -\(signal) $pid
                wait $pid && status=0 || status=$?
                rm "$out"
                exit $status
                """
            )
            #expect(outcome.status == status)
            #expect(outcome.talk.isEmpty, "\(outcome.talk)")
        }
    }

    @Test func aStoreThatGoesAwayIsShownAndItGoesOn() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self, "--hourly-stock", "1200")
            try await withFolder { folder in
                let out = folder + "/out"
                let words = (["status", "--watch=0.1"] + stores.addresses).map { "'\($0)'" }.joined(separator: " ")
                let running = Task {
                    try await BuiltBinary.script("echo $$ >'\(folder)/pid'; exec \"$0\" \(words) >'\(out)'")
                }
                try await StatusWatchTests.wait(for: "selling", in: out, moreThan: 0)
                try await stores.stack.stopRedis()
                try await StatusWatchTests.wait(for: "Redis does not answer", in: out, moreThan: 0)
                try await stores.stack.startRedis()
                try await StatusWatchTests.wait(for: "selling", in: out)
                try await stores.stack.stopPostgres()
                // The sale of the last look is known, so Redis can be asked about it.
                let half =
                    "Postgres does not answer: the schedule and the records are not known; Postgres cannot be asked: "
                try await StatusWatchTests.wait(for: half, in: out, moreThan: 0)
                let known = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
                    .first { $0.contains(half) }
                #expect(known?.contains("; free 1,200, held 0") == true, "\(known ?? "")")
                try await stores.stack.startPostgres()
                try await StatusWatchTests.wait(for: "selling", in: out)
                kill(try ProcessTable.pid(inFile: folder + "/pid"), SIGINT)
                #expect(try await running.value.status == 130)
            }
        }
    }

    private static func lines(with words: String, in file: String) -> Int {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0.contains(words) }
    }

    /// Waits for a line that was not there yet.
    private static func wait(for words: String, in file: String, moreThan count: Int? = nil) async throws {
        let before = count ?? lines(with: words, in: file)
        try await eventually("a line with `\(words)`") { lines(with: words, in: file) > before }
    }

    /// `script` of Debian's essential bsdutils gives it a terminal of its own; Ctrl-C is typed into that.
    @Test func onATerminalItRedrawsAndCtrlCGivesTheCursorBack() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self, "--hourly-stock", "1200")
            let outcome = try await script(
                stores,
                """
                folder=$(mktemp -d)
                mkfifo "$folder/keys"
                # "status" says with what it has ended.
                printf '%q ' "$0" status --watch=0.1 "${stores[@]}" >"$folder/command"
                script -qec "stty cols 60 rows 12; $(cat "$folder/command"); echo ended \\$?" "$folder/screen" \\
                    <"$folder/keys" >/dev/null &
                exec 3>"$folder/keys"
                for i in $(seq 1200); do (( $(grep -c 'Ctrl-C ends' "$folder/screen") > 2 )) && break; sleep 0.1; done
                printf '\\003' >&3
                wait
                exec 3>&-
                cat "$folder/screen"
                rm -r "$folder"
                """
            )
            let screen = outcome.output.replacing("\r\n", with: "\n")
            #expect(screen.contains("\u{1B}[?25l\u{1B}[H\u{1B}[2J"), "\(outcome)")
            #expect(screen.contains("\u{1B}[?7h\u{1B}[?25h"))
            #expect(screen.contains("ended 130"))
            #expect(screen.contains("[" + String(repeating: ".", count: 58) + "]"))
            let frames = screen.split(separator: "\u{1B}[?7l\u{1B}[H").dropFirst()
            #expect(frames.count > 2)
            for frame in frames {
                let drawn = frame.split(separator: "\u{1B}[J")[0]
                #expect(drawn.count { $0 == "\n" } <= 11, "\(drawn)")
            }
        }
    }
}
