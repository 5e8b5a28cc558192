import Foundation
import Subprocess

/// The built `flashctl`, run as a process.
package enum BuiltBinary {
    /// How a process ended.
    package struct Outcome: Sendable {
        /// The exit status, or 128 plus the signal that ended it.
        package var status: Int32
        package var output: String
        package var talk: String
    }

    /// Beside the running program.
    package static var path: String {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return program.deletingLastPathComponent().appending(path: "flashctl").path
    }

    /// Runs it with nothing but this environment.
    package static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        try await program([path] + arguments, environment: environment)
    }

    /// Runs a shell script in which `$0` is the binary.
    package static func script(_ script: String, environment: [String: String] = [:]) async throws -> Outcome {
        try await program(["/bin/bash", "-c", script, path], environment: environment)
    }

    /// Runs any program, named by its path.
    package static func program(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        var variables: [Environment.Key: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(.init(arguments[0])),
            arguments: Arguments(Array(arguments.dropFirst())),
            environment: .custom(variables),
            output: .string(limit: 64 << 20),
            error: .string(limit: 1 << 20)
        )
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, output: result.standardOutput, talk: result.standardError)
    }
}
