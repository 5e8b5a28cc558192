import FlashSaleKit
import Foundation
import Logging
import Testing

@testable import flashctl

@Suite(.serialized) struct LoadProvenanceTests {
    private let words = ["flashctl", "loadtest", "--rate", "2000/s"]

    private func here(_ words: [String]) -> LoadProvenance {
        .here(commandLine: words, seed: 7, startedAt: Timestamp(seconds: 1_763_805_600))
    }

    @Test func thisMachineIsNamed() {
        let provenance = here(words)
        #expect(provenance.version == Flashctl.version && provenance.revision == BuildInfo.revision)
        #expect(provenance.kernel.hasPrefix("Linux ") && provenance.kernel.split(separator: " ").count == 3)
        #expect(provenance.cores >= 1 && !provenance.host.isEmpty)
        #expect(provenance.commandLine == words && provenance.seed == 7)
        #expect(
            LoadProvenance.processorName(in: "processor\t: 0\nmodel name\t: Abacus 2000\nflags: x\n") == "Abacus 2000"
        )
        #expect(LoadProvenance.processorName(in: "CPU implementer : 0x41\n") == nil)
    }

    @Test func passwordsAreNotPartOfIt() {
        let secret = here([
            "flashctl", "loadtest", "--redis", "redis://:geheim@h", "--postgres=postgres://u:geheim@h", "--seed", "7",
            "x\u{1B}[31m",
        ])
        #expect(
            secret.commandLine == [
                "flashctl", "loadtest", "--redis", "***", "--postgres=***", "--seed", "7", "x\\u{1b}[31m",
            ]
        )
        #expect(!JSONText.line(secret.data).contains("geheim"))
    }

    @Test func bothStoresSayWhatACrashMayTake() async throws {
        try await CommandStack.with { stores in
            let configuration = try StoreOptions.parse(stores.addresses).configuration(
                in: CollectingSink().environment()
            )
            let logger = Logger(label: "test")
            let provenance = try await StoreLinks.using(
                Stores(configuration: configuration, logger: logger, local: nil)
            ) { links in
                var provenance = here(words)
                await provenance.add(storesOf: links)
                return provenance
            }
            let settings = Dictionary(
                uniqueKeysWithValues: provenance.stores.flatMap(\.settings).map { ($0.name, $0.value) }
            )
            #expect(provenance.stores.map(\.name) == ["Redis", "Postgres"])
            #expect(settings["appendonly"] == "yes" && settings["maxmemory-policy"] == "noeviction")
            #expect(["always", "everysec", "no"].contains(settings["appendfsync"] ?? ""))
            // These stores belong to a test: what is turned off for speed is told.
            #expect(settings["fsync"] == "off" && settings["synchronous_commit"] == "on")
            #expect(provenance.stores[0].description.hasPrefix("7."))
        }
    }

    @Test func aStoreThatIsAwayIsToldAsSuch() async throws {
        let addresses = ["--redis", "127.0.0.1:1", "--postgres", "postgres://127.0.0.1:1/x"]
        let configuration = try StoreOptions.parse(addresses).configuration(in: CollectingSink().environment())
        let stores = Stores(configuration: configuration, logger: Logger(label: "test"), local: nil)
        let provenance = try await StoreLinks.using(stores) { links in
            var provenance = here(words)
            await provenance.add(storesOf: links)
            return provenance
        }
        #expect(provenance.stores.map(\.name) == ["Redis", "Postgres"])
        for store in provenance.stores {
            #expect(store.description.hasPrefix("unknown: ") && store.description.contains("127.0.0.1:1"))
            #expect(store.settings.isEmpty)
        }
    }
}
