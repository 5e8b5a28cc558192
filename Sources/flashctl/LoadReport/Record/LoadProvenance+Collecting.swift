import FlashSaleKit
import Foundation

extension LoadProvenance {
    /// Looks at this process and this machine; the stores are asked apart.
    static func here(commandLine: [String], seed: UInt64?, startedAt: Timestamp) -> LoadProvenance {
        LoadProvenance(
            version: Flashctl.version,
            revision: BuildInfo.revision,
            commandLine: redacted(commandLine),
            seed: seed,
            startedAt: startedAt,
            host: HostName.current,
            kernel: kernel,
            cores: ProcessInfo.processInfo.activeProcessorCount,
            processor: processorName(in: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
        )
    }

    /// Asks both stores what a crash may take from them. A store that cannot be asked is told as such: what is not
    /// known about a measurement is worth knowing, but does not end it.
    mutating func add(storesOf links: StoreLinks) async {
        do {
            stores.append(LoadProvenance.store(try await RedisGuards.read(try await links.redis())))
        } catch {
            stores.append(LoadProvenance.unknown("Redis", error))
        }
        do {
            stores.append(LoadProvenance.store(try await PostgresFacts.read(try await links.postgres())))
        } catch {
            stores.append(LoadProvenance.unknown("Postgres", error))
        }
    }

    static func store(_ redis: RedisFacts) -> Store {
        Store(
            name: "Redis",
            description: "\(redis.redisVersion) at \(redis.location)",
            settings: [
                .init("appendonly", redis.aofEnabled ? "yes" : "no"),
                .init("appendfsync", redis.appendfsync ?? "unknown: the server does not let us ask"),
                .init("maxmemory-policy", redis.maxmemoryPolicy),
            ]
        )
    }

    static func store(_ postgres: PostgresFacts) -> Store {
        Store(
            name: "Postgres",
            description: postgres.location,
            settings: [
                .init("fsync", postgres.fsync ? "on" : "off"),
                .init("full_page_writes", postgres.fullPageWrites ? "on" : "off"),
                .init("synchronous_commit", postgres.synchronousCommit),
            ]
        )
    }

    private static func unknown(_ name: String, _ error: any Error) -> Store {
        let why = FailureReport.failure(for: error)?.message ?? "it cannot be asked"
        return Store(name: name, description: DisplayWidth.harmless("unknown: \(why)"))
    }

    /// Options whose values are addresses and may hold a password.
    private static let secretOptions = ["--redis", "--postgres"]

    /// The command line with three stars for what may be secret.
    static func redacted(_ commandLine: [String]) -> [String] {
        var isNextSecret = false
        return commandLine.map { word in
            defer { isNextSecret = secretOptions.contains(word) }
            if isNextSecret { return "***" }
            guard let option = secretOptions.first(where: { word.hasPrefix($0 + "=") }) else {
                return DisplayWidth.harmless(word)
            }
            return option + "=***"
        }
    }

    private static var kernel: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    /// The first `model name` of `/proc/cpuinfo`; nil where there is none.
    static func processorName(in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let value = line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        return value.map { DisplayWidth.harmless($0) }
    }
}
