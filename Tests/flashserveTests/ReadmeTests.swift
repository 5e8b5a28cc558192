import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// The requests of the README, sent as they stand there.
@Suite(.serialized) struct ReadmeTests {
    private struct Example {
        let method: String
        let target: String
        /// The status that the comment behind the command promises, if it does.
        let status: Int?
    }

    /// The curl lines of the README.
    private func examples() throws -> [Example] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        return try text.split(separator: "\n").filter { $0.hasPrefix("curl ") }.map { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "'" }).map(String.init)
            let address = try #require(words.first { $0.hasPrefix("localhost:8080/") })
            let method = words.firstIndex(of: "-X").map { words[$0 + 1] } ?? "GET"
            let comment = line.split(separator: "#", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? ""
            let status = comment.split(separator: " ").first.flatMap { Int($0) }
            return Example(method: method, target: String(address.dropFirst("localhost:8080".count)), status: status)
        }
    }

    @Test("every curl line of the tour answers what the README says")
    func tour() async throws {
        let examples = try examples()
        #expect(examples.count >= 3)
        try await TestServer.with { server in
            let client = try await server.connect()
            var code = ""
            for example in try self.examples() {
                let target = example.target.replacing("CODE", with: code)
                let answer = try await client.request(example.method, target)
                #expect(answer.status == example.status ?? 200, "\(example.method) \(example.target)")
                if let issued = try answer.json["code"] as? String { code = issued }
            }
            #expect(!code.isEmpty)
        }
    }
}
