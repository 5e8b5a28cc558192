import Foundation
import Testing

@testable import flashctl

/// The files with which flashctl is installed.
@Suite struct DeployFileTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ file: String) throws -> String {
        try String(contentsOf: DeployFileTests.root.appending(path: file), encoding: .utf8)
    }

    /// The values of a directive of a unit, in their order.
    private func values(_ name: String, in unit: String) throws -> [String] {
        try text("deploy/systemd/" + unit).split(separator: "\n").filter { $0.hasPrefix(name + "=") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    /// Runs a script at the root of the repository.
    private func run(_ script: String) async throws -> BuiltBinary.Outcome {
        try await BuiltBinary.script("cd '\(DeployFileTests.root.path)' && " + script)
    }

    @Test("the tools for each kind of file find nothing")
    func lint() async throws {
        let outcome = try await run("scripts/lint-deploy.sh")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.talk)")
        for name in ["hadolint", "compose.yaml", "shellcheck", "systemd-analyze verify"] {
            #expect(outcome.output.contains("ok: \(name)\n"))
        }
    }

    @Test("the image has every library that the program loads")
    func libraries() async throws {
        // Those of the Swift runtime are inside of a release build.
        let outcome = try await run(
            """
            ldd "$0" | grep -v '/swift/' | sed -n 's/.* => \\([^ ]*\\) .*/\\1/p' | xargs -r realpath \
                | sed 's|^/lib/|/usr/lib/|' | sort -u | while read -r library; do
                dpkg-query --search "$library" 2>/dev/null || dpkg-query --search "${library#/usr}"
            done | sed 's/:.*//' | sort -u
            """
        )
        let needed = Set(outcome.output.split(separator: "\n").map(String.init))
        #expect(needed.isSuperset(of: ["libhiredis0.14", "libpq5", "libreadline8", "libc6"]), "\(outcome)")
        let dockerfile = try text("Dockerfile")
        let stage = try #require(dockerfile.components(separatedBy: "\nFROM ").last)
        let list = try #require(stage.components(separatedBy: "--no-install-recommends \\\n").last)
        let named = list.prefix { $0 != "&" }.split(whereSeparator: { " \\\n".contains($0) }).map(String.init)
        #expect(named.contains("ca-certificates"))
        // What a package needs comes with it.
        let closure = try await run(
            "apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces "
                + "--no-enhances --important \(named.joined(separator: " ")) | grep -v '^ ' | sort -u"
        )
        let installed = Set(closure.output.split(separator: "\n").map(String.init))
        // Of every Debian.
        #expect(needed.subtracting(installed).subtracting(["libc6", "libgcc-s1"]) == [])
        for package in named where package != "ca-certificates" {
            #expect(needed.contains(package), "\(package) is in the image and not needed")
        }
    }

    @Test("the units give the server the time that it takes, and restart it unless somebody has to correct something")
    func serveUnit() throws {
        let unit = "flashctl-serve.service"
        #expect(try values("Type", in: unit) == ["notify"])
        let stop = try #require(try values("TimeoutStopSec", in: unit).first?.dropLast())
        // Shutdown delay, requests in flight, and the journal: see Limits.
        #expect(try values("Environment", in: unit).contains("FLASHCTL_SHUTDOWN_DELAY=5s"))
        #expect(try text("Dockerfile").contains(" FLASHCTL_SHUTDOWN_DELAY=5s\n"))
        #expect(try #require(Int(stop)) >= 5 + 10 + 30)
        let fatal = try values("RestartPreventExitStatus", in: unit).flatMap { $0.split(separator: " ") }
        let expected: [Status] = [.usage, .notAuthorised, .badConfiguration]
        #expect(fatal.compactMap { Int32($0) } == expected.map(\.rawValue))
        let files = try #require(try values("LimitNOFILE", in: unit).first.flatMap { Int($0) })
        #expect(files >= 65_536 + 256)
        #expect(try values("ExecReload", in: unit) == [])
    }

    @Test("both services read the settings of the package, as the same user, and have the same bounds")
    func bothUnits() throws {
        let services = ["flashctl-serve.service", "flashctl-rotate.service"]
        for name in ["User", "Group", "EnvironmentFile", "CapabilityBoundingSet", "ProtectSystem", "SystemCallFilter"] {
            let both = try services.map { try values(name, in: $0) }
            #expect(both[0] == both[1] && !both[0].isEmpty, "\(name)")
        }
        for service in services {
            for command in try values("ExecStart", in: service) {
                let arguments = command.split(separator: " ").dropFirst().map(String.init)
                #expect(throws: Never.self, "\(command)") { try Flashctl.parseAsRoot(arguments) }
            }
        }
        let timer = "flashctl-rotate.timer"
        #expect(try values("AccuracySec", in: timer) == ["1s"])
        #expect(try values("Persistent", in: timer) == ["true"])
    }

    @Test("every setting that the package's file names exists")
    func environmentFile() throws {
        let lines = try text("deploy/debian/environment").split(separator: "\n")
        // Nothing is set: the administrator decides.
        #expect(lines.allSatisfy { $0.hasPrefix("#") })
        let names = lines.compactMap { $0.firstMatch(of: /^#([A-Z_]+)=/).map { String($0.1) } }
        #expect(names.count >= 8)
        #expect(Set(names).isSubset(of: SettingNames.all))
    }

    @Test("what compose.yaml sets exists, and only the public port is published")
    func compose() async throws {
        let outcome = try await run("docker-compose --file compose.yaml config")
        #expect(outcome.status == 0, "\(outcome.talk)")
        let published = outcome.output.split(separator: "\n").filter { $0.contains("published:") }
        #expect(published.map { $0.drop { $0 == " " || $0 == "-" } } == ["published: 8080"])
        #expect(outcome.output.contains("- noeviction"))
        #expect(outcome.output.contains("- --appendonly\n    - \"yes\""))
        let names = outcome.output.matches(of: /\n {6}([A-Z_]+):/).map { String($0.1) }
        let ours = Set(names).filter { !$0.hasPrefix("POSTGRES_") && !$0.hasPrefix("PG") && $0 != "REVISION" }
        #expect(ours.isSubset(of: SettingNames.all) && ours.contains("REDIS_URL"), "\(ours)")
    }

    @Test("the commands of the page are commands, and its targets of make exist")
    func page() throws {
        let page = try text("docs/INSTALL.md")
        let commands = page.matches(
            of: /(?:as_flashctl|exec serve|^) ?flashctl ([a-z][a-z -]+)$/.anchorsMatchLineEndings()
        )
        .map { String($0.1) }
        #expect(Set(commands).isSuperset(of: ["migrate", "rotate-hour", "doctor", "status"]))
        for command in commands {
            #expect(throws: Never.self, "\(command)") {
                try Flashctl.parseAsRoot(command.split(separator: " ").map(String.init))
            }
        }
        let makefile = try text("Makefile")
        let targets = Set(page.matches(of: /make ([a-z]+(?:-[a-z]+)*)/).map { String($0.1) })
        #expect(targets.isSuperset(of: ["build", "install", "uninstall", "deb", "deb-test", "container-test"]))
        for target in targets { #expect(makefile.contains("\n\(target):"), "make \(target)") }
    }

    @Test("make install puts everything where it belongs, and make uninstall leaves nothing")
    func install() async throws {
        let name = "flashctl-install-\(UUID().uuidString)"
        let folder = FileManager.default.temporaryDirectory.appending(path: name).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let variables = "BINARY='\(BuiltBinary.path)' DESTDIR='\(folder)' PREFIX=/usr"
        let installed = try await run(
            "make --old-file=build install \(variables) >&2 && cd '\(folder)' && find . -type f"
        )
        #expect(installed.status == 0, "\(installed.talk)")
        let files = Set(installed.output.split(separator: "\n").map(String.init))
        #expect(files.isSuperset(of: ["./usr/bin/flashctl", "./usr/share/man/man1/flashctl-serve.1"]))
        #expect(files.count { $0.hasSuffix(".1") } == Flashctl.configuration.subcommands.count + 2)
        let removed = try await run("make uninstall \(variables) >&2 && find '\(folder)' -type f")
        #expect(removed.status == 0 && removed.output.isEmpty, "\(removed)")
    }
}

/// The variables that are settings.
enum SettingNames {
    static var all: Set<String> { Set(HelpTopic.environment.entries.map(\.name)) }
}
