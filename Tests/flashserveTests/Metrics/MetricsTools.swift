import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// What a scrape says, for a test.
struct Scrape: Sendable {
    let text: String

    /// The value of a series, nil when there is none.
    subscript(series: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix("\(series) ") }
            .flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    /// Every series, without its value.
    var series: [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0.prefix { $0 != " " }) }
    }

    /// The families with a type.
    var families: Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        )
    }

    /// Values of a family by one of its labels; other labels add up.
    func sum(_ family: String, by label: String) -> [String: Double] {
        var sums: [String: Double] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("\(family){") {
            guard let start = line.range(of: "\(label)=\""),
                let end = line[start.upperBound...].firstIndex(of: "\""),
                let value = line.split(separator: " ").last.flatMap({ Double($0) })
            else { continue }
            sums[String(line[start.upperBound..<end]), default: 0] += value
        }
        return sums
    }
}

/// A server with metrics on a free port.
struct MeasuredServer: Sendable {
    let server: TestServer
    private let port: Shared<Int>

    /// Runs `body` against a new one.
    static func with(
        _ terms: SaleTerms = TestServer.terms(stock: 5000),
        eventLoops: Int = 1,
        configure: @escaping @Sendable (inout ServerOptions) -> Void = { _ in },
        _ body: @Sendable (MeasuredServer) async throws -> Void
    ) async throws {
        let port = Shared(0)
        try await TestServer.with(
            terms,
            eventLoops: eventLoops,
            configure: { options in
                options.adminPort = 0
                options.guardInterval = .milliseconds(200)
                options.verifyInterval = .milliseconds(500)
                options.onAdminListening = { port.value = $0 }
                configure(&options)
            }
        ) { server in
            try await body(MeasuredServer(server: server, port: port))
        }
    }

    /// What `/metrics` says now.
    func scrape() async throws -> Scrape {
        let admin = try await HTTPTestClient.connect(port: port.value)
        let answer = try await admin.request("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == MetricsText.contentType)
        return Scrape(text: answer.body)
    }

    /// A scrape with everything that a server says once its services have looked around.
    func fullScrape() async throws -> Scrape {
        let sale = "flashctl_sale_units{sale=\"\(server.sale.id)\",state=\"free\"}"
        try await until(true) {
            let scrape = try await self.scrape()
            return scrape[sale] != nil && scrape["flashctl_recoveries_total"] != nil
                && scrape["flashctl_invariant_violations"] != nil
        }
        return try await scrape()
    }
}

/// Prometheus' own judge of a scrape.
enum Promtool {
    /// What `promtool check metrics` says; empty when there is nothing to complain about.
    static func complaints(of text: String) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "promtool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "scrape.txt")
        let output = folder.appending(path: "said.txt")
        try Data(text.utf8).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let writing = try FileHandle(forWritingTo: output)
        process.standardOutput = writing
        process.standardError = writing
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let said = try String(contentsOf: output, encoding: .utf8)
        return status == 0 ? said : "\(said)exit status \(status)"
    }
}
